import { expect, test } from 'vitest';
import { group } from '../../src/checks/group.ts';
import { remote } from '../../src/checks/remote.ts';
import { notOk, ok, type CheckResult } from '../../src/model/result.ts';
import type { CheckSnapshot } from '../../src/model/snapshot.ts';
import { openedCheck, valuesOf } from '../support/host-check.ts';
import { startHttpServer } from '../support/http-server.ts';
import { agentSnapshot, checkSnapshot, checkSpec, wall } from '../support/snapshot.ts';
import { closedPort } from '../support/tcp-server.ts';
import { startWeb, webCommands } from '../support/web.ts';

/** Another tocsin whose check `gateway` found this. */
async function otherTocsin(found: readonly CheckResult[], state: Partial<CheckSnapshot> = {}) {
  const check = checkSnapshot(checkSpec('gateway', 'openclaw'), found, state);
  const { url } = await startWeb({
    snapshot: () => agentSnapshot({ checks: [check] }),
    commands: webCommands({ history: (name) => (name === 'gateway' ? [] : undefined) }),
  });
  const { host } = new URL(url);
  return { url, host };
}

const looked = async (target: string, keys: Readonly<Record<string, unknown>> = {}) =>
  openedCheck(remote, { target, check: 'gateway', ...keys }).run();

const leading = ok('the gateway is well', {
  values: [{ metric: 'cron.enabled', value: 1 }],
  facts: [{ name: 'handshake.version', text: '2026.9.6' }],
  findings: [{ part: 'cron', status: 'ok', summary: '3 jobs', values: [], notSeen: true }],
});

test('What another tocsin found is taken over with its figures, facts and parts', async () => {
  const { url } = await otherTocsin([leading]);
  const result = await looked(url);
  expect(result).toMatchObject({
    status: 'ok',
    summary: 'the gateway is well',
    facts: [{ name: 'handshake.version', text: '2026.9.6' }],
    findings: [{ part: 'cron', status: 'ok', notSeen: true }],
  });
  expect(valuesOf(result)).toEqual({ 'cron.enabled': 1 });
  const failing = notOk('warning', 'threshold', 'memory: 1.6 GB, limit 1.5 GB', {
    detail: ['warning memory: 1.6 GB'],
  });
  expect(await looked((await otherTocsin([failing])).url)).toMatchObject({
    status: 'warning',
    reason: 'threshold',
    summary: 'memory: 1.6 GB, limit 1.5 GB',
    detail: ['warning memory: 1.6 GB'],
  });
});

test('A group over hosts sees their one leader', async () => {
  const standing = ok('well', { values: [{ metric: 'cron.enabled', value: 0 }] });
  const [one, two] = [await otherTocsin([leading]), await otherTocsin([standing])];
  const found = new Map([
    ['gw-1', await looked(one.url)],
    ['gw-2', await looked(two.url)],
    ['gw-3', await looked(`http://127.0.0.1:${await closedPort()}`)],
  ]);
  const view = (name: string) => {
    const latest = found.get(name);
    if (latest === undefined) return undefined;
    const up = latest.status === 'ok';
    return { phase: up ? ('inactive' as const) : ('firing' as const), up, known: true, latest };
  };
  const keys = { of: [...found.keys()], count: { value: 'cron.enabled', as: 'running cron' } };
  const judged = async () =>
    openedCheck(group, { ...keys, exactly: 1 }, { view: { check: view } }).run();
  expect((await judged()).summary).toBe('1 of 3 running cron (gw-1); down: gw-3');
  found.set('gw-2', await looked(one.url));
  expect(await judged()).toMatchObject({
    status: 'critical',
    summary: '2 of 3 running cron (gw-1, gw-2); down: gw-3, wanted exactly 1',
  });
});

test('One that cannot look, or has not looked yet, leaves it unknown', async () => {
  const blind = await otherTocsin([notOk('unknown', 'permission', 'may not read the folder')]);
  expect(await looked(blind.url)).toMatchObject({
    status: 'unknown',
    reason: 'permission',
    summary: 'may not read the folder',
  });
  const stalled = await otherTocsin([ok('well')], { stalledSince: wall(600_000) });
  expect(await looked(stalled.url)).toMatchObject({
    status: 'unknown',
    reason: 'stale',
    summary: `the tocsin at ${stalled.host} could not look since 2026-03-14 09:16 UTC: well`,
  });
  const fresh = await otherTocsin([]);
  expect((await looked(fresh.url)).summary).toBe(`the tocsin at ${fresh.host} has not looked yet`);
  expect(await looked(fresh.url, { check: 'gatway' })).toMatchObject({
    status: 'unknown',
    reason: 'missing',
    summary: `the tocsin at ${fresh.host} has no check called gatway`,
  });
});

test('One that is gone is critical, since its host may be gone too, unless that is said to be unknown', async () => {
  const target = `http://127.0.0.1:${await closedPort()}`;
  const { host } = new URL(target);
  expect(await looked(target)).toMatchObject({
    status: 'critical',
    reason: 'connect',
    summary: `the tocsin at ${host} cannot be asked: connect to ${host} refused`,
  });
  expect((await looked(target, { unreachable: 'unknown' })).status).toBe('unknown');
});

test('One that wants a login is unknown, and is let in with it; the password is never shown', async () => {
  const seen: (string | undefined)[] = [];
  await using server = await startHttpServer((request, response) => {
    seen.push(request.headers.authorization);
    if (request.headers.authorization === undefined) response.writeHead(401).end();
    else response.end(`{"apiVersion":1,"echo":"${request.headers.authorization}"}`);
  });
  expect(await looked(server.url)).toMatchObject({ status: 'unknown', reason: 'auth' });
  const password = 'nobody-may-see-this';
  const result = await looked(server.url, { username: 'web-1', password });
  expect(seen[1]).toBe(`Basic ${Buffer.from(`web-1:${password}`).toString('base64')}`);
  expect(result).toMatchObject({ status: 'unknown', reason: 'protocol' });
  expect(JSON.stringify(result)).not.toContain(password);
  expect(() => openedCheck(remote, { target: server.url, check: 'a', username: 'x' })).toThrow(
    'username needs password',
  );
});

test('What is no tocsin, or hangs, is told as that', async () => {
  await using other = await startHttpServer((_, response) => void response.end('<html>'));
  expect(await looked(other.url)).toMatchObject({ status: 'unknown', reason: 'protocol' });
  await using silent = await startHttpServer(() => {});
  const common = { timeoutMs: 200 };
  const hanging = openedCheck(remote, { target: silent.url, check: 'gateway' }, { common });
  expect(await hanging.run()).toMatchObject({ status: 'critical', reason: 'timeout' });
});
