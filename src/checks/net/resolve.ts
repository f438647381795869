import { lookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { MetricFamily } from '../../model/result.ts';
import { addressBytes, fnv1a32 } from './address-hash.ts';
import { preferredFamily, type AddressOptions } from './address-options.ts';
import { errorCode, errorMessage, isFailure, onAbort, timedOut, type Failure } from './failure.ts';
import { gauge, info } from './families.ts';
import type { ProbeContext } from './probe.ts';

/** The one address that a probe connects to. */
export interface Address {
  readonly ip: string;
  readonly family: 4 | 6;
}

/** What came of looking a name up, and how long that took. */
export interface Resolution {
  readonly lookupMs: number;
  readonly found: Address | Failure;
}

function addressOf(ip: string): Address {
  const bytes = addressBytes(ip);
  return bytes.length === 4 ? { ip: bytes.join('.'), family: 4 } : { ip, family: 6 };
}

/**
 * The first address of the preferred family or, where falling back is allowed, the last one listed of the
 * other. One address, one attempt: a service that is half up shall be seen.
 */
export function chooseAddress(
  host: string,
  listed: readonly Address[],
  options: AddressOptions,
): Address | Failure {
  const wanted = preferredFamily(options);
  const preferred = listed.find((address) => address.family === wanted);
  const other = options.ip_protocol_fallback ? listed.at(-1) : undefined;
  return (
    preferred ??
    other ?? {
      reason: 'resolve',
      summary: `${host} has no IPv${wanted} address, and ip_protocol_fallback is off`,
    }
  );
}

const lookupErrors: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'the name server does not answer',
};

/** The addresses of a name in the order of the system's resolver, which cannot be interrupted. */
async function lookUp(
  host: string,
  options: AddressOptions,
  context: ProbeContext,
): Promise<readonly LookupAddress[] | Failure> {
  const family = options.ip_protocol_fallback ? 0 : preferredFamily(options);
  return new Promise((resolve) => {
    const stop = onAbort(context.signal, () => resolve(timedOut(context, `looking up ${host}`)));
    lookup(host, { all: true, order: 'verbatim', family }, (error, addresses) => {
      stop();
      if (error === null) return resolve(addresses);
      const why = lookupErrors[errorCode(error)] ?? errorMessage(error);
      resolve({
        reason: 'resolve',
        summary: `cannot resolve ${host}: ${why} (${errorCode(error)})`,
      });
    });
  });
}

async function find(
  host: string,
  options: AddressOptions,
  context: ProbeContext,
): Promise<Address | Failure> {
  if (isIP(host) !== 0) return chooseAddress(host, [addressOf(host)], options);
  if (host === '') return { reason: 'resolve', summary: 'the target names no host' };
  const listed = await lookUp(host, options, context);
  if (isFailure(listed)) return listed;
  return chooseAddress(
    host,
    listed.map((entry) => addressOf(entry.address)),
    options,
  );
}

/** The address, unless the gate of the probe is closed to it. */
function admitted(host: string, address: Address, { gate }: ProbeContext): Address | Failure {
  const refusal = gate?.refusal(host, address);
  return refusal === undefined ? address : { reason: 'permission', summary: refusal };
}

/** Finds the address of a host name or IP literal, which the probe must be allowed to reach. */
export async function resolveHost(
  host: string,
  options: AddressOptions,
  context: ProbeContext,
): Promise<Resolution> {
  const startMs = context.clock.now().steadyMs;
  const address = await find(host, options, context);
  const found = isFailure(address) ? address : admitted(host, address, context);
  const lookupMs = context.clock.now().steadyMs - startMs;
  context.log(isFailure(found) ? found.summary : `resolved ${host} to ${found.ip}`);
  return { lookupMs, found };
}

/** Every address that a name leads to by the system's resolver, or why it leads nowhere. */
export async function addressesOf(
  host: string,
  context: ProbeContext,
): Promise<readonly string[] | Failure> {
  if (isIP(host) !== 0) return [host];
  const options = { preferred_ip_protocol: 'ip4', ip_protocol_fallback: true };
  const listed = await lookUp(host, options, context);
  return isFailure(listed) ? listed : [...new Set(listed.map(({ address }) => address))];
}

/** The families of the resolver step; an address that was not found counts as 0. */
export function resolutionFamilies({ lookupMs, found }: Resolution): MetricFamily[] {
  const address = isFailure(found) ? undefined : found;
  return [
    gauge('probe_dns_lookup_time_seconds', 'Seconds spent looking up the name.', lookupMs / 1000),
    gauge(
      'probe_ip_addr_hash',
      'FNV-1a hash of the address in use: changes when the address does.',
      address === undefined ? 0 : fnv1a32(addressBytes(address.ip)),
    ),
    gauge('probe_ip_protocol', 'IP version in use, 4 or 6.', address?.family ?? 0),
    ...(address === undefined
      ? []
      : [
          info('probe_resolved_address_info', 'The address in use, as a label.', {
            address: address.ip,
          }),
        ]),
  ];
}
