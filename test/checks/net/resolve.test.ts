import { describe, expect, test } from 'vitest';
import { addressBytes, fnv1a32 } from '../../../src/checks/net/address-hash.ts';
import type { AddressOptions } from '../../../src/checks/net/address-options.ts';
import { chooseAddress, resolveHost, resolutionFamilies } from '../../../src/checks/net/resolve.ts';
import { probeContext } from '../../support/probe-context.ts';

const first4 = { ip: '192.0.2.1', family: 4 } as const;
const last4 = { ip: '192.0.2.2', family: 4 } as const;
const first6 = { ip: '2001:db8::1', family: 6 } as const;
const last6 = { ip: '2001:db8::2', family: 6 } as const;
const both = [first4, first6, last4, last6];

function options(preferred: 'ip4' | 'ip6', fallback = true): AddressOptions {
  return { preferred_ip_protocol: preferred, ip_protocol_fallback: fallback };
}

describe('of several addresses', () => {
  test('BB-P13 the first of the preferred family is taken', () => {
    expect(chooseAddress('a', both, options('ip4'))).toBe(first4);
    expect(chooseAddress('a', both, options('ip6'))).toBe(first6);
  });

  test('BB-U01 the last one listed of the other family is taken if there is no other', () => {
    expect(chooseAddress('a', [first6, last6], options('ip4'))).toBe(last6);
    expect(chooseAddress('a', [first4, last4], options('ip6'))).toBe(last4);
  });

  test('BB-U01 none is taken where falling back is off', () => {
    expect(chooseAddress('a', [first6], options('ip4', false))).toEqual({
      reason: 'resolve',
      summary: 'a has no IPv4 address, and ip_protocol_fallback is off',
    });
  });
});

test('an address goes the same way as a name', async () => {
  using context = probeContext();
  const { found } = await resolveHost('127.0.0.1', options('ip6', false), context);
  expect(found).toMatchObject({ reason: 'resolve' });
});

test('an IPv4 address written as IPv6 is IPv4', async () => {
  using context = probeContext();
  const { found } = await resolveHost('::ffff:7f00:1', options('ip4', false), context);
  expect(found).toEqual({ ip: '127.0.0.1', family: 4 });
});

test('a lookup that takes too long ends at the deadline', async () => {
  using context = probeContext(0);
  const { found } = await resolveHost('nothing.invalid', options('ip6'), context);
  expect(found).toMatchObject({ reason: expect.stringMatching(/timeout|resolve/) as string });
});

test('the families are there whether an address was found or not', () => {
  const values = (found: Parameters<typeof resolutionFamilies>[0]['found']): unknown[] =>
    resolutionFamilies({ lookupMs: 1500, found }).map((family) => family.samples[0]?.value);
  expect(values(first4)).toEqual([1.5, 1969986452, 4, 1]);
  const names = resolutionFamilies({ lookupMs: 1500, found: first4 });
  expect(names.at(-1)).toMatchObject({
    name: 'probe_resolved_address_info',
    samples: [{ labels: { address: first4.ip }, value: 1 }],
  });
  expect(values({ reason: 'resolve', summary: 'no' })).toEqual([1.5, 0, 0]);
});

test.each([
  ['127.0.0.1', 3668918509],
  ['::1', 1751717746],
  ['10.0.0.1', 1817209388],
  ['192.0.2.1', 1969986452],
  ['2001:db8::1', 1851458804],
  ['0.0.0.0', 1268118805],
  ['::ffff:127.0.0.1', 3668918509],
  ['::1%lo', 1751717746],
])('the hash of %s is the one users know', (address, hash) => {
  expect(fnv1a32(addressBytes(address))).toBe(hash);
});
