/*
 * A Debian that nobody has booted: the files of a guest under a layer in memory, processes and mounts of its own, and
 * one script of the shell that runs in it as root. It is there in a few hundredths of a second, and all of it is gone
 * when the script ends: for what can be tried without a service manager, hundreds of times.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Said } from './enter.ts';

interface UnbootedOptions {
  /** The folder with the files: `keptTree`. */
  readonly tree: string;
  /** Paths of this machine, by the path where the script sees them. */
  readonly bind?: Readonly<Record<string, string>>;
  /** What an earlier script left, as `keep` has it. */
  readonly layer?: string;
  /** An empty folder that takes what the script has changed. */
  readonly keep?: string;
  /** Two minutes unless told. */
  readonly timeoutMs?: number;
}

/** `$1` is where it is put together, `$2` the tree, `$3` a layer, `$4` where to keep it; pairs to bind; `--`; the script. */
const assemble = `
  set -e
  place=$1 tree=$2 layer=$3 keep=$4
  shift 4
  mount -t tmpfs -o size=1g,mode=755 tmpfs "$place"
  mkdir "$place/upper" "$place/work" "$place/root"
  if [ -n "$layer" ]; then cp -a "$layer/." "$place/upper"; fi
  mount -t overlay -o "lowerdir=$tree,upperdir=$place/upper,workdir=$place/work" overlay "$place/root"
  mount -t proc proc "$place/root/proc"
  while [ "$1" != -- ]; do
    mkdir -p "$place/root$1"
    mount --bind -o ro "$2" "$place/root$1"
    shift 2
  done
  status=0
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 chroot "$place/root" sh -c "$2" || status=$?
  if [ -n "$keep" ]; then cp -a "$place/upper/." "$keep"; fi
  exit $status
`;

/** Runs the script as root of a new copy of the tree, without a network. */
export async function runUnbooted(
  script: string,
  { tree, bind = {}, layer = '', keep = '', timeoutMs = 120_000 }: UnbootedOptions,
): Promise<Said> {
  const place = mkdtempSync(join(tmpdir(), 'tocsin-unbooted-'));
  // With the first process of the new namespace every other one ends.
  const own = '--mount --net --pid --ipc --fork --kill-child --propagation private'.split(' ');
  const words = ['sh', place, tree, layer, keep, ...Object.entries(bind).flat(), '--', script];
  const child = spawn('unshare', [...own, 'sh', '-c', assemble, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  rmdirSync(place);
  return { code, ...said };
}
