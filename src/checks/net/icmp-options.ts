import * as v from 'valibot';
import { flag, nonEmptyText, wholeNumber } from '../../lib/schema-atoms.ts';
import { addressEntries } from './address-options.ts';
import type { Strictness } from './choice.ts';

/** The largest payload that fits into one IPv4 packet with its headers. */
const payloadBytesMax = 65_507;

const icmpEntries = (strictness: Strictness) => ({
  ...addressEntries(strictness),
  source_ip_address: v.optional(nonEmptyText),
  /** Bytes; 0 is the size blackbox_exporter sends on its own. */
  payload_size: v.optional(
    v.pipe(wholeNumber, v.maxValue(payloadBytesMax, `at most ${payloadBytesMax} bytes`)),
    0,
  ),
  dont_fragment: v.optional(flag, false),
  /** Hops; 0 leaves it to the system. */
  ttl: v.optional(v.pipe(wholeNumber, v.maxValue(255, 'a number of hops from 0 to 255')), 64),
});

const icmpBlockOf = (strictness: Strictness) =>
  v.strictObject(icmpEntries(strictness), 'a map of icmp options');

/** The block `icmp:`, with the names, defaults and meanings of blackbox_exporter's icmp module. */
export const icmpBlock = icmpBlockOf('strict');
export const icmpModuleBlock = icmpBlockOf('lax');
export type IcmpOptions = v.InferOutput<typeof icmpBlock>;
