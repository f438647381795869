import { beforeAll, expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { buildReleases, type TestReleases } from '../support/install-release.ts';

const lacking = lacksGuest();
let releases: TestReleases;

beforeAll(async () => {
  if (lacking === undefined) releases = await buildReleases('https://releases.test');
}, 300_000);

const timeoutMs = 3 * guestTimeoutMs;

/** Runs the installer in a guest that has the releases in a folder. */
async function install(guest: Guest, ...words: string[]) {
  const script = ['sh', '/srv/releases/install.sh', '--offline', '/srv/releases'];
  return guest.run([...script, '--version', releases.first, ...words], { timeoutMs: 120_000 });
}

/** Every file, folder and link outside of what the system itself changes, with its content. */
async function footprint(guest: Guest): Promise<string> {
  return guest.shell(
    'find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /dev -o -path /var/log' +
      ' -o -path /var/lib/systemd -o -path /var/tmp -o -path /root -o -path /srv -o -path /var/cache' +
      ' -o -path "/etc/*-" \\) -prune -o -printf "%y %m %u %g %p\\n" | sort; md5sum /etc/passwd /etc/group /etc/shadow',
  );
}

test(
  'a bare Debian runs a sandboxed service afterwards, a second run changes nothing, and nothing stays',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await using guest = await bootGuest({ bind: { '/srv/releases': releases.folder } });
    const before = await footprint(guest);

    const dry = await install(guest, '--dry-run');
    expect(dry.stdout).toContain('+ systemctl enable --quiet tocsin.service');
    expect(await footprint(guest)).toBe(before);

    const done = await install(guest);
    expect({ code: done.code, said: done.stdout }).toEqual({
      code: 0,
      said: expect.stringContaining('tocsin 0.1.0-a runs') as string,
    });
    expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');
    expect(await guest.say('systemctl', 'is-enabled', 'tocsin')).toBe('enabled');
    expect(await guest.say('curl', '-sS', 'http://127.0.0.1:9860/metrics')).toContain(
      'tocsin_build_info',
    );

    const pid = await guest.say('systemctl', 'show', '-P', 'MainPID', 'tocsin');
    const again = await install(guest, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ result: 'unchanged', changed: false });
    expect(await guest.say('systemctl', 'show', '-P', 'MainPID', 'tocsin')).toBe(pid);

    await guest.reboot();
    expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');

    const removed = await install(guest, '--uninstall', '--purge');
    expect(removed.code).toBe(0);
    expect(await footprint(guest)).toBe(before);
  },
  timeoutMs,
);
