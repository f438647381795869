import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { reaches, runsAgain } from '../support/agent-view.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { eventually } from '../support/eventually.ts';
import { teamConfig } from '../support/team-config.ts';
import type { ScriptedHttpServer } from '../support/scripted-http-server.ts';
import { startTcpServer } from '../support/tcp-server.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

/** One agent with a check of every type whose object a test can break and mend. */
const open = new AsyncDisposableStack();
const folder = mkdtempSync(join(tmpdir(), 'tocsin-types-'));
open.defer(() => rmSync(folder, { recursive: true }));
const full = join(folder, 'full');
const isRoot = process.getuid?.() === 0;
let webhook: ScriptedHttpServer;
let agent: TestAgent;
let isMailUp = true;
let isResolverUp = true;
let job: ChildProcess;

/** Seconds that nothing else on this host sleeps. */
const seconds = 1_000_000 + process.pid;

function plugin(name: string, code: number, says: string): void {
  writeFileSync(join(folder, name), `echo "${says}"; exit ${code}\n`);
}

function command(name: string): object {
  return { name, type: 'command', command: ['/bin/sh', join(folder, name)] };
}

function startJob(): void {
  job = spawn('/bin/sleep', [String(seconds)], { stdio: 'ignore' });
}

async function stopJob(): Promise<void> {
  job.kill('SIGKILL');
  await once(job, 'close');
}

beforeAll(async () => {
  webhook = open.use(await startWebhookServer());
  const tcp = open.use(
    await startTcpServer((socket) => socket.end(isMailUp ? '220 ready\r\n' : '421 busy\r\n')),
  );
  const dns = open.use(await startDnsServer(() => ({ rcode: isResolverUp ? 0 : 2 })));
  for (const name of ['queue', 'first', 'second']) plugin(name, 0, 'all is well');
  startJob();
  open.defer(() => stopJob());
  mkdirSync(full);
  if (isRoot) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', full]);
    open.defer(() => void execFileSync('umount', [full]));
  }
  const checks = [
    {
      name: 'mail',
      type: 'tcp',
      target: `127.0.0.1:${tcp.port}`,
      tcp: { query_response: [{ expect: '^220' }] },
    },
    { name: 'resolver', type: 'dns', target: dns.udp, dns: { query_name: 'example.com' } },
    command('queue'),
    { name: 'backup', type: 'heartbeat', every: '1h' },
    { name: 'report', type: 'heartbeat', every: '2s', grace: '0s' },
    { name: 'worker', type: 'process', process: { cmdline: `sleep ${seconds}` } },
    ...(isRoot ? [{ name: 'scratch', type: 'disk', path: full }] : []),
    command('first'),
    command('second'),
    { name: 'pair', type: 'group', of: ['first', 'second'], min_ok: 1 },
  ].map((check) => ({ ...check, interval: '500ms' }));
  const team = { webhook_configs: [{ url: webhook.origin }] };
  agent = open.use(await startAgent({ config: teamConfig(checks, team) }));
});

afterAll(() => open.disposeAsync());

interface Told {
  readonly status: string;
  readonly labels: { readonly alertname: string; readonly type: string };
  readonly annotations: { readonly description: string };
}

function toldOf(check: string): Told[] {
  return webhook.accepted
    .flatMap(({ body }) => (JSON.parse(body) as { alerts: Told[] }).alerts)
    .filter(({ labels }) => labels.alertname === check);
}

/** Breaks and mends; gives what was told of it: exactly one message each. */
async function outage(
  check: string,
  breaking: () => unknown,
  mending: () => unknown,
): Promise<string> {
  await reaches(agent, check, 'inactive');
  await breaking();
  await eventually(() => toldOf(check).length > 0, `${check} is told`);
  await mending();
  await eventually(() => toldOf(check).length > 1, `the end of ${check} is told`);
  await runsAgain(agent, check, 1);
  expect(toldOf(check).map(({ status }) => status)).toEqual(['firing', 'resolved']);
  return toldOf(check)[0]?.annotations.description ?? '';
}

test('a TCP service that says something else is told, and its recovery', async () => {
  const said = await outage(
    'mail',
    () => (isMailUp = false),
    () => (isMailUp = true),
  );
  expect(said).toContain('^220');
});

test('a name server that fails is told, and its recovery', async () => {
  const said = await outage(
    'resolver',
    () => (isResolverUp = false),
    () => (isResolverUp = true),
  );
  expect(said).toContain('SERVFAIL');
});

test('a plugin that exits with 2 is told with what it printed', async () => {
  const said = await outage(
    'queue',
    () => plugin('queue', 2, 'queue is stuck | depth=412;100;200'),
    () => plugin('queue', 0, 'queue moves'),
  );
  expect(said).toBe('queue is stuck');
});

test('a job that reports a failure is told, until it reports a success', async () => {
  const said = await outage(
    'backup',
    () => agent.post('/ping/backup/3', 'no space left on device'),
    () => agent.post('/ping/backup'),
  );
  expect(said).toMatch(/^the job failed with exit code 3 .* ago: no space left on device$/);
});

test('a job that does not report is told, until it does', async () => {
  await eventually(() => toldOf('report').length > 0, 'the missing report is told');
  await agent.post('/ping/report');
  await eventually(() => toldOf('report').length > 1, 'the report is told');
  const [missed, arrived] = toldOf('report');
  expect(missed?.annotations.description).toMatch(/^no report for .* late$/);
  expect(arrived?.status).toBe('resolved');
});

test('a process that is gone is told, until there is another', async () => {
  const said = await outage('worker', stopJob, startJob);
  expect(said).toMatch(/no process, wanted at least 1$/);
});

test.runIf(isRoot)('a file system that is full is told, until there is room', async () => {
  const file = join(full, 'log');
  const said = await outage(
    'scratch',
    () => writeFileSync(file, Buffer.alloc(1000 * 1024)),
    () => rmSync(file),
  );
  expect(said).toMatch(/\d+%/);
});

test('a group is told when too few of its members are left', async () => {
  const setBoth = (code: number): void => {
    for (const name of ['first', 'second']) plugin(name, code, `exits with ${code}`);
  };
  const said = await outage(
    'pair',
    () => setBoth(2),
    () => setBoth(0),
  );
  expect(said).toBe('0 of 2 up; down: first, second, wanted at least 1');
});
