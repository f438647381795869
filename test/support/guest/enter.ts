import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface Said {
  /** Null when it was ended by a signal, such as after the deadline. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Visit {
  /** Another user of the guest than root, with that user's groups. */
  readonly user?: string;
  /** What the command reads. */
  readonly input?: string;
  /** Files of more control groups to which it belongs, such as one with little memory. */
  readonly groups?: readonly string[];
  /** Half a minute unless told. */
  readonly timeoutMs?: number;
}

/** Moves the shell into the control groups of these files, then becomes the words after `--`. */
export const intoGroups =
  'while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift; exec "$@"';

/**
 * Runs a command in a guest, given the process that is its PID 1, with no more power than that process has. Entering
 * the namespaces alone would keep this machine's capabilities, by which the command could set this machine's clock.
 */
export async function runInside(
  leader: number,
  group: string,
  words: readonly string[],
  { user, input = '', groups = [], timeoutMs = 30_000 }: Visit = {},
): Promise<Said> {
  const line = [
    `nsenter --target=${leader} --mount --pid --uts --ipc --net --cgroup --root --wd --`,
    `setpriv --inh-caps=-all ${powerOf(leader)}`,
    user === undefined ? '' : identityOf(user, leader),
    'env --ignore-environment PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `HOME=${user === undefined ? '/root' : `/home/${user}`} TERM=dumb LC_ALL=C.UTF-8`,
    'SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat',
  ].flatMap((part) => part.split(' ').filter(Boolean));
  const child = spawn('sh', ['-c', intoGroups, 'sh', group, ...groups, '--', ...line, ...words], {
    timeout: timeoutMs,
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  // Past the deadline nobody waits for what it has left behind with its output open.
  child.once('exit', () => {
    if (child.killed) for (const stream of [child.stdout, child.stderr]) stream.destroy();
  });
  // A command that does not read its input has no need of it.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

/** The options of setpriv(1) for a user of the guest. */
function identityOf(user: string, leader: number): string {
  const lines = readFileSync(`/proc/${leader}/root/etc/passwd`, 'utf8').split('\n');
  const [, , uid, gid] = lines.find((line) => line.startsWith(`${user}:`))?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`the guest has no user ${user}`);
  return `--reuid=${uid} --regid=${gid} --init-groups`;
}

/** The option of setpriv(1) that takes away the capabilities which this process has and the guest has not. */
function powerOf(leader: number): string {
  const surplus = boundingSet('self') & ~boundingSet(leader);
  const names = Array.from({ length: 64 }, (_, bit) => BigInt(bit))
    .filter((bit) => ((surplus >> bit) & 1n) === 1n)
    .map((bit) => `-cap_${bit}`);
  return names.length === 0 ? '' : `--bounding-set=${names.join(',')}`;
}

function boundingSet(pid: number | 'self'): bigint {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
}
