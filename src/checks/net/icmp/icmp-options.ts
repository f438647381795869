import * as v from 'valibot';
import { duration, flag, wholeNumber } from '../../../lib/schema-atoms.ts';
import { pingCountMax, pingIntervalMinMs } from '../../../model/limits.ts';
import { addressEntries, sourceAddress } from '../address-options.ts';
import type { Strictness } from '../../../lib/choice.ts';

/** The largest payload that fits into one IPv4 packet with its headers. */
const payloadBytesMax = 65_507;

const countMessage = `a number of echo requests from 1 to ${pingCountMax}`;
const lossMessage = 'a share of lost packets from 0 to 1, such as 0.2';

const icmpEntries = (strictness: Strictness) => ({
  ...addressEntries(strictness),
  source_ip_address: sourceAddress,
  /** Bytes; 0 is the size blackbox_exporter sends on its own. */
  payload_size: v.optional(
    v.pipe(wholeNumber, v.maxValue(payloadBytesMax, `at most ${payloadBytesMax} bytes`)),
    0,
  ),
  dont_fragment: v.optional(flag, false),
  /** Hops; 0 leaves it to the system. */
  ttl: v.optional(v.pipe(wholeNumber, v.maxValue(255, 'a number of hops from 0 to 255')), 64),
  /** Echo requests to send; blackbox_exporter sends one. */
  count: v.optional(
    v.pipe(wholeNumber, v.minValue(1, countMessage), v.maxValue(pingCountMax, countMessage)),
    1,
  ),
  /** Between two of them; below 200ms older versions of ping want to be run by root, see ping(8). */
  ping_interval: v.optional(
    v.pipe(
      duration,
      v.minValue(pingIntervalMinMs, `a duration of at least ${pingIntervalMinMs}ms`),
    ),
    '200ms',
  ),
  /** The share of lost packets, 0 to 1, up to which the probe succeeds; one reply is always wanted. */
  max_packet_loss: v.optional(
    v.pipe(v.number(lossMessage), v.minValue(0, lossMessage), v.maxValue(1, lossMessage)),
  ),
});

const icmpBlockOf = (strictness: Strictness) =>
  v.strictObject(icmpEntries(strictness), 'a map of icmp options');

/** The block `icmp:`, with the names, defaults and meanings of blackbox_exporter's icmp module. */
export const icmpBlock = icmpBlockOf('strict');
export const icmpModuleBlock = icmpBlockOf('lax');
export type IcmpOptions = v.InferOutput<typeof icmpBlock>;
