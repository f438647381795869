/*
 * A virtual machine with a Debian: for what a guest (test/support/guest) cannot give, because it takes a kernel of
 * its own. Limits of memory, processor and tasks count in it, its clock may be set, it can stand still as when it is
 * suspended, and its cable can be pulled. It goes on from a snapshot, in some seconds; everything in it is slow.
 */
import {
  copyFileSync,
  constants,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import { type Commands, commandsIn } from '../guest/commands.ts';
import { missingProgram } from '../guest/guest.ts';
import { startRelay } from '../guest/start-relay.ts';
import { debianMirror } from '../guest/tree.ts';
import { fillCrate, finished, keptImage } from './image.ts';
import { awaitInside, runByAgent } from './inside.ts';
import { longestBootMs, startQemu } from './qemu.ts';

/** How long a test with a virtual machine may take: the first one on a machine makes the image. */
export const vmTimeoutMs = 500_000;

/** Under which address a virtual machine reaches the ports that it was lent. */
export const lender = '10.0.2.2';

export interface VmOptions {
  /** Files by path. One that starts with `#!` may be run. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files of this machine that are copied into it, by the path there. */
  readonly copies?: Readonly<Record<string, string>>;
}

export interface Vm extends Commands, AsyncDisposable {
  /** From now on, what listens on this port of 127.0.0.1 outside is reached inside by `10.0.2.2`. */
  readonly lend: (port: number) => Promise<void>;
  /** `systemctl reboot`, until it has started again. Half a minute. */
  readonly reboot: () => Promise<void>;
  /** Plugs the cable of its network in, or pulls it. */
  readonly plug: (plugged: boolean) => Promise<void>;
  /** Lets it stand still for that long, its clocks included, as when its host is suspended. */
  readonly pause: (ms: number) => Promise<void>;
  /** Suspends it to memory by its own kernel for that long, and wakes it: its date goes on, its other clocks do not. */
  readonly sleep: (ms: number) => Promise<void>;
  /** The network through which it reaches what it was lent, for `nsenter --net=`. */
  readonly network: string;
}

/** Why no virtual machine can be had here; undefined if one can. */
export function lacksVm(): string | undefined {
  if (process.arch !== 'x64') return 'the virtual machine is one for x64';
  if (process.getuid?.() !== 0) return 'only root can make the image of a virtual machine';
  const programs =
    'qemu-system-x86_64 qemu-img mke2fs debugfs mmdebstrap unshare nsenter setpriv flock ip tar';
  const missing = missingProgram(programs.split(' '));
  if (missing !== undefined) return `the program ${missing} is missing`;
  return debianMirror() === undefined ? 'the sources of apt name no mirror of Debian' : undefined;
}

/** Goes on from the snapshot of a Debian that has just started, on a disk that is thrown away with it. */
export async function startVm({ files = {}, copies = {} }: VmOptions = {}): Promise<Vm> {
  const image = await keptImage();
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-vm-'));
  const disk = join(folder, 'disk.qcow2');
  const crate = join(folder, 'crate');
  const relays: (() => Promise<void>)[] = [];
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rmSync(folder, { recursive: true, force: true }));
  copyFileSync(image.disk, disk, constants.COPYFILE_FICLONE);
  await pack(join(folder, 'stage'), crate, files, copies);
  const qemu = undo.use(await startQemu({ ...image, disk, crate, snapshot: 'ready' }));
  // QEMU has its disks open: nothing of them is left, however the tests end.
  rmSync(folder, { recursive: true });
  undo.defer(async () => {
    for (const close of relays) await close();
  });
  const commands = commandsIn((words, visit) => runByAgent(qemu.inside, words, visit));
  // It believes that it is still the time of the snapshot, and that the second disk is the one it knew.
  await commands.say('date', '--set', `@${Date.now() / 1000}`);
  await commands.shell(
    'blockdev --flushbufs /dev/vdb; tar --extract --no-overwrite-dir --directory=/ --file=/dev/vdb',
  );
  const keep = undo.move();
  return {
    ...commands,
    lend: async (port) => void relays.push(await startRelay(qemu.network, port)),
    async reboot() {
      const bootId = async (): Promise<string> => commands.read('/proc/sys/kernel/random/boot_id');
      const before = await bootId();
      await commands.run(['systemctl', '--no-block', 'reboot']);
      do await awaitInside(qemu.inside, longestBootMs);
      while ((await bootId().catch(() => before)) === before);
      await commands.shell('systemctl is-system-running --wait || true');
    },
    plug: async (plugged) => qemu.monitor(`set_link n0 ${plugged ? 'on' : 'off'}`),
    async pause(ms) {
      await qemu.machine.ask('stop');
      await delay(ms);
      await qemu.machine.ask('cont');
    },
    async sleep(ms) {
      // Its answer is not waited for: what is asked of a machine that falls asleep is lost.
      const arg = ['-c', 'sleep 1; echo mem > /sys/power/state'];
      await qemu.inside.ask('guest-exec', { path: '/bin/sh', arg });
      const isAsleep = async (): Promise<boolean> =>
        ((await qemu.machine.ask('query-status')) as { status: string }).status === 'suspended';
      await eventually(isAsleep, 'it sleeps', 60_000);
      await delay(ms);
      await qemu.machine.ask('system_wakeup');
      await awaitInside(qemu.inside, longestBootMs);
    },
    network: qemu.network,
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}

/** Puts the files into an archive that is a second disk. */
async function pack(
  stage: string,
  crate: string,
  files: NonNullable<VmOptions['files']>,
  copies: NonNullable<VmOptions['copies']>,
): Promise<void> {
  mkdirSync(stage);
  const place = (path: string): string => {
    const outside = join(stage, path);
    mkdirSync(dirname(outside), { recursive: true });
    return outside;
  };
  for (const [path, text] of Object.entries(files)) {
    writeFileSync(place(path), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
  for (const [path, outside] of Object.entries(copies)) symlinkSync(outside, place(path));
  const options = '--create --dereference --owner=0 --group=0 --mode=go=rX';
  await finished('tar', [...options.split(' '), `--directory=${stage}`, `--file=${crate}`, '.']);
  fillCrate(crate);
}
