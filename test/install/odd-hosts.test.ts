/*
 * Hosts that lack something, and shells that were called in an odd way: the installer does there what it does
 * anywhere, or says what is missing. Without a service manager, as none of this depends on one.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Said } from '../support/guest/enter.ts';
import { guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { keptTree } from '../support/guest/tree.ts';
import { runUnbooted } from '../support/guest/unbooted.ts';
import { differences, printFootprint } from '../support/install/installer.ts';
import { releaseFolder, type ReleaseFolder } from '../support/install/release-folder.ts';

const lacking = lacksGuest();
const installer = '/srv/releases/install.sh';
const options = '--offline /srv/releases --no-start';
const call = `sh ${installer} ${options}`;

let releases: ReleaseFolder | undefined;
let tree = '';
/** The files of a host before, and after an ordinary installation. */
let bare = '';
let usual = '';

beforeAll(async () => {
  if (lacking !== undefined) return;
  releases = releaseFolder();
  releases.addStandIn('0.9.0');
  releases.addStandIn('1.0.0');
  tree = await keptTree();
  bare = (await run(printFootprint)).stdout;
  usual = (await run(`${call} >/dev/null; ${printFootprint}`)).stdout;
}, guestTimeoutMs);

afterAll(() => releases?.[Symbol.dispose]());

async function run(script: string): Promise<Said> {
  return runUnbooted(script, { tree, bind: { '/srv/releases': releases?.path ?? '' } });
}

describe('the same is installed', () => {
  test.for<readonly [what: string, line: string]>([
    ['with a umask that hides everything', `umask 077; ${call}`],
    ['from a folder that is gone', `mkdir /gone; cd /gone; rmdir /gone; ${call}`],
    ['without any variable', `env -i /bin/sh ${installer} ${options}`],
    ['with the PATH of a user, as `su` keeps it', `PATH=/usr/local/bin:/usr/bin:/bin ${call}`],
    ['without a home', `unset HOME; ${call}`],
    ['in a locale that is not there', `LC_ALL=tr_TR.UTF-8 LANG=xx LANGUAGE=tr ${call}`],
    ['where POSIX is meant strictly', `POSIXLY_CORRECT=1 ${call}`],
    ['without an input', `${call} <&-`],
    ['without an output', `${call} >&-`],
    ['without any of the three', `${call} <&- >&- 2>&-`],
    ['with an output that is full', `${call} >/dev/full`],
    ['with everything on an output that is full', `${call} >/dev/full 2>&1`],
    ['by a shell that ends at any error', `sh -eu ${installer} ${options}`],
    ['by a shell that tells every step', `sh -x ${installer} ${options}`],
    ['by bash', `bash ${installer} ${options}`],
    ['by the text of the script', `sh -c "$(cat ${installer})" sh ${options}`],
    [
      'with a folder beside another one of that name',
      `cd /srv; CDPATH=/srv:/ sh ${installer} --offline releases --no-start`,
    ],
    [
      'where /tmp lets no program start',
      `mount -t tmpfs -o noexec tmpfs /tmp; ${call}; umount /tmp`,
    ],
    ['where /tmp is full', `mount -t tmpfs -o size=1m tmpfs /tmp; ${call}; umount /tmp`],
  ])('%s', { timeout: guestTimeoutMs }, async ([, line], { skip }) => {
    if (lacking !== undefined) skip(lacking);
    const { stdout, stderr } = await run(
      `(${line}) >/run/said; echo "$?"; ls -d /tmp/tocsin* /run/tocsin* 2>/dev/null; echo --; ${printFootprint}`,
    );
    const [code, after = ''] = stdout.split(/^--\n/m);
    expect({ code, stderr, left: differences(usual, after) }).toEqual({
      code: '0\n',
      stderr: expect.any(String) as unknown,
      left: [],
    });
  });
});

describe('nothing is installed, and it is said why', () => {
  test.for<readonly [what: string, line: string, code: number, says: string]>([
    [
      'below a folder with a blank',
      `${call} --prefix "/opt/my tools"`,
      64,
      'a folder with a blank or another sign than letters',
    ],
    [
      'for a user without a home',
      `setpriv --reuid=nobody --clear-groups env -u HOME ${call}`,
      68,
      'HOME is not set: without root everything is installed there',
    ],
    [
      'with neither curl nor wget',
      `rm -f /usr/bin/curl /usr/bin/wget; sh ${installer} --no-start --base-url https://releases.example.com`,
      66,
      'neither curl nor GNU wget is here; install one of them, or use --offline',
    ],
    [
      'in another version than the one of the script, where nothing verifies a signature',
      `rm -f /usr/bin/openssl; ${call} --version 0.9.0`,
      67,
      'openssl is needed to verify another version than the one of this script',
    ],
    [
      'where nothing makes a group',
      `rm -f /usr/sbin/groupadd /usr/sbin/addgroup; ${call}`,
      68,
      'the group tocsin cannot be made: neither groupadd nor addgroup is here',
    ],
  ])('%s', { timeout: guestTimeoutMs }, async ([, line, wanted, says], { skip }) => {
    if (lacking !== undefined) skip(lacking);
    const { stdout, stderr } = await run(
      `${line}\necho "$?"; ls -d /etc/tocsin* /usr/local/bin/* /tmp/tocsin* /opt/* 2>/dev/null`,
    );
    expect(stderr).toContain(`install.sh: ${says}`);
    expect(stdout.split('\n').slice(-2)).toEqual([String(wanted), '']);
  });
});

test(
  'one who no longer reads what is said has interrupted the installation',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    // The reader goes while the archive is unpacked; the next line is said when folders and accounts are made.
    const { stdout, stderr } = await run(
      `mkdir /srv/bin; cat >/srv/bin/gzip <<'END'
#!/bin/sh
until test -e /run/closed; do sleep 0.01; done
exec /bin/gzip "$@"
END
      chmod 755 /srv/bin/gzip
      { PATH=/srv/bin:$PATH ${call}; echo "$?" >/run/code; } | { until read -r line && test -z "\${line##*digest*}"; do :; done; exec <&-; touch /run/closed; }
      cat /run/code; ls -d /tmp/tocsin* /run/tocsin* 2>/dev/null; echo --; ${printFootprint}`,
    );
    const [code, after = ''] = stdout.split(/^--\n/m);
    expect({ code, left: differences(bare, after) }).toEqual({ code: '141\n', left: [] });
    expect(stderr).toContain('install.sh: taking back what was half done');
  },
  guestTimeoutMs,
);

test(
  'an interruption reaches a program that hangs, and nothing is left',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    // As a terminal does it: the signal goes to all that belongs to the command.
    const { stdout, stderr } = await run(
      `mkdir -p /etc/tocsin /run/systemd/system; touch /etc/tocsin/silent; ${printFootprint}; echo --
      (until [ -e /run/asked ]; do sleep 0.05; done; kill -s INT -- "-$(cat /run/installer)") &
      before=$(cut -d. -f1 /proc/uptime)
      setsid --wait sh -c 'echo $$ >/run/installer; exec sh ${installer} --offline /srv/releases' >/run/said
      echo "$?"; echo $(($(cut -d. -f1 /proc/uptime) - before)); echo --; ${printFootprint}`,
    );
    const [before = '', said = '', after = ''] = stdout.split(/^--\n/m);
    const [code, seconds] = said.split('\n').map(Number);
    expect({ code, stderr, left: differences(before, after) }).toMatchObject({
      code: 130,
      left: [],
    });
    expect(seconds).toBeLessThan(30);
  },
  guestTimeoutMs,
);

test(
  'a prefix that is told from the folder one is in is the same wherever it is read',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    const { stdout } = await run(
      `mkdir /run/systemd /run/systemd/system; cd /opt; ${call} --prefix tools >&2
      grep ^ExecStart= /etc/systemd/system/tocsin.service; sh ${installer} --prefix=tools --uninstall --purge >&2; ls /opt`,
    );
    expect(stdout).toBe('ExecStart=/opt/tools/bin/tocsin run -c /etc/tocsin/agent.config.yaml\n');
  },
  guestTimeoutMs,
);

test(
  'without openssl the digest in the script is what verifies',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    const { code, stdout } = await run(`rm -f /usr/bin/openssl; ${call}`);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'openssl is not here: only the digest in this script is verified\n    digest verified\n',
    );
  },
  guestTimeoutMs,
);

test(
  'on a processor that is called aarch64 the archive for arm64 is taken',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    const uname = '#!/bin/sh\\ncase $1 in -m) echo aarch64 ;; *) exec /bin/uname "$@" ;; esac\\n';
    const { code, stdout } = await run(
      `mkdir /opt/bin; printf '${uname}' >/opt/bin/uname; chmod 755 /opt/bin/uname; PATH=/opt/bin:$PATH sh ${installer} --base-url https://releases.example.com --no-start --dry-run`,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\+ curl .* https:\/\/releases\.example\.com\/1\.0\.0\/tocsin-1\.0\.0-linux-arm64\.tar\.gz$/m,
    );
  },
  guestTimeoutMs,
);
