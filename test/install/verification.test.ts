import { appendFileSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { differences, footprint, install, outcomeOf } from '../support/install/installer.ts';
import { releaseFolder, type ReleaseFolder } from '../support/install/release-folder.ts';

const lacking = lacksGuest();
const version = '1.0.0';
const archive = `tocsin-${version}-linux-x64.tar.gz`;

let releases: ReleaseFolder;
let unsigned: ReleaseFolder;
let guest: Guest;
let before = '';

beforeAll(async () => {
  if (lacking !== undefined) return;
  releases = releaseFolder();
  unsigned = releaseFolder({ signed: false });
  const bind = { '/srv/releases': releases.path, '/srv/unsigned': unsigned.path };
  guest = await bootGuest({ bind });
  before = await footprint(guest);
}, guestTimeoutMs);

afterAll(async () => {
  if (lacking !== undefined) return;
  await guest[Symbol.asyncDispose]();
  releases[Symbol.dispose]();
  unsigned[Symbol.dispose]();
});

/** How somebody changes a release after it was published, and what the installer says of that. */
interface Case {
  readonly name: string;
  readonly spoil: (folder: string) => void;
  readonly says: RegExp;
  readonly code?: number;
}

const file = (folder: string, name: string): string => join(folder, version, name);

const cases: readonly Case[] = [
  {
    name: 'an archive in which one byte differs',
    spoil: (folder) => {
      const bytes = readFileSync(file(folder, archive));
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(file(folder, archive), bytes);
    },
    says: /tar\.gz is not what was published: it was damaged on the way, or changed \(digest [0-9a-f]{64}\)/,
  },
  {
    name: 'an archive that ends early',
    spoil: (folder) => {
      const bytes = readFileSync(file(folder, archive));
      writeFileSync(file(folder, archive), bytes.subarray(0, bytes.length - 100));
    },
    says: /is not what was published/,
  },
  {
    name: 'a page of HTML in place of the archive',
    spoil: (folder) => writeFileSync(file(folder, archive), '<!doctype html><h1>Moved</h1>'),
    says: /is not what was published: it is a page of HTML/,
  },
  {
    name: 'another archive with its digest in the list',
    spoil: (folder) => {
      appendFileSync(file(folder, archive), 'more');
      const signature = readFileSync(file(folder, 'SHA256SUMS.sig'));
      releases.sign(version);
      writeFileSync(file(folder, 'SHA256SUMS.sig'), signature);
    },
    says: /the signature of SHA256SUMS is wrong: this is not what was published/,
  },
  {
    name: 'another archive that was signed with the right key, as a thief of the key would',
    spoil: (folder) => {
      appendFileSync(file(folder, archive), 'more');
      releases.sign(version);
    },
    says: /is not what was published/,
  },
  {
    name: 'the signature of another key',
    spoil: (folder) => {
      using other = releaseFolder();
      other.addStandIn(version);
      copyFileSync(file(other.path, 'SHA256SUMS.sig'), file(folder, 'SHA256SUMS.sig'));
    },
    says: /the signature of SHA256SUMS is wrong/,
  },
  {
    name: 'no signature',
    spoil: (folder) => rmSync(file(folder, 'SHA256SUMS.sig')),
    says: /this release has no signature; --allow-unsigned accepts it all the same/,
  },
  {
    name: 'the digests of another version, rightly signed',
    spoil: (folder) => {
      releases.addStandIn('0.9.0');
      for (const name of ['SHA256SUMS', 'SHA256SUMS.sig']) {
        copyFileSync(join(folder, '0.9.0', name), file(folder, name));
      }
      // The script stays the one of this version.
      writeFileSync(join(folder, 'install.sh'), releases.script(version));
    },
    says: /SHA256SUMS does not list tocsin-1\.0\.0-linux-x64\.tar\.gz: it is no list of digests, or of another version/,
  },
  {
    name: 'a page of HTML in place of the list',
    spoil: (folder) => writeFileSync(file(folder, 'SHA256SUMS'), '<html></html>'),
    says: /what came as SHA256SUMS is a page of HTML, not what was published/,
  },
  {
    name: 'no archive',
    spoil: (folder) => rmSync(file(folder, archive)),
    says: /\/srv\/releases\/1\.0\.0 has no tocsin-1\.0\.0-linux-x64\.tar\.gz/,
    code: 66,
  },
];

describe('a release is refused, and nothing on the host has changed, where there is', () => {
  test.for(cases)(
    '$name',
    { timeout: guestTimeoutMs },
    async ({ spoil, says, code = 67 }, { skip }) => {
      if (lacking !== undefined) skip(lacking);
      releases.addStandIn(version);
      spoil(releases.path);
      const refused = await install(guest, '--json');
      expect({ code: refused.code, stderr: refused.stderr }).toEqual({
        code,
        stderr: expect.stringMatching(says) as string,
      });
      const outcome = outcomeOf(refused);
      expect(outcome).toMatchObject({ result: 'failed', changed: false, exitCode: code });
      expect(outcome['message']).toMatch(says);
      expect(differences(before, await footprint(guest))).toEqual([]);
      expect(await guest.shell('ls -d /tmp/tocsin* /var/tmp/tocsin* 2>/dev/null || :')).toBe('');
    },
  );
});

test(
  'an unsigned release is accepted by those who say so, and only by them',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    unsigned.addStandIn(version);
    const line = 'sh /srv/unsigned/install.sh --offline /srv/unsigned --dry-run=no';
    expect((await guest.run(['sh', '-c', line])).code).toBe(64);
    const call = ['sh', '/srv/unsigned/install.sh', '--offline', '/srv/unsigned'];
    const refused = await guest.run(call);
    expect(refused.code).toBe(67);
    expect(refused.stderr).toContain('this release has no signature; --allow-unsigned accepts');
    expect(differences(before, await footprint(guest))).toEqual([]);

    const accepted = await guest.run([...call, '--allow-unsigned']);
    expect(accepted.code).toBe(0);
    expect(accepted.stdout).toContain('    unsigned, as was allowed\n    digest verified\n');
    await guest.run([...call, '--uninstall', '--purge']);
    expect(differences(before, await footprint(guest))).toEqual([]);
  },
  guestTimeoutMs,
);

test(
  'without openssl the digest in the script is enough for its own version, and not for another',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    releases.addStandIn('0.9.0');
    releases.addStandIn(version);
    await guest.shell('mv /usr/bin/openssl /usr/bin/openssl-away');
    try {
      const other = await install(guest, '--version', '0.9.0');
      expect(other.code).toBe(67);
      expect(other.stderr).toContain('openssl is needed to verify another version');

      const own = await install(guest);
      expect(own.code).toBe(0);
      expect(own.stdout).toContain(
        'openssl is not here: only the digest in this script is verified',
      );
      await install(guest, '--uninstall', '--purge');
    } finally {
      await guest.shell('mv /usr/bin/openssl-away /usr/bin/openssl');
    }
    expect(differences(before, await footprint(guest))).toEqual([]);
  },
  guestTimeoutMs,
);
