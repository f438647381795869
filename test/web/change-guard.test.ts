import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { changeRefusal, isLoopback, type Caller } from '../../src/web/change-guard.ts';
import { ask } from '../support/ask.ts';
import { startWeb, webCommands } from '../support/web.ts';

const local: Caller = {
  via: 'network',
  remoteAddress: '127.0.0.1',
  authenticated: false,
  isOwnProbe: false,
  headers: { host: '127.0.0.1:9860' },
};

function refusal(caller: Partial<Caller>, listenHost = '127.0.0.1'): string | undefined {
  return changeRefusal({ ...local, ...caller }, listenHost);
}

test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('%s is this host', (address) => {
  expect(isLoopback(address)).toBe(true);
});

test.each(['10.0.0.1', '::ffff:10.0.0.1', '127.0.0.1.example.com', 'fe80::1', '', undefined])(
  '%s is not this host',
  (address) => {
    expect(isLoopback(address)).toBe(false);
  },
);

test('a program of this host may change something, one elsewhere may not', () => {
  expect(refusal({})).toBeUndefined();
  expect(refusal({ remoteAddress: '10.0.0.9' })).toContain('Only this host');
  expect(refusal({ remoteAddress: '10.0.0.9', via: 'socket' })).toBeUndefined();
});

test('a form of the page is its own where something in front has changed the Host', () => {
  const headers = { host: '127.0.0.1:9860', origin: 'https://mon.example' };
  const caller = { ...local, authenticated: true, headers };
  expect(changeRefusal(caller, '127.0.0.1')).toContain('Another web site');
  expect(changeRefusal(caller, '127.0.0.1', 'https://mon.example')).toBeUndefined();
  const other = { ...caller, headers: { ...headers, origin: 'https://mon.example.evil' } };
  expect(changeRefusal(other, '127.0.0.1', 'https://mon.example')).toContain('Another web site');
  const crossSite = { ...caller, headers: { ...headers, 'sec-fetch-site': 'cross-site' } };
  expect(changeRefusal(crossSite, '127.0.0.1', 'https://mon.example')).toContain('Another web');
});

test('a configured user may change something from elsewhere', () => {
  const caller = { remoteAddress: '10.0.0.9', authenticated: true };
  expect(refusal({ ...caller, headers: { host: 'web-1.example.com' } })).toBeUndefined();
});

test.each([
  ['x-forwarded-for', '203.0.113.7'],
  ['forwarded', 'for=203.0.113.7'],
  ['via', '1.1 proxy'],
])('somebody behind a proxy on this host (%s) counts as elsewhere', (name, value) => {
  expect(refusal({ headers: { ...local.headers, [name]: value } })).toContain('Only this host');
});

test.each([
  '127.0.0.1:9860',
  '[::1]:9860',
  'localhost:9860',
  'LOCALHOST',
  'Web-1.example.com:9860',
])('the Host header %s names this host', (host) => {
  expect(refusal({ headers: { host } }, 'web-1.example.com')).toBeUndefined();
});

test.each(['rebound.example.com:9860', 'localhost.example.com', 'a b', ''])(
  'the Host header %s could have been rebound to this host',
  (host) => {
    expect(refusal({ headers: { host } })).toContain('Host header');
  },
);

test('a web page of another site may not change anything, even with a password', () => {
  const foreign = { ...local.headers, origin: 'https://evil.example' };
  expect(refusal({ headers: foreign })).toContain('Another web site');
  expect(refusal({ headers: foreign, authenticated: true })).toContain('Another web site');
  expect(refusal({ headers: { ...local.headers, origin: 'null' } })).toContain('Another web site');
  const image = { ...local.headers, 'sec-fetch-site': 'cross-site' };
  expect(refusal({ headers: image })).toContain('Another web site');
});

test('a page of the agent itself may change something', () => {
  const headers = {
    ...local.headers,
    origin: 'http://127.0.0.1:9860',
    'sec-fetch-site': 'same-origin',
  };
  expect(refusal({ headers })).toBeUndefined();
});

test('a refused request reaches no command and is told why', async () => {
  let reloads = 0;
  const commands = webCommands({
    reload: async () => {
      reloads += 1;
      return { ok: true };
    },
  });
  const { url } = await startWeb({ commands });
  const post = (headers: Record<string, string>) =>
    ask(`${url}/-/reload`, { method: 'POST', headers });
  expect(await post({ origin: 'https://evil.example' })).toMatchObject({ status: 403 });
  expect(await post({ host: 'rebound.example.com' })).toMatchObject({ status: 403 });
  const forwarded = await post({ 'x-forwarded-for': '203.0.113.7' });
  expect(forwarded).toMatchObject({ status: 403 });
  expect(forwarded.body).toContain('web_config_file');
  expect(reloads).toBe(0);
  expect(await post({})).toMatchObject({ status: 200 });
  expect(reloads).toBe(1);
});

const otherAddress = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find((one) => !one.internal && one.family === 'IPv4')?.address;

test('on another address than loopback one may look but not change', async ({ skip }) => {
  skip(otherAddress === undefined, 'this host has only loopback');
  const { port } = await startWeb({ listen: { host: '0.0.0.0', port: 0 } });
  const url = `http://${otherAddress}:${port}`;
  expect(await ask(`${url}/metrics`)).toMatchObject({ status: 200 });
  expect(await ask(`${url}/-/reload`, { method: 'POST' })).toMatchObject({ status: 403 });
  expect(await ask(`${url}/ping/job`, { method: 'POST' })).toMatchObject({ status: 403 });
});
