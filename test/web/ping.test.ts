import { beforeEach, expect, test } from 'vitest';
import { pingBodyBytesMax, requestBodyBytesMax } from '../../src/model/limits.ts';
import { Secret } from '../../src/model/secret.ts';
import type { PingCaller, PingReport } from '../../src/web/commands.ts';
import { mayPing } from '../../src/web/ping.ts';
import { ask } from '../support/ask.ts';
import { startWeb, webCommands } from '../support/web.ts';

interface Taken {
  readonly name: string;
  readonly report: PingReport;
  readonly caller: PingCaller;
}

let taken: Taken[] = [];

beforeEach(() => {
  taken = [];
});

/** Knows every heartbeat but `nobody`; `guarded` has a token. */
const commands = webCommands({
  ping(name, report, caller) {
    if (name === 'nobody') return 'unknown';
    const token = name === 'guarded' ? Secret.of('opensesame') : undefined;
    if (!mayPing(token, caller)) return 'forbidden';
    taken.push({ name, report, caller });
    return 'ok';
  },
});

test.each([
  ['/ping/job', { kind: 'success' }],
  ['/ping/job/start', { kind: 'start' }],
  ['/ping/job/fail', { kind: 'fail' }],
  ['/ping/job/0', { kind: 'exit', exitCode: 0 }],
  ['/ping/job/137', { kind: 'exit', exitCode: 137 }],
] as const)('a job reports at %s', async (path, report) => {
  const { url } = await startWeb({ commands });
  for (const method of ['POST', 'GET', 'HEAD']) {
    expect(await ask(url + path, { method })).toMatchObject({ status: 200 });
  }
  expect(taken).toStrictEqual(
    Array.from({ length: 3 }, () => ({ name: 'job', report, caller: { trusted: true } })),
  );
});

test.each(['/ping/job/256', '/ping/job/-1', '/ping/job/stop', '/ping/', '/ping/a/b/c'])(
  'there is no report at %s',
  async (path) => {
    const { url } = await startWeb({ commands });
    expect(await ask(url + path, { method: 'POST' })).toMatchObject({ status: 404 });
    expect(taken).toStrictEqual([]);
  },
);

test('a name with a slash is encoded', async () => {
  const { url } = await startWeb({ commands });
  await ask(`${url}/ping/nightly%2Fbackup/start`, { method: 'POST' });
  expect(taken).toMatchObject([{ name: 'nightly/backup', report: { kind: 'start' } }]);
});

test('what the job sends is kept, up to a limit', async () => {
  const { url } = await startWeb({ commands });
  await ask(`${url}/ping/job/fail`, { method: 'POST', body: 'no space left on device' });
  await ask(`${url}/ping/job`, { method: 'POST', body: 'x'.repeat(pingBodyBytesMax + 5000) });
  expect(taken[0]?.report.output).toBe('no space left on device');
  expect(taken[1]?.report.output).toBe('x'.repeat(pingBodyBytesMax));
});

test('a body without end is cut off', async () => {
  const { url } = await startWeb({ commands });
  const body = Buffer.alloc(requestBodyBytesMax + 1);
  expect(await ask(`${url}/ping/job`, { method: 'POST', body })).toMatchObject({ status: 413 });
  expect(taken).toStrictEqual([]);
});

test('an unknown heartbeat is 404', async () => {
  const { url } = await startWeb({ commands });
  expect(await ask(`${url}/ping/nobody`, { method: 'POST' })).toMatchObject({ status: 404 });
});

test('a token is taken from the address or the header, and a wrong one refused even here', async () => {
  const { url } = await startWeb({ commands });
  const authorization = 'Bearer opensesame';
  expect(await ask(`${url}/ping/guarded`)).toMatchObject({ status: 403 });
  expect(await ask(`${url}/ping/guarded?token=wrong`)).toMatchObject({ status: 403 });
  expect(await ask(`${url}/ping/guarded?token=opensesame`)).toMatchObject({ status: 200 });
  expect(await ask(`${url}/ping/guarded`, { headers: { authorization } })).toMatchObject({
    status: 200,
  });
});

test('from elsewhere a token is enough, without one nothing is taken or given away', async () => {
  const { url } = await startWeb({ commands });
  const headers = { 'x-forwarded-for': '203.0.113.7' };
  expect(await ask(`${url}/ping/guarded?token=opensesame`, { headers })).toMatchObject({
    status: 200,
  });
  const known = await ask(`${url}/ping/job`, { headers });
  const unknown = await ask(`${url}/ping/nobody`, { headers });
  expect(known.status).toBe(403);
  expect(unknown).toMatchObject({ status: 403, body: known.body });
});

test('an image on a foreign web page reports nothing', async () => {
  const { url } = await startWeb({ commands });
  const headers = { 'sec-fetch-site': 'cross-site' };
  expect(await ask(`${url}/ping/job`, { headers })).toMatchObject({ status: 403 });
  expect(taken).toStrictEqual([]);
});
