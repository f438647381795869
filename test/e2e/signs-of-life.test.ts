import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { startNotifySocket } from '../support/notify-socket.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { teamConfig } from '../support/team-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const watchdogMs = 1000;

/** An agent that a service manager with a watchdog has started. */
async function startUnderManager(checks: object[] = []) {
  const notify = await startNotifySocket(join(temporaryFolder(), 'notify'));
  const agent = await startAgent({
    config: teamConfig(checks),
    env: { NOTIFY_SOCKET: notify.address, WATCHDOG_USEC: String(watchdogMs * 1000) },
  });
  onTestFinished(async () => agent[Symbol.asyncDispose]());
  const said = (): string[] => notify.told().flatMap(({ lines }) => lines);
  return { agent, notify, said };
}

test('it is ready once it serves, shows signs of life, and says how things stand', async (context) => {
  skipUnlessThere('/usr/bin/systemd-notify', context);
  const { notify, said, agent } = await startUnderManager([
    { name: 'broken', type: 'command', command: ['/bin/false'], debounce: { fail_after: 1 } },
  ]);
  await eventually(() => notify.count('READY=1') === 1, 'it says that it is ready');
  await eventually(() => notify.count('WATCHDOG=1') >= 4, 'it shows signs of life');
  await eventually(
    () => said().includes('STATUS=watching 2 checks, 1 firing: broken'),
    'it says what fires',
  );
  const times = notify.told().map(({ at }) => at);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(watchdogMs / 1000);
  agent.kill('SIGHUP');
  await eventually(() => notify.count('RELOADING=1') === 1, 'it says that it reloads');
  await eventually(() => notify.count('READY=1') === 2, 'it is ready again');
  agent.kill('SIGTERM');
  expect(await agent.exited).toEqual({ code: 0, signal: null });
  expect(notify.count('STOPPING=1')).toBe(1);
  expect(said().lastIndexOf('WATCHDOG=1')).toBeLessThan(said().indexOf('STOPPING=1'));
});

test('an agent that cannot run shows no sign of life', async (context) => {
  skipUnlessThere('/usr/bin/systemd-notify', context);
  const { notify, agent } = await startUnderManager();
  await eventually(() => notify.count('WATCHDOG=1') >= 1, 'a sign of life');
  agent.kill('SIGSTOP');
  await pause(3 * watchdogMs);
  agent.kill('SIGCONT');
  const before = notify.count('WATCHDOG=1');
  await eventually(() => notify.count('WATCHDOG=1') > before + 1, 'it lives again');
  const times = notify.told().map(({ at }) => at);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(Math.max(...gaps)).toBeGreaterThan((2 * watchdogMs) / 1000);
});

test('a plugin does not learn of the service manager', async (context) => {
  skipUnlessThere('/usr/bin/systemd-notify', context);
  const command = ['/bin/sh', '-c', 'echo "told of [$NOTIFY_SOCKET$WATCHDOG_USEC]"'];
  const { agent } = await startUnderManager([{ name: 'plugin', type: 'command', command }]);
  await eventually(
    async () => (await agent.get('/api/v1/checks/plugin')).body.includes('told of []'),
    'the plugin says who it was told of',
  );
});
