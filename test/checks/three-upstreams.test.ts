import type { RequestListener } from 'node:http';
import { beforeEach, describe, expect, test } from 'vitest';
import { caddy } from '../../src/checks/caddy.ts';
import { nginx } from '../../src/checks/nginx.ts';
import { ask } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { openedCheck, valuesOf } from '../support/host-check.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import {
  caddyProgram,
  nginxProgram,
  startCaddy,
  startNginx,
  startUpstream,
  type Upstream,
} from '../support/proxies.ts';

/** What one upstream answers from now on. */
type Mood = 'well' | 'error' | 'page' | 'nonsense' | 'hangs' | 'refuses proxies';

interface Moody extends Upstream {
  mood: Mood;
}

async function startMoody(): Promise<Moody> {
  const answer: RequestListener = ({ headers, url }, response) => {
    const { mood } = moody;
    if (mood === 'hangs') return;
    if (
      mood === 'refuses proxies' &&
      (headers['x-real-ip'] ?? headers['x-forwarded-for']) !== undefined
    ) {
      response.destroy();
      return;
    }
    const isPage = mood === 'page' || url === '/nowhere';
    response.writeHead(mood === 'error' ? 500 : url === '/nowhere' ? 404 : 200, {
      'content-type': isPage ? 'text/html' : 'application/json',
    });
    response.end(isPage ? '<html>' : mood === 'nonsense' ? '{"ok":fal' : '{"ok":true}');
  };
  const upstream = await startUpstream(answer);
  const moody: Moody = { ...upstream, mood: 'well' };
  return moody;
}

const three = async (): Promise<readonly [Moody, Moody, Moody]> => [
  await startMoody(),
  await startMoody(),
  await startMoody(),
];

const urls = (upstreams: readonly Upstream[]): string[] => upstreams.map(({ url }) => url);

describe('an nginx before three upstreams', () => {
  beforeEach((context) => skipUnlessThere(nginxProgram, context));

  /** As the guide has it: the next upstream is tried, and nginx says whom it asked. */
  const start = async (upstreams: readonly Upstream[], more = '') => {
    const servers = upstreams.map(({ address }) => `server ${address} max_fails=0;`).join(' ');
    const location = `location / { proxy_pass http://pool; proxy_set_header X-Real-IP $remote_addr;
      proxy_connect_timeout 1s; proxy_next_upstream error timeout http_502 http_503;
      add_header X-Upstream $upstream_addr always; ${more} }`;
    return startNginx(location, { http: `upstream pool { ${servers} }` });
  };

  test('is well while all of them give the same answer', async () => {
    const upstreams = await three();
    const { url } = await start(upstreams);
    const keys = { through: `${url}/health`, upstreams: urls(upstreams), compare: 'body' };
    expect(await openedCheck(nginx, keys).run()).toMatchObject({
      status: 'ok',
      summary: `nginx answers at ${url}/health, its 3 upstreams too`,
    });
  });

  test('serves on when one of them is stopped', async () => {
    const upstreams = await three();
    const { url } = await start(upstreams);
    await upstreams[1].close();
    const keys = { through: `${url}/health`, upstreams: urls(upstreams) };
    const result = await openedCheck(nginx, keys).run();
    expect(result).toMatchObject({
      status: 'warning',
      summary: `nginx answers, but of its 3 upstreams 1 fails: ${upstreams[1].url} fails (connect to ${upstreams[1].address} refused)`,
    });
    expect(valuesOf(result)).toMatchObject({
      'through up': 1,
      [`upstream ${upstreams[1].address} up`]: 0,
    });
  });

  test('that waits for one that hangs is told with both', async () => {
    const upstreams = await three();
    upstreams[0].mood = 'hangs';
    const { url } = await start([upstreams[0]], 'proxy_read_timeout 1s;');
    const keys = { through: `${url}/health`, upstreams: urls(upstreams) };
    const check = openedCheck(nginx, keys, { common: { timeoutMs: 2500 } });
    const result = await check.run();
    expect(result).toMatchObject({ status: 'critical', reason: 'status' });
    expect(result.summary).toMatch(
      new RegExp(
        `^nginx does not get round an upstream that fails \\(${upstreams[0].url} fails \\(no answer within 2\\.5s .*\\)\\): ` +
          `${url}/health answers 504 \\(by nginx itself: it waited for an upstream in vain\\), ` +
          `while 2 of its 3 upstreams answer when asked past it$`,
      ),
    );
  });

  test('that passes on the error of one is told as that', async () => {
    const upstreams = await three();
    upstreams[0].mood = 'error';
    const { url } = await start([upstreams[0]]);
    const keys = { through: `${url}/health`, upstreams: urls(upstreams) };
    expect((await openedCheck(nginx, keys).run()).summary).toBe(
      `nginx does not get round an upstream that fails (${upstreams[0].url} answers 500): ` +
        `${url}/health answers 500, while 2 of its 3 upstreams answer when asked past it`,
    );
  });

  test('tells the one that answers nonsense, by its type, its body or a pattern', async () => {
    const upstreams = await three();
    const { url } = await start(upstreams.slice(0, 2));
    const keys = { through: `${url}/health`, upstreams: urls(upstreams) };
    const judged = async (more: object = {}) => openedCheck(nginx, { ...keys, ...more }).run();
    upstreams[2].mood = 'page';
    expect(await judged()).toMatchObject({
      status: 'warning',
      reason: 'body',
      summary: `of 3 upstreams one answers otherwise than the rest (${upstreams[2].address}: 200 text/html, not 200 application/json)`,
    });
    expect((await judged({ compare: 'status' })).status).toBe('ok');
    upstreams[2].mood = 'nonsense';
    expect((await judged()).status).toBe('ok');
    expect((await judged({ compare: 'body' })).summary).toBe(
      `of 3 upstreams one answers otherwise than the rest (${upstreams[2].address}: another body, with 200 application/json)`,
    );
    expect((await judged({ expect_body: '"ok":true' })).summary).toBe(
      `nginx answers, but of its 3 upstreams 1 fails: ${upstreams[2].url} answers 200, and nothing in its body matches "ok":true`,
    );
  });

  test('that serves something else than they do is told', async () => {
    const upstreams = await three();
    const { url } = await startNginx('location / { return 200 "Welcome"; }');
    const keys = { through: `${url}/health`, upstreams: urls(upstreams) };
    expect(await openedCheck(nginx, keys).run()).toMatchObject({
      status: 'warning',
      summary:
        'nginx does not pass on what its upstreams give: 200 text/plain, not 200 application/json',
    });
    const wanted = { ...keys, expect_body: '"ok":true' };
    expect(await openedCheck(nginx, wanted).run()).toMatchObject({
      status: 'critical',
      reason: 'body',
      summary:
        `the way from nginx to its upstreams is broken: ${url}/health answers 200, and nothing in its body matches "ok":true, ` +
        'while all 3 of its upstreams answer when asked past it',
    });
  });

  test('that asks one in vain which answers everybody else says so', async () => {
    const upstreams = await three();
    const { url } = await start(upstreams);
    upstreams[0].mood = 'refuses proxies';
    const keys = {
      through: `${url}/health`,
      upstreams: urls(upstreams),
      upstream_header: 'X-Upstream',
    };
    const check = openedCheck(nginx, keys);
    const told = new Set<string>();
    // Round robin: of three questions one begins with it.
    for (let turn = 0; turn < 6; turn += 1) told.add((await check.run()).summary);
    expect([...told].toSorted()).toEqual([
      `${upstreams[0].url} answers 200 when asked past the proxy, but nginx has just asked it in vain, and then another one`,
      `nginx answers at ${url}/health, its 3 upstreams too`,
    ]);
  });
});

describe('a Caddy before three upstreams', () => {
  beforeEach((context) => skipUnlessThere(caddyProgram, context));

  test('whose health check looks in the wrong place takes down what answers', async () => {
    const upstreams = await three();
    const addresses = upstreams.map(({ address }) => address);
    const { admin, url } = await startCaddy(addresses, { healthUri: '/nowhere' });
    const keys = { target: admin, through: `${url}/health`, upstreams: urls(upstreams) };
    const check = openedCheck(caddy, keys);
    const summary = async (): Promise<string> => (await check.run()).summary;
    const refuses =
      `the way from Caddy to its upstreams is broken: ${url}/health answers 503 ` +
      '(by Caddy itself: it takes no upstream as up, or turns requests away), ' +
      'while all 3 of its upstreams answer when asked past it';
    await eventually(async () => (await summary()).startsWith(refuses), 'Caddy refuses');
    // Caddy notes the health among its metrics every ten seconds.
    const isTold = async (): Promise<boolean> =>
      (await check.run()).detail.some((line) => line.includes('health_uri'));
    await expect.poll(isTold, { timeout: 20_000, interval: 200 }).toBe(true);
    const result = await check.run();
    expect(result.detail).toContain(
      `${upstreams[0].url} answers 200 when asked past the proxy, but the health check of Caddy takes it as down: is its health_uri right?`,
    );
    expect(valuesOf(result)).toMatchObject({ [`healthy ${addresses[0]}`]: 0 });
  }, 30_000);

  test('that waits for one that hangs is told with both', async () => {
    const upstreams = await three();
    upstreams[0].mood = 'hangs';
    const { admin, url } = await startCaddy([upstreams[0].address]);
    const keys = { target: admin, through: `${url}/health`, upstreams: urls(upstreams) };
    const check = openedCheck(caddy, keys, { common: { timeoutMs: 2500 } });
    const result = await check.run();
    expect(result).toMatchObject({ status: 'critical', reason: 'status' });
    expect(result.summary).toMatch(
      new RegExp(
        `^Caddy does not get round an upstream that fails \\(${upstreams[0].url} fails \\(no answer within 2\\.5s .*\\)\\): ` +
          `${url}/health answers 50[24] \\(by Caddy itself: .*\\), while 2 of its 3 upstreams answer when asked past it`,
      ),
    );
  });

  test('tells the one that answers nonsense', async () => {
    const upstreams = await three();
    const { admin, url } = await startCaddy(upstreams.slice(0, 2).map(({ address }) => address));
    upstreams[2].mood = 'page';
    const keys = { target: admin, through: `${url}/health`, upstreams: urls(upstreams) };
    expect(await openedCheck(caddy, keys).run()).toMatchObject({
      status: 'warning',
      summary: `of 3 upstreams one answers otherwise than the rest (${upstreams[2].address}: 200 text/html, not 200 application/json)`,
    });
    upstreams[2].mood = 'nonsense';
    const wanted = { ...keys, expect_body: '"ok":true' };
    expect((await openedCheck(caddy, wanted).run()).summary).toBe(
      `Caddy answers, but of its 3 upstreams 1 fails: ${upstreams[2].url} answers 200, and nothing in its body matches "ok":true`,
    );
  });

  test('that still takes as up what is stopped says so, and later that it could not reach it', async () => {
    const upstreams = await three();
    const { admin, url } = await startCaddy(upstreams.map(({ address }) => address));
    await upstreams[2].close();
    const check = openedCheck(caddy, { target: admin, upstreams: urls(upstreams) });
    const summary = async (): Promise<string> => (await check.run()).summary;
    const gone = `of 3 upstreams 1 fails: ${upstreams[2].url} fails (connect to ${upstreams[2].address} refused)`;
    // Nobody has asked Caddy for anything yet.
    const believes = `${gone}, and Caddy still takes it as up`;
    await eventually(async () => (await summary()) === believes, 'Caddy tells the health');
    await eventually(async () => {
      await ask(url);
      return (await summary()) === gone;
    }, 'Caddy has noticed');
  });

  test('that remembers failures of one that is back again says so', async () => {
    const upstreams = await three();
    const { admin, url } = await startCaddy(upstreams.map(({ address }) => address));
    upstreams[1].mood = 'refuses proxies';
    const keys = { target: admin, upstreams: urls(upstreams) };
    const check = openedCheck(caddy, keys);
    await eventually(async () => {
      await ask(url);
      return (await check.run()).status === 'warning';
    }, 'Caddy has noticed');
    upstreams[1].mood = 'well';
    expect((await check.run()).summary).toMatch(
      new RegExp(
        `^${upstreams[1].url} answers 200 when asked past the proxy, but Caddy could not reach it \\(\\d+ times?\\)$`,
      ),
    );
  });
});
