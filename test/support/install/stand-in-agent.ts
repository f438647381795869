import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../release.ts';

/**
 * What a version does once it is installed: it runs, ends at once, is never ready, takes no configuration, or runs and
 * needs seven seconds to end.
 */
export type Behaviour = 'runs' | 'ends' | 'hangs' | 'refuses' | 'drains';

const atStart: Record<Behaviour, string> = {
  runs: `echo "$$ $version" > "$state/running"
    systemd-notify --ready WATCHDOG_USEC=0
    exec sleep infinity`,
  ends: 'echo "this version ends at once" >&2; exit 1',
  hangs: 'exec sleep infinity',
  refuses: 'exit 78',
  drains: `echo "$$ $version" > "$state/running"
    trap 'sleep 7; exit 0' TERM
    while :; do sleep 1; done`,
};

/**
 * Says to each call of the installer what the agent says to it, and takes a thousandth of its room and time. It notes
 * its calls where somebody records them, see `recorder.ts`.
 */
function scriptOf(version: string, behaviour: Behaviour): string {
  return `#!/bin/sh
version=${version}
if [ -w /run/calls ]; then echo "tocsin $*" >> /run/calls; fi
state=/var/lib/tocsin
[ -d "$state" ] || state=$HOME/.local/state/tocsin
case "$1 $2" in
  --version*) echo "tocsin $version" ;;
  init*)
    # init -o FILE --credentials DIR --yes
    echo 'checks: []' > "$3"
    if [ -n "$TOCSIN_SLACK_WEBHOOK_URL" ]; then
      (umask 077; echo "$TOCSIN_SLACK_WEBHOOK_URL" > "$5/slack")
    fi
    echo "$3: 0 checks"
    ;;
  validate*) ${behaviour === 'refuses' ? 'echo "unknown key checks" >&2; exit 78' : ':'} ;;
  grants*) if [ -e /etc/tocsin/needed ]; then cat /etc/tocsin/needed; fi ;;
  "notify test")
    if [ -e /etc/tocsin/deaf ]; then echo "failed slack"; exit 2; fi
    if [ -e /etc/tocsin/silent ]; then touch /run/asked; sleep 100; fi
    echo delivered
    ;;
  status*)
    read -r pid runs < "$state/running" && kill -0 "$pid" || exit 1
    printf '{"agent":{"name":"guest","version":"%s","ready":true}}\\n' "$runs"
    ;;
  run*)
    ${atStart[behaviour]}
    ;;
esac
`;
}

/** What else an archive holds, and nothing here reads. */
const texts = [
  'THIRD-PARTY-LICENSES',
  'README.md',
  'CHANGELOG.md',
  'agent.config.example.yaml',
  'agent.config.schema.json',
  'man/tocsin.1',
  'man/agent.config.yaml.5',
  'completions/tocsin.bash',
  'completions/_tocsin',
  'completions/tocsin.fish',
];

/** Writes the archives of such a version into the folder, as a release has them. */
export function packStandIn(folder: string, version: string, behaviour: Behaviour = 'runs'): void {
  const work = mkdtempSync(join(tmpdir(), 'tocsin-stand-in-'));
  const name = `tocsin-${version}-linux-x64`;
  const tree = join(work, name);
  try {
    mkdirSync(tree);
    writeFileSync(join(tree, 'tocsin'), scriptOf(version, behaviour));
    chmodSync(join(tree, 'tocsin'), 0o755);
    const deploy = join(root, 'deploy');
    copyFileSync(join(deploy, 'systemd/tocsin.service'), join(tree, 'tocsin.service'));
    copyFileSync(join(deploy, 'systemd/tocsin.user.service'), join(tree, 'tocsin.user.service'));
    copyFileSync(join(deploy, 'logrotate/tocsin'), join(tree, 'tocsin.logrotate'));
    copyFileSync(join(deploy, 'openrc/tocsin'), join(tree, 'tocsin.openrc'));
    copyFileSync(join(deploy, 'sysvinit/tocsin'), join(tree, 'tocsin.sysvinit'));
    copyFileSync(join(root, 'LICENSE'), join(tree, 'LICENSE'));
    for (const path of texts) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), `${path} of ${version}\n`);
    }
    cpSync(join(deploy, 'systemd/grants'), join(tree, 'grants'), { recursive: true });
    for (const [letter, ending] of [
      ['J', 'xz'],
      ['z', 'gz'],
    ]) {
      const archive = join(folder, `${name}.tar.${ending}`);
      execFileSync('tar', [`-c${letter}f`, archive, '--owner=0', '--group=0', '-C', work, name]);
    }
  } finally {
    rmSync(work, { recursive: true });
  }
}
