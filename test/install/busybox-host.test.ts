import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Said } from '../support/guest/enter.ts';
import { lacksGuest } from '../support/guest/guest.ts';
import { runUnbooted } from '../support/guest/unbooted.ts';
import { differences } from '../support/install/installer.ts';
import { releaseFolder, type ReleaseFolder } from '../support/install/release-folder.ts';

const busybox = '/bin/busybox';
const lacking = lacksGuest() ?? (existsSync(busybox) ? undefined : `${busybox} is missing`);
const call = 'sh /srv/releases/install.sh --offline /srv/releases --no-start';

const tree = mkdtempSync(join(tmpdir(), 'tocsin-busybox-'));
let releases: ReleaseFolder | undefined;

/** A root in which every program is busybox, and there is no library at all. */
beforeAll(() => {
  if (lacking !== undefined) return;
  releases = releaseFolder();
  releases.addStandIn('1.0.0');
  for (const name of ['bin', 'dev', 'etc', 'proc', 'root', 'run', 'tmp', 'usr/local', 'var/tmp']) {
    mkdirSync(join(tree, name), { recursive: true });
  }
  copyFileSync(busybox, join(tree, 'bin/busybox'));
  const { stdout } = spawnSync(busybox, ['--list'], { encoding: 'utf8' });
  for (const name of stdout.split('\n').filter((each) => each !== '' && each !== 'busybox')) {
    symlinkSync('busybox', join(tree, 'bin', name));
  }
  execFileSync('mknod', ['-m', '666', join(tree, 'dev/null'), 'c', '1', '3']);
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  writeFileSync(join(tree, 'etc/group'), 'root:x:0:\n');
});

afterAll(() => {
  rmSync(tree, { recursive: true, force: true });
  releases?.[Symbol.dispose]();
});

async function run(script: string): Promise<Said> {
  return runUnbooted(script, { tree, bind: { '/srv/releases': releases?.path ?? '' } });
}

const footprint =
  'find / -xdev \\( -path /proc -o -path /srv -o -path /run \\) -prune -o -exec stat -c "%a %u %g %n" {} + | sort; md5sum /etc/passwd /etc/group';

test('where busybox is all there is, the files are installed and removed without a trace', async ({
  skip,
}) => {
  if (lacking !== undefined) skip(lacking);
  const accounts =
    'echo tocsin:x:990: >>/etc/group; echo tocsin:x:990:990::/var/lib/tocsin:/bin/false >>/etc/passwd';
  const { stdout, stderr } = await run(
    `${accounts}; ${footprint}; echo --; ${call} && /usr/local/bin/tocsin --version; ${call}; echo --; ${call} --uninstall --purge; echo --; ${footprint}`,
  );
  const [before = '', installed, removed, after = ''] = stdout.split(/^--\n/m);
  expect({ stderr, installed }).toEqual({
    stderr: '',
    installed: expect.stringMatching(
      /digest verified\n[^]*tocsin 1\.0\.0 is installed; nothing was started\n[^]*^tocsin 1\.0\.0\n[^]*^tocsin 1\.0\.0 is installed and well: nothing to do\n/m,
    ) as unknown,
  });
  expect(removed).toContain('tocsin, its configuration and its state are removed\n');
  expect(differences(before, after)).toEqual([]);
});

test('a busybox that makes no accounts, and one that loads no files, are told of', async ({
  skip,
}) => {
  if (lacking !== undefined) skip(lacking);
  const { stdout, stderr } = await run(
    `${footprint}; echo --; ${call}; echo "$?"; sh /srv/releases/install.sh --no-start --base-url https://releases.example.com; echo "$?"; echo --; ${footprint}`,
  );
  const [before = '', said, after = ''] = stdout.split(/^--\n/m);
  expect(stderr).toContain(
    'install.sh: the group tocsin cannot be made: neither groupadd nor addgroup is here\n',
  );
  expect(stderr).toContain(
    'install.sh: neither curl nor GNU wget is here; install one of them, or use --offline\n',
  );
  expect(said).toMatch(/^68$[^]*^66$/m);
  expect(differences(before, after)).toEqual([]);
});
