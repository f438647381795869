/*
 * The installer on a Debian that is not booted, ended by a signal at a command of a given number. Every program that
 * it can call stands behind one that counts. What a service manager would start and stop is started and stopped by a
 * stand-in of `systemctl`, as there is none; what `systemctl` does to files it does itself.
 */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptTree } from '../guest/tree.ts';
import { runUnbooted } from '../guest/unbooted.ts';
import { printFootprint, releasesInside } from './installer.ts';

/** Takes its number, and at its turn sends the signal before it becomes the program of its name. */
const counter = `#!/bin/sh
PATH=/srv/own:/usr/sbin:/usr/bin:/sbin:/bin
read -r number < /run/next
set -C
until echo "\${0##*/} $*" > "/run/counted/\${number:=1}"; do number=$((number + 1)); done 2>/dev/null
set +C
echo $((number + 1)) > /run/next
read -r at signal whom < /run/cut
if [ "$number" = "$at" ]; then kill -s "$signal" -- "$whom$INSTALLER"; fi
exec "\${0##*/}" "$@"
`;

const manager = `#!/bin/sh
end_agent() {
  [ -s /run/agent ] || return 0
  read -r agent < /run/agent
  rm -f /run/agent
  kill "$agent" 2>/dev/null
  while kill -0 "$agent" 2>/dev/null; do sleep 0.02; done
}
case "$*" in
  restart*)
    end_agent
    start=$(sed -n 's/^ExecStart=//p' /etc/systemd/system/tocsin.service)
    # With signals as a manager hands them on: the installer ignores some while it takes back.
    setsid env --default-signal setpriv --reuid=tocsin --regid=tocsin --clear-groups $start </dev/null >/dev/null 2>&1 &
    echo $! > /run/agent
    ;;
  stop* | kill*) end_agent ;;
  is-active*) if [ -s /run/agent ] && kill -0 "$(cat /run/agent)" 2>/dev/null; then echo active; else echo inactive; fi ;;
  show*) echo 0 ;;
  disable*--now*) end_agent; exec /usr/bin/systemctl "$@" ;;
  *) exec /usr/bin/systemctl "$@" ;;
esac
`;

/** What the shell of a test has, in a guest too: `end` runs the installer to its end, `cut_short` ends it at a command; sections end with `--`. */
export const cuttingWords = `
  PATH=/srv/own:$PATH:/usr/local/bin:/opt/tocsin/bin
  mkdir -p /run/systemd/system /run/counted
  rm -f /run/counted/*
  TOCSIN_SLACK_WEBHOOK_URL=https://hooks.example.com/x
  export TOCSIN_SLACK_WEBHOOK_URL
  end() { sh ${releasesInside}/install.sh --offline ${releasesInside} --watch 0 --json "$@" 2>/run/said || cat /run/said >&2; }
  cut_short() {
    echo "$1 $2 $3" > /run/cut
    echo 1 > /run/next
    at=$1
    shift 3
    setsid --wait sh -c 'INSTALLER=$$ PATH=/srv/bin:$PATH exec /bin/sh ${releasesInside}/install.sh "$@"' sh \\
      --offline ${releasesInside} --watch 1 "$@" >&2
    echo "$?"
    ls /run/counted | wc -l
    tail -n 1 "/run/counted/$at" 2>/dev/null || echo none
    ls -d /run/tocsin-install.lock* /tmp/tocsin-* 2>/dev/null
    echo --
  }
  # Seconds until an agent of that version answers.
  runs() {
    for try in $(seq 100); do
      case $(tocsin status 2>/dev/null) in *"\\"$1\\""*) echo "$1"; return ;; esac
      sleep 0.1
    done
    echo nothing
  }
  digests() { sed -n 's/^file \\([0-9a-f]*\\) /\\1  /p' /usr/local/lib/tocsin/manifest | sha256sum --check --quiet --strict; }
  footprint() { ${printFootprint}; echo --; }
`;

/** The signal, to whom it goes, and the exit code that follows from it. */
export const endings = {
  /** As a terminal sends it: to the program in the foreground and to all that it has called, which do not begin. */
  INT: { whom: '-', code: 130 },
  HUP: { whom: '-', code: 129 },
  /** To the installer alone: what it has called is done before. */
  TERM: { whom: '', code: 143 },
  /** As when the power fails. */
  KILL: { whom: '-', code: 137 },
} as const;
export type Ending = keyof typeof endings;

export interface CutShort {
  readonly code: number;
  /** How many commands were begun. */
  readonly calls: number;
  /** The one that was begun when the signal came. */
  readonly command: string;
  /** Lock and folders of work that are still there. */
  readonly work: string;
}

export interface Host extends Disposable {
  /** Runs a script that may use the words above, after what is kept of an earlier one; gives its sections. */
  readonly run: (script: string, layer?: string) => Promise<readonly string[]>;
  /** The same, and the folder with what the script has left on the host. */
  readonly keep: (script: string) => Promise<string>;
}

/** The word of a script that ends the installer at the command of this number; none is at 0. */
export function cutAt(at: number, ending: Ending, ...options: readonly string[]): string {
  return `cut_short ${at} ${ending} '${endings[ending].whom}' ${options.join(' ')}`;
}

/** What `cut_short` printed. */
export function cutShort(section = ''): CutShort {
  const [code, calls, command = '', ...work] = section.trim().split('\n');
  return { code: Number(code), calls: Number(calls), command, work: work.join(' ') };
}

/** Makes the folder `/srv/bin`: every program of the tree, behind the one that counts. */
export function countPrograms(tree: string, folder: string): void {
  mkdirSync(folder);
  writeProgram(join(folder, '.counter'), counter);
  const names = ['bin', 'sbin'].flatMap((name) => readdirSync(join(tree, 'usr', name)));
  for (const name of new Set(names)) symlinkSync('.counter', join(folder, name));
}

function writeProgram(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/** Hosts that have these releases, each as new. */
export async function unbootedHost(releases: string): Promise<Host> {
  const tree = await keptTree();
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-cut-short-'));
  const [bin, own] = [join(folder, 'bin'), join(folder, 'own')];
  countPrograms(tree, bin);
  mkdirSync(own);
  writeProgram(join(own, 'systemctl'), manager);
  const bind = { [releasesInside]: releases, '/srv/bin': bin, '/srv/own': own };
  let kept = 0;
  const say = async (script: string, layer?: string, keep?: string): Promise<readonly string[]> => {
    const options = { tree, bind, ...(layer && { layer }), ...(keep && { keep }) };
    const { code, stdout, stderr } = await runUnbooted(`${cuttingWords}${script}`, options);
    if (code !== 0) throw new Error(`${script}: ${code}\n${stdout}${stderr}`);
    return stdout.split(/^--\n/m);
  };
  return {
    run: (script, layer) => say(script, layer),
    keep: async (script) => {
      const place = join(folder, `kept-${(kept += 1)}`);
      mkdirSync(place);
      await say(`${script}\nrm -rf /run/*`, undefined, place);
      return place;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
