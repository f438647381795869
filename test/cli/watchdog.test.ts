import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openKillBrake } from '../../src/app/watchdog/kill-brake.ts';
import { runCommand } from '../support/command-line.ts';
import { eventually } from '../support/eventually.ts';
import { startHttpServer } from '../support/http-server.ts';
import { startNotifySocket } from '../support/notify-socket.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'tocsin.ts');

/** A shell script under `tocsin watchdog`, with a service whose health the test decides. */
async function watched(
  script: string,
  options: {
    readonly watchdogMs?: number;
    readonly address?: string;
    readonly path?: string;
    readonly folder?: string;
    /** What decides; by default the answer of `health`. */
    readonly words?: readonly string[];
    /** Instead of the shell with its script. */
    readonly command?: readonly string[];
  } = {},
) {
  const folder = options.folder ?? temporaryFolder();
  const health = { status: 503 };
  const server = await startHttpServer((_request, response) => {
    response.statusCode = health.status;
    response.end();
  });
  onTestFinished(async () => server[Symbol.asyncDispose]());
  const notify = await startNotifySocket(options.address ?? join(temporaryFolder(), 'notify'));
  const { words = ['--http', server.url], command = ['/bin/sh', '-c', script] } = options;
  const child = spawn(process.execPath, [program, 'watchdog', ...words, '--', ...command], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: options.path ?? '/usr/bin:/bin',
      HOME: folder,
      STATE_DIRECTORY: folder,
      NOTIFY_SOCKET: notify.address,
      WATCHDOG_USEC: String((options.watchdogMs ?? 2000) * 1000),
    },
  });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  }
  const kill = (signal: NodeJS.Signals): boolean => child.kill(signal);
  // Reading its own sources takes seconds on a machine that has other things to do.
  if (options.path === undefined) await eventually(() => notify.told().length > 0, 'it runs');
  return { folder, health, notify, said: () => said, ended, kill };
}

const forEver = 'while :; do sleep 0.05; done';

test('a service is ready after its first pass, and shows life only while its check passes', async (context) => {
  skipUnlessThere('/usr/bin/systemd-notify', context);
  const { health, notify, said } = await watched(forEver, { watchdogMs: 6000 });
  const extensions = () =>
    notify.told().filter(({ lines }) => lines.some((line) => line.startsWith('EXTEND_TIMEOUT')));
  await eventually(() => extensions().length >= 2, 'it asks for time to start');
  expect(notify.count('READY=1') + notify.count('WATCHDOG=1')).toBe(0);
  health.status = 200;
  await eventually(() => notify.count('WATCHDOG=1') >= 3, 'signs of life');
  expect(notify.count('READY=1')).toBe(1);
  const first = notify.told().findIndex(({ lines }) => lines.includes('READY=1'));
  expect(notify.told()[first]?.lines).toContain('WATCHDOG=1');
  health.status = 500;
  await eventually(() => said().includes('fails: '), 'the failure is told');
  const before = notify.count('WATCHDOG=1');
  const toldBefore = notify.told().length;
  await eventually(() => notify.told().length >= toldBefore + 1, 'failing looks');
  expect(notify.count('WATCHDOG=1')).toBe(before);
  expect(notify.told().at(-1)?.lines.join()).toMatch(/^STATUS=no sign of life for .*500/);
  health.status = 200;
  await eventually(() => notify.count('WATCHDOG=1') > before, 'signs of life again');
  expect(notify.count('READY=1')).toBe(1);
});

test('exit code 78 is kept, and what the service leaves behind is ended', async (context) => {
  skipUnlessThere('/usr/bin/systemd-notify', context);
  const { folder, ended } = await watched('sleep 300 & echo $! > left; exit 78');
  expect(await ended).toEqual([78, null]);
  const left = Number(readFileSync(join(folder, 'left'), 'utf8'));
  const isAlive = () => {
    // Nobody may have collected its exit code yet; then it is a zombie.
    const stat = `/proc/${left}/stat`;
    return existsSync(stat) && !/\) Z/.test(readFileSync(stat, 'utf8'));
  };
  expect(left).toBeGreaterThan(0);
  expect(isAlive()).toBe(false);
});

test('signals are passed on, stopping is told with more time, and the own socket is not inherited', async (context) => {
  skipUnlessThere('/usr/bin/systemd-notify', context);
  const address = `@tocsin-test-${process.pid}`;
  const script = [
    'trap "echo reloaded" HUP',
    'trap "sleep 1; echo ended; exit 3" TERM',
    'echo "socket:$NOTIFY_SOCKET."',
    forEver,
  ].join('\n');
  const { health, notify, said, ended, kill } = await watched(script, { address });
  health.status = 200;
  await eventually(() => notify.count('READY=1') === 1, 'ready');
  expect(said()).toContain('socket:.');
  kill('SIGHUP');
  await eventually(() => said().includes('reloaded'), 'SIGHUP reaches the service');
  kill('SIGTERM');
  expect(await ended).toEqual([3, null]);
  expect(said()).toContain('ended');
  const stopping = notify.told().find(({ lines }) => lines.includes('STOPPING=1'));
  expect(stopping?.lines.join()).toMatch(/EXTEND_TIMEOUT_USEC=\d+/);
  expect(said().match(/ended/g)).toHaveLength(1);
});

test('a service that a signal to end has ended counts as ended well, as systemd counts it', async (context) => {
  skipUnlessThere('/usr/bin/systemd-notify', context);
  const { health, notify, ended, kill } = await watched('exec sleep 300');
  health.status = 200;
  await eventually(() => notify.count('READY=1') === 1, 'ready');
  kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('what fails for as long as WatchdogSec= is ended in order and told as a kill of the watchdog; the third within minutes is held back', async (context) => {
  skipUnlessThere('/usr/bin/systemd-notify', context);
  const script = `trap "echo in order; exit 0" TERM; ${forEver}`;
  const folder = temporaryFolder();
  const command = ['/bin/sh', '-c', script];
  // Before it starts: what is counted is read once.
  const earlier = await openKillBrake(folder, command);
  expect(await earlier.note(Date.now() - 60_000)).toBeUndefined();
  const options = { watchdogMs: 1200, folder };
  const { health, notify, said, ended } = await watched(script, options);
  health.status = 200;
  await eventually(() => notify.count('READY=1') === 1, 'ready');
  health.status = 500;
  expect(await ended).toEqual([1, null]);
  expect(said()).toMatch(/fails: .*500[^]*asked to end: .*500[^]*in order/);
  expect(notify.told().at(-1)?.lines[0]).toBe('WATCHDOG=trigger');
  const brake = await openKillBrake(folder, command);
  expect(brake.heldUntil(Date.now())).toBeGreaterThan(Date.now() + 250_000);
  expect(brake.heldUntil(Date.now() + 301_000)).toBeUndefined();
  const again = await watched(script, options);
  again.health.status = 200;
  await eventually(() => again.notify.count('READY=1') === 1, 'ready again');
  again.health.status = 500;
  await eventually(() => again.said().includes('ended too often of late'), 'the brake is told');
  const before = again.notify.count('WATCHDOG=1');
  await eventually(() => again.notify.count('WATCHDOG=1') > before + 3, 'left as it is');
});

test('a command alone is enough: what it listens on is found, and told in one line', async (context) => {
  skipUnlessThere('/usr/bin/systemd-notify', context);
  const folder = temporaryFolder();
  const script = join(folder, 'serve.cjs');
  const answer = `const server = require('node:http').createServer((request, response) => response.end());
    server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));`;
  writeFileSync(script, answer);
  const options = { words: [], command: [process.execPath, script], folder, watchdogMs: 4000 };
  const { notify, said, kill, ended } = await watched('', options);
  await eventually(() => notify.count('READY=1') === 1, 'ready');
  await eventually(() => notify.count('WATCHDOG=1') >= 2, 'signs of life');
  const [, port] = /port (\d+)/.exec(said()) ?? [];
  const lines = said()
    .split('\n')
    .filter((line) => line.startsWith('tocsin: what decides'));
  expect(lines).toEqual([
    `tocsin: what decides: 127.0.0.1:${port}, where it listens: any answer to GET /health (another way: --http URL, --tcp HOST:PORT or --check NAME)`,
  ]);
  kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('a check of a configuration decides with -c and --check', async (context) => {
  skipUnlessThere('/usr/bin/systemd-notify', context);
  const folder = temporaryFolder();
  const [file, wanted] = [join(folder, 'own.yaml'), join(folder, 'wanted')];
  writeFileSync(file, `checks: [{ name: here, type: file, path: ${wanted} }]\n`);
  const options = { words: ['-c', file, '--check', 'here'], folder, watchdogMs: 3000 };
  const { notify, said, ended } = await watched(forEver, options);
  await eventually(
    () => notify.told().some(({ lines }) => lines.join().includes('STATUS=starting: ')),
    'it waits',
  );
  expect(notify.count('READY=1')).toBe(0);
  writeFileSync(wanted, '');
  await eventually(() => notify.count('READY=1') === 1, 'ready');
  rmSync(wanted);
  // The shell has no handler for SIGTERM, so that the signal ends it.
  expect(await ended).toEqual([1, null]);
  expect(said()).not.toContain('what decides');
});

test('without systemd-notify the service is not started, with the code that stops restarts', async () => {
  const { said, ended } = await watched('echo started', { path: '/nowhere' });
  expect(await ended).toEqual([78, null]);
  expect(said()).toBe(
    'tocsin: systemd-notify cannot be started (ENOENT): it comes with the package systemd\n',
  );
});

test.each([
  [['--tcp', '127.0.0.1:1'], 'the command to run stands behind "--"'],
  [['--check', 'nothing', '--', 'true'], 'no check named nothing that can be looked at'],
  [['--tcp', 'a:1', '--http', 'http://a', '--', 'true'], 'what decides is one of'],
  [['--tcp', 'a:1', '--boot', '10s', '--', 'true'], '--boot is at least 1m'],
  [['--tcp', 'a:1', '--stop', 'soon', '--', 'true'], '--stop is a duration such as 30s'],
])('watchdog %j is refused: %s', async (words, sentence) => {
  const said = await runCommand(['watchdog', ...words]);
  expect(said.code).toBe(64);
  expect(said.stderr).toContain(sentence);
});

test('outside of a service manager the command runs all the same, and says so', async () => {
  const folder = temporaryFolder();
  const said = await runCommand(['watchdog', '--tcp', '127.0.0.1:1', '--', 'sh', '-c', 'exit 5'], {
    environment: { PATH: '/usr/bin:/bin', STATE_DIRECTORY: folder },
  });
  expect(said.code).toBe(5);
  expect(said.stderr).toContain('no service manager listens');
});

test('a command that is not there ends with 127 and its name', async () => {
  const said = await runCommand(['watchdog', '--tcp', '127.0.0.1:1', '--', '/no/such'], {
    environment: { STATE_DIRECTORY: temporaryFolder() },
  });
  expect(said.code).toBe(127);
  expect(said.stderr).toContain('/no/such: there is no such command');
});
