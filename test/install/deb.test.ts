import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { version } from '../../src/model/version.ts';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { buildRelease, root } from '../support/release.ts';

const lacking = lacksGuest();
const folder = mkdtempSync(join(tmpdir(), 'tocsin-deb-'));
const built = join(folder, version, `tocsin_${version}_amd64.deb`);

beforeAll(async () => {
  if (lacking !== undefined) return;
  await buildRelease(root, ['--only', 'x64', '--out', folder]);
  repack('9.0.0', () => {});
  // Whatever it is asked, it refuses: a version that does not know the configuration any more.
  repack('9.1.0', (tree) => {
    writeFileSync(join(tree, 'usr', 'bin', 'tocsin'), '#!/bin/sh\necho no >&2\nexit 78\n');
  });
}, 240_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The package once more under another version. */
function repack(other: string, change: (tree: string) => void): void {
  const tree = join(folder, other);
  execFileSync('dpkg-deb', ['-R', built, tree]);
  const control = join(tree, 'DEBIAN', 'control');
  writeFileSync(
    control,
    readFileSync(control, 'utf8').replace(`Version: ${version}`, `Version: ${other}`),
  );
  change(tree);
  execFileSync('dpkg-deb', [
    '-Znone',
    '--root-owner-group',
    '-b',
    tree,
    join(folder, `${other}.deb`),
  ]);
  rmSync(tree, { recursive: true });
}

const inside = (file: string): string => file.replace(folder, '/srv/packages');
const mainPid = (guest: Guest): Promise<string> =>
  guest.say('systemctl', 'show', '-P', 'MainPID', 'tocsin');

/** What is there, but for the notes of dpkg and what a running system writes. */
function footprint(guest: Guest): Promise<string> {
  return guest.shell(
    'find /etc /usr /var/lib /opt /home -xdev \\( -path /var/lib/systemd -o -path /var/lib/dpkg -o -path "/etc/*-" \\) -prune -o -printf "%y %m %u %g %p\\n" | sort; md5sum /etc/passwd /etc/group',
  );
}

test(
  'the package makes a running service, survives an upgrade that cannot be used, and a purge leaves nothing',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await using guest = await bootGuest({ bind: { '/srv/packages': folder } });
    const before = await footprint(guest);
    const first = await guest.run(
      ['env', 'TOCSIN_WEBHOOK_URL=http://127.0.0.1:9/hook', 'dpkg', '-i', inside(built)],
      { timeoutMs: 120_000 },
    );
    expect({ code: first.code, said: first.stderr }).toMatchObject({ code: 0 });
    expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');
    expect(await guest.say('systemctl', 'is-enabled', 'tocsin')).toBe('enabled');
    expect(await guest.say('stat', '-c', '%a %U %G', '/etc/tocsin/agent.config.yaml')).toBe(
      '640 root tocsin',
    );
    expect(await guest.shell('cat /etc/tocsin/credentials/*')).toBe('http://127.0.0.1:9/hook');
    expect(await guest.shell('cat /etc/tocsin/agent.config.yaml')).not.toContain(
      '127.0.0.1:9/hook',
    );
    // Warnings of the guest itself have an exit code of their own.
    expect((await guest.run(['tocsin', 'status'])).stdout).toContain('to default  webhook');

    const pid = await mainPid(guest);
    const bad = await guest.run(['dpkg', '-i', '/srv/packages/9.1.0.deb'], { timeoutMs: 60_000 });
    expect(bad.code).toBe(0);
    expect(bad.stderr).toContain('the configuration cannot be used');
    expect(await mainPid(guest)).toBe(pid);
    expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');

    await guest.say('dpkg', '-i', '/srv/packages/9.0.0.deb');
    expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');
    expect(await mainPid(guest)).not.toBe(pid);

    await guest.say('dpkg', '-r', 'tocsin');
    expect((await guest.run(['systemctl', 'is-active', 'tocsin'])).stdout).not.toBe('active\n');
    expect(await guest.shell('test -f /etc/tocsin/agent.config.yaml && echo there')).toBe('there');
    await guest.say('dpkg', '-P', 'tocsin');
    expect(await footprint(guest)).toBe(before);
  },
  2 * guestTimeoutMs,
);

test(
  'the package does not stand beside what install.sh put there',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await using guest = await bootGuest({
      bind: { '/srv/packages': folder },
      files: { '/usr/local/lib/tocsin/manifest': 'version 0.0.1\n' },
    });
    const { code, stderr } = await guest.run(['dpkg', '-i', inside(built)], { timeoutMs: 60_000 });
    expect(code).not.toBe(0);
    expect(stderr).toContain('First: sh install.sh --uninstall');
    expect(await guest.shell('ls /usr/bin/tocsin 2>&1 || true')).toContain('No such file');
  },
  guestTimeoutMs,
);
