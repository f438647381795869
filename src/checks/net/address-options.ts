import * as v from 'valibot';
import { flag, textOrNone } from '../../lib/schema-atoms.ts';
import { choice, type Strictness } from '../../lib/choice.ts';

/** The keys by which every network check chooses one address among those of a name. */
export function addressEntries(strictness: Strictness) {
  return {
    preferred_ip_protocol: v.optional(choice(['ip4', 'ip6'], 'ip4 or ip6', strictness), 'ip6'),
    ip_protocol_fallback: v.optional(flag, true),
  };
}

/** The local address to send from; an empty text stands for none, as for blackbox_exporter. */
export const sourceAddress = v.optional(textOrNone);

export interface AddressOptions {
  readonly preferred_ip_protocol: string;
  readonly ip_protocol_fallback: boolean;
}

/** The family that is tried first: as blackbox_exporter reads it, whatever is not IPv6 is IPv4. */
export function preferredFamily({ preferred_ip_protocol: protocol }: AddressOptions): 4 | 6 {
  return protocol === 'ip6' || protocol === '' ? 6 : 4;
}
