import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { specLook } from '../../../src/app/watchdog/check-look.ts';
import { chooseLook, type ChoiceOptions } from '../../../src/app/watchdog/choose-look.ts';
import type { ServiceLook } from '../../../src/app/watchdog/service-look.ts';
import { load } from '../../../src/app/load.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { eventually } from '../../support/eventually.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { gatewayToken, readyBody, startGateway } from '../../support/openclaw-gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** What the choice may look at, and the sentences that it told. */
function around(over: Partial<ChoiceOptions> = {}) {
  const told: string[] = [];
  const folder = temporaryFolder();
  const options: ChoiceOptions = {
    environment: { HOME: folder },
    cwd: folder,
    homeDirectory: folder,
    clock: systemClock(),
    configFile: join(folder, 'agent.config.yaml'),
    timeoutMs: 1000,
    isUnit: false,
    pid: () => undefined,
    say: (sentence) => void told.push(sentence),
    ...over,
  };
  if (over.configFile === undefined) writeFileSync(join(folder, 'agent.config.yaml'), '{}\n');
  return { options, told, folder };
}

async function chosen(command: readonly string[], options: ChoiceOptions): Promise<ServiceLook> {
  const choice = await chooseLook(command, options);
  if ('problems' in choice) throw new Error(choice.problems.join('\n'));
  onTestFinished(() => choice.close());
  return choice;
}

/** Runs a program in a group of its own for the length of the test. */
async function started(program: string, ...words: readonly string[]): Promise<number> {
  const child = spawn(program, words, { stdio: 'ignore', detached: true });
  const { pid = -1 } = child;
  const closed = once(child, 'close');
  onTestFinished(async () => {
    process.kill(-pid, 'SIGKILL');
    await closed;
  });
  return pid;
}

/** A script of Node that writes the port on which it answers into a file. */
function serverIn(folder: string, answer: string): { script: string; port: () => number } {
  const script = join(folder, 'server.cjs');
  const file = join(folder, 'port');
  writeFileSync(
    script,
    `const server = ${answer};
    server.listen(0, '127.0.0.1', () => {
      require('node:fs').writeFileSync(${JSON.stringify(file)}, String(server.address().port));
    });`,
  );
  return { script, port: () => Number(readFileSync(file, 'utf8')) };
}

const httpServer = `require('node:http').createServer((request, response) => {
  response.statusCode = 503;
  response.end();
})`;

test('a gateway is ready when it says so in JSON, and lives while it answers', async () => {
  const gateway = await startGateway();
  const environment = { OPENCLAW_STATE_DIR: gateway.stateFolder };
  const { options, told } = around({ environment });
  const { look } = await chosen(['openclaw', 'gateway', 'run'], options);
  expect(told).toEqual([
    `what decides: /startupz, then /health, of the OpenClaw gateway on port ${gateway.port}, which is from ${gateway.stateFolder}/openclaw.json (another way: --http URL, --tcp HOST:PORT or --check NAME)`,
  ]);
  const starting = { ok: false, status: 'starting', pendingReason: 'startup-sidecars' };
  gateway.answer('/startupz', { status: 503, body: starting });
  expect(await look('booting')).toMatchObject({
    status: 'critical',
    summary: `/startupz on port ${gateway.port} says starting (startup-sidecars)`,
  });
  // Whatever the code says: an unknown path gives the page of the gateway, with status 200.
  gateway.answer('/startupz', { status: 200, body: { ...starting, status: 'draining' } });
  expect((await look('booting')).status).toBe('critical');
  gateway.answer('/startupz', { status: 200, body: { ok: true, status: 'started', version: '9' } });
  expect((await look('booting')).summary).toBe(`OpenClaw 9 has started on port ${gateway.port}`);
  // A channel is no reason to restart a gateway, and starting again within its process is none either.
  gateway.answer('/readyz', { status: 503, body: { ready: false, failing: ['telegram'] } });
  gateway.answer('/startupz', { status: 503, body: starting });
  expect((await look('running')).status).toBe('ok');
  gateway.answer('/health', { status: 200, body: '<!doctype html>' });
  expect(await look('running')).toMatchObject({ status: 'critical', reason: 'body' });
  gateway.answer('/health', 'silence');
  expect(await look('running')).toMatchObject({ status: 'critical', reason: 'timeout' });
  await gateway.stop();
  expect(await look('running')).toMatchObject({ status: 'critical', reason: 'connect' });
});

test('a gateway too old for /startupz is ready when /health is live', async () => {
  const gateway = await startGateway();
  const { options } = around({ environment: { OPENCLAW_STATE_DIR: gateway.stateFolder } });
  const { look } = await chosen(['openclaw', 'gateway'], options);
  gateway.answer('/startupz', { status: 200, body: '<!doctype html>' });
  expect((await look('booting')).summary).toBe(`OpenClaw answers on port ${gateway.port}`);
});

test('channels that the restart breaker has switched off are told, and no reason to restart', async () => {
  const gateway = await startGateway();
  const { options } = around({ environment: { OPENCLAW_STATE_DIR: gateway.stateFolder } });
  const { look } = await chosen(['openclaw', 'gateway'], options);
  gateway.answer('/readyz', { status: 200, body: readyBody({ suppressed: ['telegram'] }) });
  const found = await look('running');
  expect(found.status).toBe('warning');
  expect(found.summary).toMatch(/restart breaker .* has switched off telegram/);
});

test('the port is that of the option, the variable, .env or the settings, and followed when it changes', async () => {
  const gateway = await startGateway();
  const { stateFolder } = gateway;
  const environment = { OPENCLAW_STATE_DIR: stateFolder };
  const line = ['openclaw', 'gateway'];
  const { options, told } = around({ environment });
  const { look } = await chosen(line, options);
  await gateway.write('openclaw.json', '{ gateway: { port: 1 } }');
  expect((await look('running')).summary).toContain('127.0.0.1:1');
  await gateway.write('.env', `OPENCLAW_GATEWAY_PORT=2\n`);
  expect((await look('running')).summary).toContain('127.0.0.1:2');
  const three = { ...options, environment: { ...environment, OPENCLAW_GATEWAY_PORT: '3' } };
  expect((await (await chosen(line, three)).look('running')).summary).toContain('127.0.0.1:3');
  const four = await chosen([...line, '--port', '4'], three);
  expect((await four.look('running')).summary).toContain('127.0.0.1:4');
  expect(told.at(-1)).toContain('on port 4, which is from --port');
  await gateway.write('.env', '');
  await gateway.write('openclaw.json', 'nonsense');
  await chosen(line, options);
  expect(told.at(-1)).toContain('on port 18789, which is from the usual one');
});

test('a gateway is asked what a restart would interrupt, with its own token and the right to read', async () => {
  const gateway = await startGateway();
  const { options } = around({ environment: { OPENCLAW_STATE_DIR: gateway.stateFolder } });
  const { blockers } = await chosen(['openclaw', 'gateway'], options);
  expect(await blockers?.()).toEqual([]);
  const payload = {
    safe: false,
    counts: { totalActive: 2 },
    blockers: [
      { kind: 'embedded-run', count: 2, message: '2 active embedded run(s)' },
      { kind: 'task', message: 'taskId=1f91ca0f status=running title=what nobody may see' },
      { kind: 'What nobody may see', count: 'x' },
    ],
    summary: 'restart deferred',
  };
  gateway.calls.set('gateway.restart.preflight', payload);
  expect(await blockers?.()).toEqual(['2 × embedded-run', '1 × task', '1 × work']);
  await eventually(() => gateway.connections().open === 0, 'nothing is left open');
  gateway.greeting = 'silent';
  expect(await blockers?.()).toEqual([]);
  await gateway.write('openclaw.json', `{ gateway: { port: ${gateway.port} } }`);
  expect(await blockers?.()).toEqual([]);
});

test('a check openclaw ends nothing but a gateway that does not answer', async () => {
  const gateway = await startGateway();
  const { options, folder } = around();
  const file = join(folder, 'agent.config.yaml');
  writeFileSync(
    file,
    `checks: [{ name: claw, type: openclaw, state_dir: ${gateway.stateFolder}, token: ${gatewayToken} }]\n`,
  );
  const loading = await load(file, options);
  if (!loading.ok) throw new Error(loading.problems.join('\n'));
  const { config } = loading.loaded;
  const [spec] = config.checks;
  if (spec === undefined) throw new Error('no check');
  const { look } = specLook(spec, config, ['/bin/sh', '-c', 'sleep 1'], options);
  await gateway.write('state/openclaw.sqlite', 'destroyed');
  gateway.answer('/readyz', { status: 503, body: { ready: false, failing: ['telegram'] } });
  expect((await look('running')).summary).toBe(`OpenClaw answers on port ${gateway.port}`);
  gateway.answer('/health', 'silence');
  expect((await look('running')).reason).toBe('timeout');
});

test('a check of the configuration that is meant for the service decides', async () => {
  const { options, told, folder } = around();
  writeFileSync(
    join(folder, 'agent.config.yaml'),
    `checks:
  - { name: disk, type: disk }
  - { name: bot, type: systemd, unit: bot.service }
  - { name: serve, type: file, path: ${folder}/here }
`,
  );
  const { look } = await chosen(['/usr/local/bin/serve', '--fast'], options);
  expect(told[0]).toContain(
    'what decides: the check serve of the configuration, which has the name of the program',
  );
  expect((await look('running')).status).toBe('critical');
  writeFileSync(join(folder, 'here'), '');
  expect((await look('running')).status).toBe('ok');
});

test('a configuration that is broken stops only a service whose command names it', async () => {
  const { options, told, folder } = around();
  const file = join(folder, 'agent.config.yaml');
  writeFileSync(file, 'checks: 5\n');
  expect(await chooseLook(['/bin/serve'], options)).toMatchObject({
    problems: [expect.stringContaining('agent.config.yaml:1')],
  });
  const unnamed = await chooseLook(['/bin/serve'], { ...options, configFile: undefined });
  expect(unnamed).toHaveProperty('look');
  expect(told[0]).toMatch(
    /^the configuration of the agent is not looked into: .*agent.config.yaml:1/,
  );
});

test('of a service that nobody knows, the port on which a process of it answers decides', async () => {
  const { options, told, folder } = around();
  const server = serverIn(folder, httpServer);
  const run = join(folder, 'run.sh');
  writeFileSync(run, `#!/bin/sh\n${process.execPath} ${server.script} &\nwait\n`);
  chmodSync(run, 0o755);
  const pid = await started(run);
  const { look } = await chosen([run], { ...options, pid: () => pid });
  await eventually(async () => (await look('booting')).status === 'ok', 'it answers');
  expect(told).toEqual([
    `what decides: 127.0.0.1:${server.port()}, where it listens: any answer to GET / (another way: --http URL, --tcp HOST:PORT or --check NAME)`,
  ]);
  expect((await look('running')).summary).toBe(`127.0.0.1:${server.port()} answers`);
  // The kernel goes on to take connections for a process that stands still.
  process.kill(-pid, 'SIGSTOP');
  expect(await look('running')).toMatchObject({ status: 'critical', reason: 'timeout' });
  process.kill(-pid, 'SIGCONT');
  expect((await look('running')).status).toBe('ok');
});

test('a service that says nothing is known by taking connections', async () => {
  const { options, told, folder } = around();
  const server = serverIn(folder, `require('node:net').createServer(() => undefined)`);
  const pid = await started(process.execPath, server.script);
  const { look } = await chosen(['serve'], { ...options, pid: () => pid });
  await eventually(async () => (await look('booting')).status === 'ok', 'it takes connections');
  expect(told[0]).toContain('a connection, which a service that hangs may still take');
});

test('a service without a port is ready after 20 s, and fails only when it was stopped', async () => {
  const clock = createFakeClock();
  const { options, told } = around({ clock });
  const pid = await started('/bin/sleep', '300');
  const { look } = await chosen(['/bin/sleep', '300'], { ...options, pid: () => pid });
  expect(await look('booting')).toMatchObject({ status: 'critical', reason: 'missing' });
  await clock.advance(19_000);
  expect((await look('booting')).status).toBe('critical');
  await clock.advance(1000);
  expect(await look('booting')).toMatchObject({ status: 'ok', summary: `process ${pid} runs` });
  await clock.advance(15_000);
  await look('running');
  expect(told).toEqual([
    'what decides: only that it runs, which shows no hang (the service listens on no TCP port) (another way: --http URL, --tcp HOST:PORT or --check NAME)',
  ]);
  process.kill(pid, 'SIGSTOP');
  await eventually(
    async () => (await look('running')).summary === `process ${pid} was stopped`,
    'it is seen to stand still',
  );
});
