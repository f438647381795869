import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/model/delivery.ts';
import { httpReceivers } from '../support/http-receivers.ts';
import { startProxy } from '../support/proxy-server.ts';
import { type HttpReply, startScriptedHttpServer } from '../support/scripted-http-server.ts';
import { parsedOptions, sendParsed, sendThrough } from '../support/send-through.ts';
import { type Authority, type Certificate, createAuthority } from '../support/tls-authority.ts';

let authority: Authority;
let tls: Certificate;
const file = (name: string): string => join(authority.directory, name);

beforeAll(() => {
  authority = createAuthority();
  tls = authority.issue();
});
afterAll(() => authority[Symbol.dispose]());

/** Sends through a webhook with these options for its requests. */
const post = (url: string, http_config: object): Promise<Outcome> =>
  sendThrough('webhook', { url, http_config });

const fine = (): HttpReply => ({ status: 200 });

describe('credentials', () => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

  test.for<[object, string]>([
    [{ basic_auth: { username: 'me', password: 'open sesame' } }, basic('me:open sesame')],
    [{ authorization: { credentials: 't0ken' } }, 'Bearer t0ken'],
    [{ authorization: { type: 'Token', credentials: 't0ken' } }, 'Token t0ken'],
    [{ bearer_token: 't0ken' }, 'Bearer t0ken'],
  ])('%j are sent as %s', async ([http_config, expected]) => {
    await using server = await startScriptedHttpServer(fine);
    expect(await post(server.origin, http_config)).toMatchObject({ kind: 'delivered' });
    expect(server.requests[0]?.headers.authorization).toBe(expected);
  });

  test.for([
    ['basic_auth', (path: string) => ({ basic_auth: { username: 'me', password_file: path } })],
    ['authorization', (path: string) => ({ authorization: { credentials_file: path } })],
    ['bearer_token_file', (path: string) => ({ bearer_token_file: path })],
  ] as const)('of %s in a file are read again at each send', async ([, optionsOf]) => {
    await using server = await startScriptedHttpServer(fine);
    const path = file('secret');
    await writeFile(path, 'first\n');
    await post(server.origin, optionsOf(path));
    await writeFile(path, 'second\n');
    await post(server.origin, optionsOf(path));
    const sent = server.requests.map(({ headers }) => headers.authorization);
    expect(sent).toSatisfy(([one, two]: string[]) => one !== two && one !== undefined);
  });

  test('that cannot be read now are waited for', async () => {
    await using server = await startScriptedHttpServer(fine);
    expect(await post(server.origin, { bearer_token_file: file('absent') })).toEqual({
      kind: 'passing',
      reason: 'secret',
      detail: 'cannot read the credentials: ENOENT',
    });
  });

  test.for(httpReceivers)(
    'of $name are not repeated, whatever the server says',
    async (receiver) => {
      await using server = await startScriptedHttpServer(({ headers }) => ({
        status: 403,
        body: `no ${headers.authorization} here, not even open sesame`,
      }));
      const http_config = { basic_auth: { username: 'me', password: 'open sesame' } };
      const options = { ...receiver.options(server.origin), http_config };
      const { detail } = await sendThrough(receiver.integration, options);
      expect(detail).toMatch(/HTTP 403: no Basic <secret> here, not even <secret>$/);
    },
  );
});

describe('a token of OAuth 2', () => {
  const client = { client_id: 'agent', client_secret: 'swordfish' };

  test('is fetched once, used while it lives, and fetched anew when it is refused', async () => {
    let count = 0;
    await using tokens = await startScriptedHttpServer(() => {
      count += 1;
      return { status: 200, body: `{"access_token":"token-${count}","expires_in":3600}` };
    });
    await using server = await startScriptedHttpServer(fine);
    const oauth2 = { ...client, token_url: `${tokens.origin}/token`, scopes: ['alerts'] };
    const send = sender({ url: server.origin, http_config: { oauth2 } });
    await send();
    await send();
    server.script({ status: 401 });
    expect(await send()).toMatchObject({ kind: 'delivered' });
    const sent = server.requests.map(({ headers }) => headers.authorization);
    expect(sent).toEqual(['token-1', 'token-1', 'token-1', 'token-2'].map((t) => `Bearer ${t}`));
    expect(tokens.requests[0]?.body).toBe('grant_type=client_credentials&scope=alerts');
  });

  test.for([
    [{ status: 401 }, { kind: 'passing', reason: 'auth' }],
    [{ status: 500 }, { kind: 'passing', reason: 'server_error' }],
    [
      { status: 200, body: '{}' },
      { kind: 'passing', reason: 'auth' },
    ],
    ['reset', { kind: 'passing', reason: 'connect' }],
  ] as const)('that is not to be had (%j) leaves the message waiting', async ([fault, outcome]) => {
    await using tokens = await startScriptedHttpServer(fine);
    await using server = await startScriptedHttpServer(fine);
    tokens.script(fault, fault);
    const oauth2 = { ...client, token_url: tokens.origin };
    const answer = await post(server.origin, { oauth2 });
    expect(answer).toMatchObject(outcome);
    expect(answer.detail).toMatch(/^no token/);
    expect(server.requests).toEqual([]);
  });
});

/** Sends several times with the same options, as one receiver does. */
function sender(options: Readonly<Record<string, unknown>>): () => Promise<Outcome> {
  const parsed = parsedOptions('webhook', options);
  return () => sendParsed('webhook', parsed);
}

describe('TLS', () => {
  test('trusts the authority of tls_config, under the name it gives', async () => {
    const named = authority.issue({ names: 'DNS:alerts.example' });
    await using server = await startScriptedHttpServer(fine, named);
    const tls_config = { ca_file: file('ca.pem'), server_name: 'alerts.example' };
    expect(await post(server.origin, { tls_config })).toMatchObject({ kind: 'delivered' });
    expect(await post(server.origin, { tls_config: { ca_file: file('ca.pem') } })).toEqual({
      kind: 'passing',
      reason: 'tls',
      detail: 'failed while agreeing on TLS (ERR_TLS_CERT_ALTNAME_INVALID)',
    });
  });

  test('shows its own certificate to a server that asks for one', async () => {
    const client = authority.issue({ subject: '/CN=agent' });
    const wanted = { ...tls, ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    await using server = await startScriptedHttpServer(fine, wanted);
    const ca = authority.ca;
    const tls_config = { ca, ...client };
    expect(await post(server.origin, { tls_config })).toMatchObject({ kind: 'delivered' });
    const refused = await post(server.origin, { tls_config: { ca } });
    expect(refused).toMatchObject({ kind: 'passing' });
  });

  test('accepts an expired certificate only when told to', async () => {
    await using server = await startScriptedHttpServer(fine, authority.issue({ days: -1 }));
    const { ca } = authority;
    expect(await post(server.origin, { tls_config: { ca } })).toMatchObject({
      kind: 'passing',
      reason: 'tls',
      detail: 'failed while agreeing on TLS (CERT_HAS_EXPIRED)',
    });
    const careless = { tls_config: { insecure_skip_verify: true } };
    expect(await post(server.origin, careless)).toMatchObject({ kind: 'delivered' });
  });

  test('waits for a file that cannot be read now', async () => {
    const tls_config = { ca_file: file('absent') };
    expect(await post('https://127.0.0.1:1', { tls_config })).toEqual({
      kind: 'passing',
      reason: 'tls',
      detail: 'tls_config: a file cannot be read (ENOENT)',
    });
  });
});

describe('a proxy', () => {
  test.for(httpReceivers)('carries what $name sends, plain and in a tunnel', async (receiver) => {
    const answer = (): HttpReply => ({ status: 200, body: receiver.content });
    for (const identity of [undefined, tls]) {
      await using server = await startScriptedHttpServer(answer, identity);
      await using proxy = await startProxy();
      const http_config = { proxy_url: proxy.url, tls_config: { ca: authority.ca } };
      const options = { ...receiver.options(server.origin), http_config };
      expect(await sendThrough(receiver.integration, options)).toMatchObject({ kind: 'delivered' });
      expect(proxy.asked.map(({ method }) => method)).toEqual([
        identity === undefined ? 'POST' : 'CONNECT',
      ]);
      expect(server.requests).toHaveLength(1);
    }
  });

  test('is told the user and password of its URL, and no one else is', async () => {
    for (const identity of [undefined, tls]) {
      await using server = await startScriptedHttpServer(fine, identity);
      const authorization = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
      await using proxy = await startProxy({ authorization });
      const proxy_url = proxy.url.replace('//', '//me:p%40ss@');
      const http_config = { proxy_url, tls_config: { ca: authority.ca } };
      expect(await post(server.origin, http_config)).toMatchObject({ kind: 'delivered' });
      expect(server.requests[0]?.headers['proxy-authorization']).toBeUndefined();
      const stranger = await post(server.origin, { ...http_config, proxy_url: proxy.url });
      expect(stranger).toMatchObject({ kind: 'permanent', reason: 'auth' });
    }
  });

  test('that is spoken to over TLS works as well', async () => {
    await using proxy = await startProxy({ tls });
    for (const identity of [undefined, tls]) {
      await using server = await startScriptedHttpServer(fine, identity);
      const trusting = { proxy_url: proxy.url, tls_config: { ca: authority.ca } };
      expect(await post(server.origin, trusting)).toMatchObject({ kind: 'delivered' });
      const strange = await post(server.origin, { proxy_url: proxy.url });
      expect(strange).toMatchObject({ kind: 'passing', reason: 'tls' });
    }
    expect(proxy.asked.map(({ method }) => method)).toEqual(['POST', 'CONNECT']);
  });

  test('is sent the headers of proxy_connect_header with the wish for a tunnel', async () => {
    await using server = await startScriptedHttpServer(fine, tls);
    await using proxy = await startProxy();
    const proxy_connect_header = { 'X-Site': ['berlin'] };
    const tls_config = { ca: authority.ca };
    await post(server.origin, { proxy_url: proxy.url, proxy_connect_header, tls_config });
    expect(proxy.asked[0]?.headers['x-site']).toBe('berlin');
    expect(server.requests[0]?.headers['x-site']).toBeUndefined();
  });

  test('is left out for the hosts of no_proxy', async () => {
    await using server = await startScriptedHttpServer(fine);
    await using proxy = await startProxy();
    await post(server.origin, { proxy_url: proxy.url, no_proxy: '127.0.0.0/8' });
    expect(proxy.asked).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  test('that is not there is a passing failure to connect', async () => {
    const proxy = await startProxy();
    await proxy[Symbol.asyncDispose]();
    for (const url of ['http://127.0.0.1:9/', 'https://127.0.0.1:9/']) {
      expect(await post(url, { proxy_url: proxy.url })).toMatchObject({
        kind: 'passing',
        reason: 'connect',
      });
    }
  });
});

describe('a redirect', () => {
  test.for([307, 308])('with %i takes the same message to the new address', async (status) => {
    await using server = await startScriptedHttpServer(({ path }) =>
      path === '/new' ? { status: 200 } : { status, headers: { location: '/new' } },
    );
    const bearer_token = 'open sesame';
    expect(await post(`${server.origin}/old`, { bearer_token })).toMatchObject({
      kind: 'delivered',
    });
    const [first, second] = server.requests;
    expect(second).toEqual({ ...first, path: '/new' });
    expect(await post(`${server.origin}/old`, { follow_redirects: false })).toMatchObject({
      kind: 'permanent',
      reason: 'protocol',
    });
  });

  test.for([301, 302, 303])('with %i is refused, for it would lose the message', async (status) => {
    await using server = await startScriptedHttpServer(() => ({
      status,
      headers: { location: '/new' },
    }));
    expect(await post(server.origin, {})).toEqual({
      kind: 'permanent',
      reason: 'protocol',
      detail: `HTTP ${status}: the address redirects to another, which belongs into the configuration`,
    });
    expect(server.requests).toHaveLength(1);
  });

  test('to another server takes no credentials along', async () => {
    await using other = await startScriptedHttpServer(fine);
    await using server = await startScriptedHttpServer(() => ({
      status: 307,
      headers: { location: `${other.origin}/there` },
    }));
    await post(server.origin, { bearer_token: 'open sesame' });
    expect(server.requests[0]?.headers.authorization).toBe('Bearer open sesame');
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
  });

  test('from https to http is not followed', async () => {
    await using other = await startScriptedHttpServer(fine);
    const redirecting = { status: 307, headers: { location: other.origin } };
    await using server = await startScriptedHttpServer(() => redirecting, tls);
    const outcome = await post(server.origin, { tls_config: { ca: authority.ca } });
    expect(outcome).toMatchObject({ kind: 'permanent', reason: 'protocol' });
    expect(other.requests).toEqual([]);
  });

  test('without an end ends', async () => {
    await using server = await startScriptedHttpServer(() => ({
      status: 307,
      headers: { location: '/again' },
    }));
    expect(await post(server.origin, {})).toMatchObject({ kind: 'permanent', reason: 'protocol' });
    expect(server.requests).toHaveLength(11);
  });
});
