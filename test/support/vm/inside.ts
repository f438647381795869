import { setTimeout as delay } from 'node:timers/promises';
import type { Said, Visit } from '../guest/enter.ts';
import type { JsonChannel } from './json-channel.ts';

interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

/** Resolves once the QEMU guest agent answers, after a start, a boot or a restored snapshot. */
export async function awaitInside(agent: JsonChannel, timeoutMs: number): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    // An answer that bears another number is one to an older question.
    const id = Math.floor(Math.random() * 1e9);
    const answer = await agent.ask('guest-sync', { id }, 1000).catch(() => undefined);
    if (answer === id) return;
    if (Date.now() > endMs) throw new Error('the virtual machine does not answer');
  }
}

/** Runs a command in a virtual machine by its QEMU guest agent: no network and no login is needed for it. */
export async function runByAgent(
  agent: JsonChannel,
  words: readonly string[],
  { user, input = '', timeoutMs = 180_000 }: Visit = {},
): Promise<Said> {
  const line = [
    ...`timeout --signal=KILL ${timeoutMs / 1000} env --ignore-environment`.split(' '),
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...'HOME=/root TERM=dumb LC_ALL=C.UTF-8 SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat'.split(' '),
    ...(user === undefined ? [] : ['runuser', `--user=${user}`, '--']),
    ...words,
  ];
  const [path, ...rest] = line;
  const { pid } = (await agent.ask('guest-exec', {
    path,
    arg: rest,
    'input-data': Buffer.from(input).toString('base64'),
    'capture-output': true,
  })) as { pid: number };
  for (let pauseMs = 20; ; pauseMs = Math.min(2 * pauseMs, 500)) {
    const status = (await agent.ask('guest-exec-status', { pid })) as ExecStatus;
    if (status.exited) {
      return {
        code: status.exitcode ?? null,
        stdout: decoded(status['out-data']),
        stderr: decoded(status['err-data']),
      };
    }
    // The agent writes a line into the journal for each time it is asked.
    await delay(pauseMs);
  }
}

function decoded(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
