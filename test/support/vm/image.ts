import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { commandsIn } from '../guest/commands.ts';
import { firstWord } from '../guest/root.ts';
import { keptTree } from '../guest/tree.ts';
import { runByAgent } from './inside.ts';
import { longestBootMs, machineWords, startQemu } from './qemu.ts';

/** What a virtual machine is started from. */
export interface VmImage {
  readonly kernel: string;
  readonly initrd: string;
  /** A disk with the snapshot `ready`. To be copied: a machine writes to its disk. */
  readonly disk: string;
}

/** The size of the second disk, which a snapshot remembers; the executable takes half of it. */
const crateBytes = 256 * 1024 * 1024;

const packages = [
  'linux-image-cloud-amd64',
  'initramfs-tools',
  'udev',
  'kmod',
  'qemu-guest-agent',
  'nfs-kernel-server',
  'nftables',
  'dmsetup',
];

const network = '[Match]\nName=eth*\n[Network]\nDHCP=yes\n';

/** What would come up by itself at some time, set the clock or slow down the boot: tests start what they need. */
const masked =
  `chrony chrony-wait e2scrub_reap getty@tty1 serial-getty@ttyS0 systemd-binfmt nfs-server nfs-blkmap
  nfsdcld nfs-idmapd rpc-statd-notify rpcbind`
    .split(/\s+/)
    .map((name) => `${name}.service`);
const maskedTimers = ['apt-daily', 'apt-daily-upgrade', 'dpkg-db-backup', 'e2scrub_all', 'fstrim'];

/** For debugfs(8): what is on the disk before it is booted for the first time. */
const alterations = [
  ...[...masked, ...maskedTimers.map((name) => `${name}.timer`), 'rpcbind.socket'].map(
    (name) => `symlink /etc/systemd/system/${name} /dev/null`,
  ),
  'symlink /etc/systemd/system/multi-user.target.wants/systemd-networkd.service /lib/systemd/system/systemd-networkd.service',
];

const preparation = `
  set -e
  timeout 120 systemctl is-system-running --wait || { systemctl --failed; systemctl list-jobs; exit 1; } >&2
  /lib/systemd/systemd-networkd-wait-online --timeout=60
  sync
  echo 3 > /proc/sys/vm/drop_caches
`;

/**
 * A Debian 12 with a kernel of its own, booted once and kept as it was when it had started, beside the trees of the
 * guests. Whoever comes while another makes it waits.
 */
export async function keptImage(): Promise<VmImage> {
  const tree = await keptTree({ packages });
  const boot = join(tree, 'boot');
  const newest = (prefix: string): string => {
    const name = readdirSync(boot).find((each) => each.startsWith(prefix));
    if (name === undefined) throw new Error(`${boot} has no ${prefix}*`);
    return join(boot, name);
  };
  const { stdout } = spawnSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' });
  const facts = [
    basename(tree),
    stdout,
    crateBytes,
    network,
    preparation,
    ...alterations,
    ...machineWords,
  ];
  const name = createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 12);
  const disk = join(dirname(tree), `vm-${name}.qcow2`);
  const image = { kernel: newest('vmlinuz-'), initrd: newest('initrd.img-'), disk };
  if (!existsSync(disk)) {
    const unlock = await lock(`${disk}.lock`);
    try {
      if (!existsSync(disk)) await make(image, tree);
    } finally {
      await unlock();
    }
  }
  return image;
}

async function make(image: VmImage, tree: string): Promise<void> {
  const raw = `${image.disk}.raw`;
  const partial = `${image.disk}.partial`;
  const crate = `${image.disk}.crate`;
  for (const path of [raw, partial, crate]) rmSync(path, { force: true });
  await finished('mke2fs', ['-q', '-t', 'ext4', '-L', 'root', '-d', tree, raw, '3G']);
  await finished('qemu-img', `create -q -f qcow2 -b ${raw} -F raw ${partial}`.split(' '));
  fillCrate(crate);
  const file = `${image.disk}.network`;
  writeFileSync(file, network);
  const lines = [...alterations, `write ${file} /etc/systemd/network/10-all.network`];
  for (const line of lines) await finished('debugfs', ['-w', '-R', line, raw]);
  rmSync(file);
  {
    await using qemu = await startQemu({ ...image, disk: partial, crate });
    const vm = commandsIn((words, visit) => runByAgent(qemu.inside, words, visit));
    const { code, stderr } = await vm.run(['sh', '-c', preparation], { timeoutMs: longestBootMs });
    if (code !== 0) throw new Error(`the virtual machine does not come up: ${stderr}`);
    await qemu.monitor('savevm ready');
  }
  rmSync(crate);
  renameSync(partial, image.disk);
}

/** Makes the file that is to be a second disk, empty or out of an archive, of the size that a snapshot expects. */
export function fillCrate(path: string): void {
  if (!existsSync(path)) writeFileSync(path, '');
  truncateSync(path, crateBytes);
}

/** Runs a program to its end; throws with what it complained of. */
export async function finished(program: string, words: readonly string[]): Promise<void> {
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${words.join(' ')}: ${code}\n${complaint}`);
}

/** A lock of the kernel's, which ends with whoever holds it. Returns how to give it up. */
async function lock(path: string): Promise<() => Promise<void>> {
  mkdirSync(dirname(path), { recursive: true });
  const child = spawn('flock', [path, 'sh', '-c', 'echo locked; read -r end || true']);
  const closed = once(child, 'close');
  await firstWord(child);
  return async () => {
    child.stdin.end();
    await closed;
  };
}
