import { beforeEach, describe, expect, test } from 'vitest';
import { caddy } from '../../src/checks/caddy.ts';
import { ask } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { openedCheck, valuesOf } from '../support/host-check.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { caddyProgram, startCaddy, startSilent, startUpstream } from '../support/proxies.ts';
import { closedPort } from '../support/tcp-server.ts';

describe('a Caddy in front of its upstreams', () => {
  beforeEach((context) => skipUnlessThere(caddyProgram, context));

  test('that is sound is told with its upstreams', async () => {
    const one = await startUpstream();
    const { admin, url } = await startCaddy([one.address]);
    const keys = { target: admin, through: `${url}/health`, upstreams: [one.url] };
    const result = await openedCheck(caddy, { ...keys, expect_upstreams: [one.address] }).run();
    expect(result).toMatchObject({
      status: 'ok',
      summary: 'Caddy is configured with 1 server, and reaches 1 upstream',
    });
    expect(valuesOf(result)).toMatchObject({
      'through up': 1,
      [`upstream ${one.address} up`]: 1,
      [`fails ${one.address}`]: 0,
    });
  });

  test('that cannot reach some or all of them is told', async () => {
    const [one, two] = [await startUpstream(), await startUpstream()];
    const { admin, url } = await startCaddy([one.address, two.address]);
    const check = openedCheck(caddy, { target: admin });
    await two.close();
    await eventually(async () => {
      await ask(url);
      return (await check.run()).status === 'warning';
    }, 'one upstream fails');
    expect((await check.run()).summary).toMatch(
      new RegExp(`^of 2 upstreams Caddy could not reach 1: ${two.address} \\(\\d+ times?\\)$`),
    );
    await one.close();
    await eventually(async () => {
      await ask(url);
      return (await check.run()).status === 'critical';
    }, 'both fail');
    const through = openedCheck(caddy, {
      target: admin,
      through: url,
      upstreams: [one.url, two.url],
    });
    expect((await through.run()).summary).toContain('the upstreams behind Caddy are broken');
  });

  test('that lacks an upstream, or runs without a configuration, is told', async () => {
    const one = await startUpstream();
    const { admin } = await startCaddy([one.address]);
    expect(
      await openedCheck(caddy, { target: admin, expect_upstreams: ['127.0.0.1:1'] }).run(),
    ).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: '127.0.0.1:1 is not among the upstreams of Caddy',
    });
    const empty = await startCaddy([]);
    expect(await openedCheck(caddy, { target: empty.admin }).run()).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: 'the configuration of Caddy has no HTTP server: it serves nothing',
    });
    const bare = await startUpstream((_, response) => void response.end('null\n'));
    expect(await openedCheck(caddy, { target: bare.address }).run()).toMatchObject({
      status: 'critical',
      summary: 'Caddy runs without a configuration: it serves nothing',
    });
  });

  test('whose admin API is elsewhere is unknown as long as it serves', async () => {
    const one = await startUpstream();
    const { url } = await startCaddy([one.address]);
    const target = `127.0.0.1:${await closedPort()}`;
    const result = await openedCheck(caddy, { target, through: url }).run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'connect' });
    expect(result.summary).toContain('is it switched off, or elsewhere?');
    expect(await openedCheck(caddy, { target }).run()).toMatchObject({
      status: 'critical',
      reason: 'connect',
      summary: `connect to ${target} refused`,
    });
  });
});

describe('what is no Caddy', () => {
  test('and answers something else is told as that', async () => {
    const other = await startUpstream((_, response) => void response.end('<html>hello</html>'));
    expect(await openedCheck(caddy, { target: other.address }).run()).toMatchObject({
      status: 'critical',
      reason: 'protocol',
      summary: `${other.address} does not answer GET /config/ as the admin API of Caddy does`,
    });
  });

  test('and refuses is unknown, with what would let the agent in', async () => {
    const other = await startUpstream((_, response) => {
      response.statusCode = 403;
      response.end('{"error":"host not allowed"}');
    });
    const result = await openedCheck(caddy, { target: other.address }).run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(result.summary).toContain('origins of the option admin');
  });

  test('and hangs is given up at the deadline', async () => {
    const silent = await startSilent();
    const common = { timeoutMs: 300 };
    expect(await openedCheck(caddy, { target: silent.address }, { common }).run()).toMatchObject({
      status: 'critical',
      reason: 'timeout',
      summary: `no answer within 300ms while waiting for ${silent.address} to answer GET /config/`,
    });
  });
});
