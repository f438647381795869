import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { executable } from './agent.ts';
import { startChild } from './child.ts';
import { machineFacts } from './facts.ts';
import { medianMemory, type Memory } from './measure.ts';
import { factTable, figure, table } from './table.ts';
import { tell } from './tell.ts';

/** What the loop of shell needs, and the receiver that stands for systemd. */
export const loopPrograms = ['/usr/bin/curl', '/usr/bin/systemd-notify', '/usr/bin/python3'];

interface Cost {
  readonly looks: number;
  /** Of the process that stays and of all that it has started and that has ended. */
  readonly cpuSeconds: number;
  readonly memory: Memory;
}

/** A service that does nothing, and what watches it once a second. */
function watchers(url: string): Readonly<Record<string, readonly [string, ...string[]]>> {
  const loop = `sleep 100000 & while sleep 1; do
    curl --silent --fail --max-time 5 --output /dev/null ${url}loop && systemd-notify WATCHDOG=1
  done`;
  const words = ['watchdog', '--http', `${url}tocsin`, '--interval', '1s', '--'];
  return {
    'tocsin watchdog': [executable, ...words, '/bin/sleep', '100000'],
    'sh, curl and systemd-notify': ['/bin/sh', '-c', loop],
  };
}

/**
 * What watches a service costs beside it, in turn, as tables. Uses `directory`; all processes have ended when
 * it resolves. Throws when a watcher does not look.
 */
export async function measureWatchdog(directory: string, quick: boolean): Promise<string> {
  const seconds = quick ? 15 : 90;
  const seen = { looks: 0 };
  const server = createServer((_request, response) => {
    seen.looks += 1;
    response.end('well');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = join(directory, 'notify');
  const receiver = join(import.meta.dirname, '..', 'test', 'support', 'notify-receiver.py');
  await using _listener = startChild(
    'manager',
    ['/usr/bin/python3', receiver, socket],
    join(directory, 'manager.log'),
  );
  process.env['NOTIFY_SOCKET'] = socket;
  process.env['STATE_DIRECTORY'] = directory;
  const costs: [name: string, cost: Cost][] = [];
  for (const [name, line] of Object.entries(watchers(`http://127.0.0.1:${address.port}/`))) {
    tell(`${name}, for ${seconds} s`);
    await using child = startChild('watcher', line, join(directory, 'watcher.log'));
    await wait(5000);
    const before = { looks: seen.looks, cpu: cpuWithChildren(child.pid) };
    await wait(seconds * 1000);
    const looks = seen.looks - before.looks;
    if (looks < seconds / 3) throw new Error(`${name} looked ${looks} times in ${seconds} s`);
    const cpuSeconds = cpuWithChildren(child.pid) - before.cpu;
    const [memory] = await medianMemory([child.pid], 3);
    if (memory === undefined) throw new Error('the memory was not read');
    costs.push([name, { looks, cpuSeconds, memory }]);
  }
  server.close();
  server.closeAllConnections();
  return report(costs, seconds);
}

/** As `cpuSeconds`, with the children that were waited for. Source: proc_pid_stat(5), cutime and cstime. */
function cpuWithChildren(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

/** Seconds between two looks at `WatchdogSec=60`. */
const usualIntervalSeconds = 15;

function report(costs: readonly (readonly [string, Cost])[], seconds: number): string {
  const megabytes = (value: number): string => `${figure(value)} MiB`;
  const rows = costs.map(([name, { looks, cpuSeconds, memory }]) => {
    const perLook = cpuSeconds / looks;
    return [
      name,
      `${figure(perLook * 1000)} ms`,
      `${figure((perLook / usualIntervalSeconds) * 100)} %`,
      megabytes(memory.resident),
      megabytes(memory.private),
      megabytes(memory.anonymous),
    ];
  });
  const nothing = ['systemd alone', '0', '0', '0', '0', '0'];
  const head = ['', 'CPU per look', 'of a core at WatchdogSec=60', 'resident', 'USS', 'anonymous'];
  return [
    `One look a second for ${seconds} s, one after the other: ${costs.map(([, { looks }]) => looks).join(' and ')} looks.`,
    '',
    ...table([head, ...rows, nothing]),
    '',
    ...factTable(machineFacts(['tocsin'])),
  ].join('\n');
}
