import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { intoGroups, runInside } from './enter.ts';
import type { GuestGroup } from './group.ts';
import type { GuestRoot } from './root.ts';
import type { Init } from './tree.ts';

/** A guest between one boot and its end. */
export interface Machine {
  /** Its PID 1, as this machine counts. */
  readonly leader: number;
  readonly ended: Promise<unknown>;
  /** Ends it at once; without effect when it has ended. */
  readonly kill: () => Promise<void>;
}

export interface MachineOptions {
  readonly root: GuestRoot;
  readonly group: GuestGroup;
  readonly bind: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly init: Init;
  readonly capabilities: readonly string[];
}

/** A boot takes about a second; on a machine with more to do than it can, some more. */
const longestBootMs = 60_000;

/** By which command and answer of it an init says that it has started everything. */
const started: Record<Init, { readonly words: string; readonly answer: RegExp }> = {
  systemd: { words: 'systemctl is-system-running', answer: /^(?:running|degraded)$/m },
  openrc: { words: 'rc-status --runlevel', answer: /^default$/m },
  sysvinit: { words: 'runlevel', answer: /^N [2-5]$/m },
};

/** Boots the root; resolves once systemd has started what it has to, be it in vain. Throws with the console's words. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { root, group } = options;
  // Should the tests be killed, the guest is shut down.
  const entry = `nsenter --target=${root.holder} --mount --wd=/ -- setpriv --pdeathsig TERM`;
  const line = [...entry.split(' '), 'systemd-nspawn', ...nspawnOptions(options)];
  const child = spawn('sh', ['-c', intoGroups, 'sh', ...group.machine, '--', ...line], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    // Control groups of version 2 inside, whatever this machine has.
    env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
  });
  let console = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      console = (console + chunk.toString()).slice(-8000);
    });
  }
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const ended = once(child, 'close');
  let leader: number | undefined;
  const kill = async (): Promise<void> => {
    if (running()) process.kill(leader ?? child.pid ?? -1, 'SIGKILL');
    await ended;
  };
  for (const endMs = Date.now() + longestBootMs; running() && Date.now() < endMs; await delay(50)) {
    leader ??= firstProcess(child.pid ?? -1);
    if (leader === undefined) continue;
    const { words, answer } = started[options.init];
    const { stdout } = await runInside(leader, group.visitor, words.split(' '));
    if (answer.test(stdout)) return { leader, ended, kill };
  }
  await kill();
  throw new Error(`the guest did not boot:\n${console}`);
}

function nspawnOptions({ root, bind, hostname, capabilities }: MachineOptions): string[] {
  const always =
    '--quiet --boot --register=no --keep-unit --link-journal=no --resolv-conf=off --timezone=off';
  // What IPAddressDeny= and firewalls inside need; all of it ends at the guest's own network.
  const power = `--capability=${['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_PERFMON', ...capabilities].join()} --system-call-filter=bpf`;
  return [
    ...`${always} ${power}`.split(' '),
    `--hostname=${hostname}`,
    `--machine=${hostname}`,
    `--network-namespace-path=${root.network}`,
    ...Object.entries(bind).map(([inside, outside]) => `--bind=${outside}:${inside}`),
    `--directory=${root.folder}`,
  ];
}

/** The child of nspawn that is PID 1 of another namespace; undefined while there is none. */
function firstProcess(nspawn: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8');
    return children
      .split(' ')
      .filter(Boolean)
      .map(Number)
      .find((pid) => /^NSpid:.*\s1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
  } catch {
    return undefined;
  }
}
