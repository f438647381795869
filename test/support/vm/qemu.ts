import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awaitInside } from './inside.ts';
import { type JsonChannel, openChannel } from './json-channel.ts';

/** A running QEMU. */
export interface Qemu extends AsyncDisposable {
  /** QMP: commands to the machine. */
  readonly machine: JsonChannel;
  /** The QEMU guest agent: commands to what runs in it. */
  readonly inside: JsonChannel;
  /** A command of QEMU's monitor, such as `set_link n0 off`. Throws when it complains. */
  readonly monitor: (line: string) => Promise<void>;
  /** Where its only way to a network is, for `nsenter --net=`. */
  readonly network: string;
}

interface QemuOptions {
  /** The disk, as qcow2; it is written to. */
  readonly disk: string;
  /** A file that is its second disk, which it only reads. */
  readonly crate: string;
  readonly kernel: string;
  readonly initrd: string;
  /** The snapshot to go on from; without it the machine boots. */
  readonly snapshot?: string;
}

/** A boot takes half a minute in emulation; more when the machine that emulates is busy. */
export const longestBootMs = 180_000;

/** What the machine consists of; a snapshot fits these words only. The processor is emulated: that works everywhere. */
export const machineWords = [
  '-machine q35 -accel tcg,thread=multi,tb-size=256 -cpu max -smp 1 -m 1024 -nodefaults -display none',
  '-device virtio-rng-pci -device virtio-serial-pci',
  '-device virtserialport,chardev=inside,name=org.qemu.guest_agent.0',
  '-netdev user,id=n0 -device virtio-net-pci,netdev=n0',
].flatMap((line) => line.split(' '));

/** Starts a machine that has no network but its own; resolves once commands can be run in it. */
export async function startQemu(options: QemuOptions): Promise<Qemu> {
  const { disk, crate, kernel, initrd, snapshot } = options;
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-qemu-'));
  const socket = (name: string): string => join(folder, name);
  const own = [
    ['-kernel', kernel, '-initrd', initrd],
    ['-append', 'root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet'],
    ['-drive', `file=${disk},format=qcow2,if=virtio,cache=unsafe`],
    ['-drive', `file=${crate},format=raw,if=virtio,readonly=on`],
    ['-chardev', `socket,id=inside,path=${socket('inside')},server=on,wait=off`],
    ['-qmp', `unix:${socket('qmp')},server=on,wait=off`, '-serial', 'stdio'],
    snapshot === undefined ? [] : ['-loadvm', snapshot],
  ];
  // Should the tests be killed, it is killed with them.
  const entry = 'setpriv --pdeathsig KILL unshare --net sh -c'.split(' ');
  const line = [...entry, 'ip link set lo up; exec "$@"', 'sh', 'qemu-system-x86_64'];
  const [program = '', ...rest] = [...line, ...machineWords, ...own.flat()];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let console = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      console = (console + chunk.toString()).slice(-8000);
    });
  }
  const channels: JsonChannel[] = [];
  const end = async (): Promise<void> => {
    for (const channel of channels) channel.close();
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const open = async (name: string): Promise<JsonChannel> => {
    const channel = await openChannel(socket(name));
    channels.push(channel);
    return channel;
  };
  try {
    const machine = await open('qmp');
    await machine.ask('qmp_capabilities');
    const inside = await open('inside');
    await awaitInside(inside, longestBootMs);
    const monitor = async (command: string): Promise<void> => {
      const said = await machine.ask('human-monitor-command', { 'command-line': command });
      if (said !== '') throw new Error(`${command}: ${String(said)}`);
    };
    return {
      machine,
      inside,
      monitor,
      network: `/proc/${child.pid}/ns/net`,
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw new Error(`the virtual machine did not start: ${console}`, { cause: error });
  }
}
