import { describe, expect, test } from 'vitest';
import { allowEntryFault, createAllowList } from '../../src/lib/allow-list.ts';

describe('an address', () => {
  test.each([
    ['127.0.0.0/8', 'localhost', '127.0.0.1', true],
    ['127.0.0.0/8', '127.255.0.9', '127.255.0.9', true],
    ['127.0.0.0/8', '0.0.0.0', '0.0.0.0', false],
    ['127.0.0.0/8', '::1', '::1', false],
    ['::1/128', '::1', '::1', true],
    ['10.0.0.1', '10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', '10.0.0.2', false],
    ['fe80::/10', 'fe80::1%eth0', 'fe80::1%eth0', true],
    ['0.0.0.0/0', 'example.com', '192.0.2.1', true],
    ['0.0.0.0/0', 'example.com', '2001:db8::1', false],
    ['*.example.com', 'a.b.Example.COM.', '192.0.2.1', true],
    ['*.example.com', 'example.com', '192.0.2.1', false],
    ['*.example.com', 'example.com.evil.test', '192.0.2.1', false],
    ['example.com', 'xexample.com', '192.0.2.1', false],
    ['example.com', 'exampleXcom', '192.0.2.1', false],
    ['*', 'anything', '192.0.2.1', true],
  ])('%s says of %s at %s: %s', (entry, host, ip, allowed) => {
    expect(createAllowList([entry]).address(host, ip)).toBe(allowed);
  });

  test('is never allowed by a name that is one', () => {
    expect(createAllowList(['*.1']).address('192.0.2.1', '192.0.2.1')).toBe(false);
  });
});

test('a socket counts as this host, or has a path of its own', () => {
  expect(createAllowList(['127.0.0.0/8']).path('/run/x.sock')).toBe(true);
  expect(createAllowList(['10.0.0.0/8']).path('/run/x.sock')).toBe(false);
  expect(createAllowList(['/run/*.sock']).path('/run/x.sock')).toBe(true);
  expect(createAllowList(['/run/*.sock']).path('/run/deep/x.sock')).toBe(false);
  expect(createAllowList([]).path('/run/x.sock')).toBe(false);
});

test('a name whose address a proxy looks up is judged by itself', () => {
  expect(createAllowList(['0.0.0.0/0', '*.example.com']).name('a.example.com')).toBe(true);
  expect(createAllowList(['0.0.0.0/0', '::/0']).name('example.org')).toBe(false);
});

test.each(['10.0.0.0/33', '::/129', '10.0.0', 'a..b', 'exa mple', '*example.com', 'http://x', ''])(
  '%j is no entry',
  (entry) => {
    expect(allowEntryFault(entry)).toMatch(/^a network such as /);
    expect(createAllowList([entry]).address('10.0.0.1', '10.0.0.1')).toBe(false);
  },
);
