/*
 * A Debian with systemd as its PID 1, booted in about a second: for what only shows on a real host. It lives in
 * namespaces of its own, sees no network but its own loopback, and has not this machine's power over clock and kernel.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, chmodSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { eventually } from '../eventually.ts';
import { type Commands, commandsIn } from './commands.ts';
import { runInside } from './enter.ts';
import { makeGroup, unifiedHierarchy } from './group.ts';
import { type Machine, startMachine } from './machine.ts';
import { holdRoot } from './root.ts';
import { startRelay } from './start-relay.ts';
import { debianMirror, keptTree, type Debian, type Init } from './tree.ts';

/** How long a test with a guest may take: the first one on a machine has to build the guests' root first. */
export const guestTimeoutMs = 400_000;

export interface GuestOptions {
  /** Which Debian; 12 unless told. */
  readonly debian?: Debian;
  /** Packages beside systemd, dbus, curl, iproute2, procps and chrony; each set is built once and kept. */
  readonly packages?: readonly string[];
  /** Files by path, there before the first boot. One that starts with `#!` may be run. */
  readonly files?: Readonly<Record<string, string>>;
  /** Paths of this machine, by the path where the guest sees them. */
  readonly bind?: Readonly<Record<string, string>>;
  readonly hostname?: string;
  /** Its PID 1; systemd unless told. */
  readonly init?: Init;
  /** Powers that a guest has not as a rule, such as `CAP_SYSLOG`. Never one that changes this machine. */
  readonly capabilities?: readonly string[];
}

export interface Guest extends Commands, AsyncDisposable {
  /** From now on, what listens on this port of 127.0.0.1 outside is reached inside by the same address. */
  readonly lend: (port: number) => Promise<void>;
  /** `systemctl reboot`, and back again on the same root. */
  readonly reboot: () => Promise<void>;
  /** All gone at once, nothing told: as when the power fails. */
  readonly cutPower: () => Promise<void>;
  /** `systemctl poweroff`, until it is off. */
  readonly halt: () => Promise<void>;
  /** Boots again after `cutPower` or `halt`. */
  readonly boot: () => Promise<void>;
  /** Stops every process of the guest, PID 1 included, where it stands; or lets them go on. */
  readonly freeze: (frozen: boolean) => void;
  /** Where the guest's network is, for `nsenter --net=`; the same after a reboot. */
  readonly network: string;
}

/** Why no guest can be booted here; undefined if one can. */
export function lacksGuest(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can boot a guest';
  const programs = ['mmdebstrap', 'systemd-nspawn', 'unshare', 'nsenter', 'setpriv', 'flock', 'ip'];
  const missing = missingProgram(programs);
  if (missing !== undefined) return `the program ${missing} is missing`;
  if (debianMirror() === undefined) return 'the sources of apt name no mirror of Debian';
  const root = unifiedHierarchy();
  if (root === undefined) return 'control groups of version 2 are not mounted';
  try {
    accessSync(root, constants.W_OK);
  } catch {
    return `${root} is read-only`;
  }
  const allowed = spawnSync('unshare', ['--mount', '--net', 'true']).status === 0;
  return allowed ? undefined : 'namespaces are not allowed here';
}

/** The first of these programs that is not there. */
export function missingProgram(programs: readonly string[]): string | undefined {
  return programs.find((name) => spawnSync('which', [name]).status !== 0);
}

let booted = 0;

/** Boots a guest from a copy that is thrown away with it. Resolves once its systemd has started everything. */
export async function bootGuest(options: GuestOptions = {}): Promise<Guest> {
  const root = await holdRoot(await keptTree(options));
  const group = makeGroup((booted += 1));
  const machineId = `${randomBytes(16).toString('hex')}\n`;
  for (const [path, text] of Object.entries({ '/etc/machine-id': machineId, ...options.files })) {
    const outside = root.outside(path);
    mkdirSync(dirname(outside), { recursive: true });
    writeFileSync(outside, text);
    if (text.startsWith('#!')) chmodSync(outside, 0o755);
  }
  const { bind = {}, hostname = 'guest', capabilities = [], init = 'systemd' } = options;
  const start = (): Promise<Machine> =>
    startMachine({ root, group, bind, hostname, capabilities, init });
  const relays: (() => Promise<void>)[] = [];
  const remove = async (): Promise<void> => {
    for (const close of relays) await close();
    await root.release();
    await eventually(() => group.remove(), 'the control groups of the guest are empty');
  };
  let machine: Machine;
  try {
    machine = await start();
  } catch (error) {
    await remove();
    throw error;
  }
  const leave = async (verb: string): Promise<void> => {
    const words = init === 'systemd' ? ['systemctl', '--no-block', verb] : [verb];
    await runInside(machine.leader, group.visitor, words);
    await machine.ended;
  };
  return {
    ...commandsIn((words, visit) => runInside(machine.leader, group.visitor, words, visit)),
    lend: async (port) => void relays.push(await startRelay(root.network, port)),
    reboot: async () => {
      await leave('reboot');
      machine = await start();
    },
    cutPower: () => machine.kill(),
    halt: () => leave('poweroff'),
    boot: async () => {
      machine = await start();
    },
    freeze: group.freeze,
    network: root.network,
    [Symbol.asyncDispose]: async () => {
      group.freeze(false);
      await machine.kill();
      await remove();
    },
  };
}
