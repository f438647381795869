import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { layers, layersOf } from '../../src/checks/layers.ts';
import { folderWith, openedCheck, placesIn, valuesOf } from '../support/host-check.ts';
import { startHttpsServer } from '../support/http-server.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import {
  nginxProgram,
  startNginx,
  startSilent,
  startUpstream,
  type Upstream,
} from '../support/proxies.ts';
import { closedPort } from '../support/tcp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createAuthority, type Authority, type Certificate } from '../support/tls-authority.ts';

let authority: Authority;
let good: Certificate;
beforeAll(() => {
  authority = createAuthority();
  good = authority.issue();
});
afterAll(() => authority[Symbol.dispose]());

/** A real nginx that serves the name `localhost` over TLS, and hands everything to the first upstream. */
async function startDoor(
  upstreams: readonly Pick<Upstream, 'address'>[],
  certificate: Certificate = good,
  location = 'location /',
) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'cert.pem'), certificate.cert);
  writeFileSync(join(folder, 'key.pem'), certificate.key);
  const port = await closedPort();
  const servers = upstreams.map(({ address }) => `server ${address};`).join(' ');
  const program = await startNginx(
    `listen 127.0.0.1:${port} ssl; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
     ${location} { proxy_pass http://pool; proxy_connect_timeout 1s; }`,
    { http: `upstream pool { ${servers} }` },
  );
  return { ...program, proxy: `127.0.0.1:${port}`, public: `https://localhost:${port}/health` };
}

const keysOf = (
  door: { readonly proxy: string; readonly public: string },
  upstreams: readonly Pick<Upstream, 'url'>[],
) => ({
  public: door.public,
  proxy: door.proxy,
  upstreams: upstreams.map(({ url }) => url),
  tls_config: { ca: authority.ca },
});

const looked = async (keys: Readonly<Record<string, unknown>>, timeoutMs = 4000) =>
  openedCheck(layers, keys, { common: { timeoutMs } }).run();

type Result = Awaited<ReturnType<typeof looked>>;

const standing = ({ findings = [] }: Result): Record<string, string> =>
  Object.fromEntries(
    findings.map(({ part, status, notSeen }) => [part, notSeen === true ? 'not seen' : status]),
  );

describe('the way from a service to its users', () => {
  beforeEach((context) => skipUnlessThere(nginxProgram, context));

  test('is open where every layer is in order', async () => {
    const upstream = await startUpstream();
    const door = await startDoor([upstream]);
    const result = await looked(keysOf(door, [upstream]));
    expect(result).toMatchObject({
      status: 'ok',
      summary: `${door.public} is open: the upstream answers; ${door.public} answers 200 by its public address`,
    });
    expect(standing(result)).toEqual({
      socket: 'ok',
      upstream: 'ok',
      proxy: 'ok',
      certificate: 'ok',
      through: 'ok',
      name: 'ok',
      public: 'ok',
    });
    for (const layer of ['upstream', 'proxy', 'certificate', 'through', 'name', 'public']) {
      expect(valuesOf(result)[`${layer}.seconds`]).toBeGreaterThanOrEqual(0);
    }
  });

  test('is broken at the socket when nobody listens, and nothing above is looked at', async () => {
    const upstream = await startUpstream();
    const door = await startDoor([upstream]);
    await upstream.close();
    const result = await looked(keysOf(door, [upstream]));
    const port = new URL(upstream.url).port;
    expect(result).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: `broken at the socket: nobody listens on port ${port} of this host; not looked at: upstreams, proxy, certificate, way through the proxy, name (DNS), public address`,
    });
    expect(standing(result)).toMatchObject({ socket: 'critical', upstream: 'not seen' });
    expect(valuesOf(result)).toEqual({});
  });

  test('is broken at the upstream when that answers an error, or hangs, which costs only its share', async () => {
    const failing = await startUpstream((_, response) => void response.writeHead(503).end());
    const door = await startDoor([failing]);
    const result = await looked(keysOf(door, [failing]));
    expect(result).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: `broken at the upstreams: the upstream does not answer as it should: ${failing.url} answers 503; in order: socket; not looked at: proxy, certificate, way through the proxy, name (DNS), public address`,
    });
    const silent = await startSilent();
    const hanging = await looked(keysOf(door, [silent]), 1200);
    expect(hanging.reason).toBe('timeout');
    expect(hanging.summary).toMatch(
      /^broken at the upstreams: .*no answer within 300ms while waiting/,
    );
    expect(hanging.durationMs).toBeLessThan(1000);
  });

  test('stays open as long as one of several upstreams serves', async () => {
    const [one, two] = [await startUpstream(), await startUpstream()];
    const door = await startDoor([one]);
    await two.close();
    const result = await looked(keysOf(door, [one, two]));
    expect(result.status).toBe('ok');
    expect(result.summary).toContain(
      `is open: of 2 upstreams 1 fails: ${two.url} fails (connect to ${two.address} refused); `,
    );
  });

  test('is broken at the proxy when that is gone', async () => {
    const upstream = await startUpstream();
    const door = await startDoor([upstream]);
    await door.end();
    expect(await looked(keysOf(door, [upstream]))).toMatchObject({
      status: 'critical',
      reason: 'connect',
      summary: `broken at the proxy: connect to ${door.proxy} refused; in order: socket, upstreams; not looked at: certificate, way through the proxy, name (DNS), public address`,
    });
  });

  test.each([
    ['has expired', { days: -1 }, /expired on \d{4}-\d\d-\d\d/],
    [
      'is for another name',
      { names: 'DNS:elsewhere.example' },
      /is for DNS:elsewhere.example, wanted localhost/,
    ],
  ] as const)('is broken at the certificate when that %s', async (_, wish, sentence) => {
    const upstream = await startUpstream();
    const door = await startDoor([upstream], authority.issue(wish));
    const result = await looked(keysOf(door, [upstream]));
    expect(result).toMatchObject({ status: 'critical', reason: 'tls' });
    expect(result.summary).toMatch(
      new RegExp(
        `^broken at the certificate: the certificate of ${door.proxy} ${sentence.source} \\(asked as localhost\\); in order: socket, upstreams, proxy; not looked at: way through the proxy, name \\(DNS\\), public address$`,
      ),
    );
  });

  test('is broken between the proxy and its upstreams when it asks in the wrong place', async () => {
    const upstream = await startUpstream();
    const door = await startDoor([{ address: `127.0.0.1:${await closedPort()}` }]);
    const result = await looked(keysOf(door, [upstream]));
    expect(result.reason).toBe('status');
    expect(result.summary).toBe(
      `broken at the way through the proxy: ${door.public} answers 502 ` +
        '(by the proxy itself: no upstream gave it a sound answer), while its upstream answers when asked past it' +
        '; in order: socket, upstreams, proxy, certificate; not looked at: name (DNS), public address',
    );
    const elsewhere = await startDoor([upstream], good, 'location /elsewhere');
    expect((await looked(keysOf(elsewhere, [upstream]))).summary).toContain(
      `broken at the way through the proxy: ${elsewhere.public} answers 404, while its upstream answers`,
    );
  });

  test('is broken at the name when that leads nowhere, or somewhere else', async () => {
    const upstream = await startUpstream();
    // Too long for a name: no name server is asked for it.
    const name = `${'n'.repeat(64)}.invalid`;
    const certificate = authority.issue({ names: `DNS:${name},DNS:localhost` });
    const door = await startDoor([upstream], certificate);
    const keys = keysOf(door, [upstream]);
    const nowhere = door.public.replace('localhost', name);
    const result = await looked({ ...keys, public: nowhere });
    expect(result).toMatchObject({ status: 'critical' });
    expect(result.summary).toMatch(
      /^broken at the name \(DNS\): .*n\.invalid.*; in order: socket, upstreams, proxy, certificate, way through the proxy; not looked at: public address$/,
    );
    const strange = await looked({ ...keys, resolve_to: ['203.0.113.7'] });
    expect(strange.reason).toBe('resolve');
    expect(strange.summary).toMatch(
      /^broken at the name \(DNS\): localhost leads to .*127\.0\.0\.1.*, wanted 203\.0\.113\.7; /,
    );
  });

  test('is broken at the public address when nobody is there, or somebody else', async () => {
    const upstream = await startUpstream();
    const door = await startDoor([upstream]);
    const keys = keysOf(door, [upstream]);
    const closed = `https://localhost:${await closedPort()}/health`;
    const result = await looked({ ...keys, public: closed });
    expect(result).toMatchObject({ status: 'critical', reason: 'connect' });
    expect(result.summary).toMatch(
      new RegExp(
        `^broken at the public address: connect to \\S+ \\(\\S+\\) refused, though the proxy answers at ${door.proxy}: a firewall, .*hairpin NAT; then say public_reachable: false\\)`,
      ),
    );
    const inside = await looked({ ...keys, public: closed, public_reachable: false });
    expect(inside.status).toBe('ok');
    expect(inside.summary).toContain('localhost leads to ');
    expect(standing(inside)).not.toHaveProperty('public');
    await using other = await startHttpsServer(good, (_, response) => {
      response.writeHead(404).end();
    });
    const strange = await looked({ ...keys, public: `https://localhost:${other.port}/health` });
    expect(strange.summary).toContain(
      `answers 404 by its public address, though the proxy answers at ${door.proxy}: something else answers there`,
    );
    const { cert, key } = authority.issue({ days: -1 });
    await using expired = await startHttpsServer(
      { cert, key },
      (_, response) => void response.end(),
    );
    const before = await looked({ ...keys, public: `https://localhost:${expired.port}/health` });
    expect(before).toMatchObject({ status: 'critical', reason: 'tls' });
    expect(before.summary).toContain('with a good one: something else answers there');
  });

  test('is looked at by its name alone where the proxy is elsewhere', async () => {
    const upstream = await startUpstream();
    const door = await startDoor([upstream], authority.issue({ days: -1 }));
    const { proxy: _, ...keys } = keysOf(door, [upstream]);
    const result = await looked(keys);
    expect(Object.keys(standing(result))).toEqual([
      'socket',
      'upstream',
      'name',
      'public',
      'certificate',
      'through',
    ]);
    expect(result.summary).toMatch(
      /^broken at the certificate: .*; in order: socket, upstreams, name \(DNS\), public address; not looked at: way through the proxy$/,
    );
  });

  test('must give the answer that is wanted', async () => {
    const upstream = await startUpstream();
    const door = await startDoor([upstream]);
    const result = await looked({ ...keysOf(door, [upstream]), expect_body: '"ok":true' });
    expect(result).toMatchObject({ status: 'critical', reason: 'status' });
    expect(result.summary).toContain('answers 200, and nothing in its body matches "ok":true');
  });
});

test('A table of sockets that cannot be read leaves the socket unknown, and the rest is looked at', async () => {
  const upstream = await startUpstream();
  const keys = { public: upstream.url, upstreams: [upstream.url] };
  const result = await openedCheck(layersOf(placesIn(await folderWith())), keys).run();
  expect(result).toMatchObject({ status: 'unknown' });
  expect(standing(result)).toEqual({
    socket: 'unknown',
    upstream: 'ok',
    public: 'ok',
    through: 'ok',
  });
});

test('Layers without anything below the public name are refused', () => {
  const url = 'https://gateway.example.com/health';
  expect(() => openedCheck(layers, { public: url })).toThrow('at least one of upstreams and proxy');
  const keys = { public: url, upstreams: ['http://127.0.0.1:1/'], public_reachable: false };
  expect(() => openedCheck(layers, keys)).toThrow('leaves nothing to ask without proxy');
});
