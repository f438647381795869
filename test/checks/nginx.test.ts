import { beforeEach, describe, expect, test } from 'vitest';
import { nginx } from '../../src/checks/nginx.ts';
import { eventually } from '../support/eventually.ts';
import { openedCheck, valuesOf } from '../support/host-check.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import {
  nginxProgram,
  openRequest,
  startNginx,
  startSilent,
  startUpstream,
} from '../support/proxies.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';

/** A `server` block that hands everything to these upstreams. */
function balanced(addresses: readonly string[]): [string, { readonly http: string }] {
  const servers = addresses.map((address) => `server ${address} max_fails=0;`).join(' ');
  return [
    'location / { proxy_pass http://pool; proxy_connect_timeout 1s; }',
    { http: `upstream pool { ${servers} }` },
  ];
}

describe('an nginx in front of its upstreams', () => {
  beforeEach((context) => skipUnlessThere(nginxProgram, context));

  test('that is sound is told with what it serves, and measured', async () => {
    const [one, two] = [await startUpstream(), await startUpstream()];
    const { url } = await startNginx(...balanced([one.address, two.address]));
    const check = openedCheck(nginx, {
      target: `${url}/status`,
      through: `${url}/health`,
      upstreams: [one.url, two.url],
    });
    expect(await check.run()).toMatchObject({ status: 'ok' });
    const result = await check.run();
    expect(result.summary).toMatch(
      /^nginx answers at http:\/\/127\.0\.0\.1:\d+\/health, its 2 upstreams too, \d open connections?$/,
    );
    expect(valuesOf(result)).toMatchObject({
      'through up': 1,
      [`upstream ${one.address} up`]: 1,
      [`upstream ${two.address} up`]: 1,
      dropped: 0,
    });
    expect(valuesOf(result)['requests_per_second']).toBeGreaterThan(0);
  });

  test('that has lost one of them still serves, which is a warning', async () => {
    const [one, two] = [await startUpstream(), await startUpstream()];
    const { url } = await startNginx(...balanced([one.address, two.address]));
    await two.close();
    const through = `${url}/health`;
    expect(
      await openedCheck(nginx, { through, upstreams: [one.url, two.url] }).run(),
    ).toMatchObject({
      status: 'warning',
      reason: 'status',
      summary: `nginx answers, but of its 2 upstreams 1 fails: ${two.url} fails (connect to ${two.address} refused)`,
    });
  });

  test('that has lost all of them is told as broken upstreams', async () => {
    const one = await startUpstream();
    const { url } = await startNginx(...balanced([one.address]));
    await one.close();
    expect(
      await openedCheck(nginx, { through: `${url}/health`, upstreams: [one.url] }).run(),
    ).toMatchObject({
      status: 'critical',
      reason: 'connect',
      summary:
        `the upstreams behind nginx are broken: ${one.url} fails (connect to ${one.address} refused); ` +
        `${url}/health answers 502 (by nginx itself: no upstream gave it a sound answer)`,
    });
  });

  test('that looks for them in the wrong place is told as the broken way', async () => {
    const one = await startUpstream();
    const { url } = await startNginx(...balanced([`127.0.0.1:${await closedPort()}`]));
    expect(
      await openedCheck(nginx, { through: `${url}/health`, upstreams: [one.url] }).run(),
    ).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary:
        `the way from nginx to its upstreams is broken: ${url}/health answers 502 ` +
        `(by nginx itself: no upstream gave it a sound answer), ` +
        `while its upstream answers when asked past it`,
    });
  });

  test('that is gone is told as itself broken', async () => {
    const one = await startUpstream();
    const proxy = await startNginx(...balanced([one.address]));
    await proxy.end();
    const address = proxy.url.replace('http://', '');
    const keys = {
      target: `${proxy.url}/status`,
      through: `${proxy.url}/health`,
      upstreams: [one.url],
    };
    const result = await openedCheck(nginx, keys).run();
    expect(result).toMatchObject({ status: 'critical', reason: 'connect' });
    expect(result.summary).toContain(
      `nginx itself is broken: ${proxy.url}/health fails (connect to ${address} refused), while its upstream answers`,
    );
  });

  test('whose upstream hangs is told at the deadline', async () => {
    const silent = await startSilent();
    const { url } = await startNginx(...balanced([silent.address]));
    const keys = { through: `${url}/health`, upstreams: [silent.url] };
    const result = await openedCheck(nginx, keys, { common: { timeoutMs: 400 } }).run();
    expect(result).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(result.summary).toContain(
      `the upstreams behind nginx are broken: ${silent.url} fails (no answer within 400ms`,
    );
  });

  test('is judged by its connections, and by those it dropped', async () => {
    const { url } = await startNginx('');
    const check = openedCheck(nginx, { target: `${url}/status`, connections: { warning: 10 } });
    expect(await check.run()).toMatchObject({ status: 'ok' });
    const opened: (() => void)[] = [];
    const told = async (): Promise<string> => {
      opened.push(await openRequest(url));
      return (await check.run()).summary;
    };
    await eventually(
      async () => /^nginx has \d+ open connections, limit 10$/.test(await told()),
      'the open connections are told',
    );
    await eventually(async () => /closed the connection/.test(await told()), 'nginx is full');
    for (const close of opened) close();
    const isTold = async (): Promise<boolean> =>
      /nginx dropped \d+ connections? since the run before: raise worker_connections, limit 1/.test(
        (await check.run()).summary,
      );
    await eventually(isTold, 'the dropped connections are told');
  });

  test('that keeps stub_status to itself is unknown, and says how to get at it', async () => {
    const { url } = await startNginx('location = /closed { stub_status; deny all; }');
    expect(await openedCheck(nginx, { target: `${url}/closed` }).run()).toMatchObject({
      status: 'unknown',
      reason: 'permission',
      summary: `${url}/closed answers 403: allow the address of the agent at stub_status, such as allow 127.0.0.1`,
    });
    expect(await openedCheck(nginx, { target: `${url}/elsewhere` }).run()).toMatchObject({
      status: 'unknown',
      reason: 'missing',
    });
  });
});

describe('what is no nginx', () => {
  test('and answers something else is told as unknown', async () => {
    const other = await startUpstream();
    expect(await openedCheck(nginx, { target: other.url }).run()).toMatchObject({
      status: 'unknown',
      reason: 'protocol',
      summary: `${other.url} answers 200 and its body is not that of stub_status`,
    });
    await using rubbish = await startTcpServer((socket) => {
      socket.on('data', () => socket.write('220 mail ESMTP\r\n'));
    });
    const target = `http://127.0.0.1:${rubbish.port}/status`;
    expect(await openedCheck(nginx, { target }).run()).toMatchObject({
      status: 'critical',
      reason: 'protocol',
      summary: `127.0.0.1:${rubbish.port} does not speak HTTP`,
    });
  });

  test('and is configured without anything to look at is refused', () => {
    expect(() => openedCheck(nginx, {})).toThrow('at least one of target');
    expect(() => openedCheck(nginx, { target: 'ftp://x' })).toThrow('a URL such as');
    expect(() => openedCheck(nginx, { target: 'http://me:secret@x/' })).toThrow(
      'without user and password',
    );
  });
});
