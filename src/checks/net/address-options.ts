import * as v from 'valibot';
import { flag } from '../../lib/schema-atoms.ts';

/** The keys by which every network check chooses one address among those of a name. */
export const addressEntries = {
  preferred_ip_protocol: v.optional(v.picklist(['ip4', 'ip6'], 'ip4 or ip6'), 'ip6'),
  ip_protocol_fallback: v.optional(flag, true),
};

export interface AddressOptions {
  readonly preferred_ip_protocol: 'ip4' | 'ip6';
  readonly ip_protocol_fallback: boolean;
}
