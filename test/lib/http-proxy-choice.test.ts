import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { isExempt, proxyFor } from '../../src/lib/http-proxy-choice.ts';
import { httpBlock } from '../../src/checks/net/http/http-options.ts';

describe('no_proxy', () => {
  test.each([
    ['http://localhost/', '', true],
    ['http://127.8.9.1/', '', true],
    ['http://[::1]/', '', true],
    ['http://10.0.0.1/', '', false],
    ['http://anything.example/', '*', true],
    ['http://example.com/', 'example.com', true],
    ['http://EXAMPLE.com/', ' Example.COM ,other', true],
    ['http://www.example.com/', 'example.com', true],
    ['http://badexample.com/', 'example.com', false],
    ['http://example.com/', '.example.com', false],
    ['http://www.example.com/', '.example.com', true],
    ['http://example.com/', '*.example.com', false],
    ['http://www.example.com/', '*.example.com', true],
    ['http://example.com/', 'example.com:80', true],
    ['https://example.com/', 'example.com:80', false],
    ['https://example.com:8443/', 'example.com:8443', true],
    ['http://10.1.2.3/', '10.0.0.0/8', true],
    ['http://11.1.2.3/', '10.0.0.0/8', false],
    ['http://10.1.2.3/', '10.1.2.3', true],
    ['http://10.1.2.3/', '10.1.2.3:443', false],
    ['https://10.1.2.3/', '10.1.2.3:443', true],
    ['http://[2001:db8::5]/', '2001:db8::/32', true],
    ['http://[2001:db8::5]/', '2001:db8:0::5', true],
    ['http://[2001:db8::5]:81/', '[2001:db8::5]:80', false],
    ['http://name.example/', '10.0.0.0/8', false],
    ['http://10.1.2.3/', '10.0.0.0/33,:80,,/', false],
    ['http://10.1.2.3/', '300.1.2.3/8', false],
  ])('%s with %j is exempt: %s', (address, exceptions, expected) => {
    expect(isExempt(new URL(address), exceptions)).toBe(expected);
  });
});

function chosen(address: string, block: object, environment: Record<string, string> = {}) {
  const options = v.parse(httpBlock, block);
  const proxy = proxyFor(new URL(address), options, environment);
  if (proxy === undefined) return undefined;
  return proxy instanceof URL ? proxy.origin : proxy.fault;
}

describe('the proxy', () => {
  const fixed = { proxy_url: 'http://proxy.example:3128' };

  test('of proxy_url takes everything, this host as well', () => {
    expect(chosen('http://localhost/', fixed)).toBe('http://proxy.example:3128');
    expect(chosen('https://127.0.0.1/', fixed)).toBe('http://proxy.example:3128');
  });

  test('of proxy_url leaves this host and the exceptions alone once there are exceptions', () => {
    const block = { ...fixed, no_proxy: 'inside.example' };
    expect(chosen('http://localhost/', block)).toBeUndefined();
    expect(chosen('http://db.inside.example/', block)).toBeUndefined();
    expect(chosen('http://outside.example/', block)).toBe('http://proxy.example:3128');
  });

  test.each([
    ['http://a.example/', { HTTP_PROXY: 'http://one:1' }, 'http://one:1'],
    ['https://a.example/', { HTTP_PROXY: 'http://one:1' }, undefined],
    ['https://a.example/', { https_proxy: 'https://two:2' }, 'https://two:2'],
    [
      'http://a.example/',
      { HTTP_PROXY: 'http://one:1', http_proxy: 'http://low:1' },
      'http://one:1',
    ],
    ['http://a.example/', { HTTP_PROXY: 'one:1' }, 'http://one:1'],
    ['http://a.example/', { HTTP_PROXY: 'http://one:1', no_proxy: '.example' }, undefined],
    ['http://localhost/', { HTTP_PROXY: 'http://one:1' }, undefined],
    ['http://a.example/', { HTTP_PROXY: 'socks5://one:1' }, expect.stringContaining('HTTP_PROXY')],
    ['http://a.example/', {}, undefined],
  ])('of the environment for %s with %j', (address, environment, expected) => {
    const block = { proxy_from_environment: true };
    expect(chosen(address, block, environment)).toEqual(expected);
  });

  test('of the environment counts only where it was asked for', () => {
    expect(chosen('http://a.example/', {}, { HTTP_PROXY: 'http://one:1' })).toBeUndefined();
  });
});
