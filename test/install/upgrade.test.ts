import { describe, expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { differences, footprint, install, outcomeOf } from '../support/install/installer.ts';
import { releaseFolder } from '../support/install/release-folder.ts';

const lacking = lacksGuest();

async function mainPid(guest: Guest): Promise<string> {
  return guest.say('systemctl', 'show', '-P', 'MainPID', 'tocsin');
}

/** How often systemd has started the service since the guest was booted. */
async function starts(guest: Guest): Promise<number> {
  return Number(await guest.shell('journalctl -u tocsin -o cat | grep -c "^Starting tocsin" || :'));
}

test(
  'an upgrade starts the service once, and the way back is the same',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootGuest({ bind: { '/srv/releases': releases.path } });
    expect(outcomeOf(await install(guest, '--json'))).toMatchObject({ result: 'installed' });
    const pid = await mainPid(guest);

    releases.addStandIn('1.1.0');
    const upgraded = outcomeOf(await install(guest, '--json'));
    expect(upgraded).toMatchObject({
      apiVersion: 1,
      result: 'upgraded',
      changed: true,
      exitCode: 0,
      version: '1.1.0',
      previous: '1.0.0',
      config: '/etc/tocsin/agent.config.yaml',
      message: 'tocsin 1.1.0 runs in place of 1.0.0',
    });
    expect(await mainPid(guest)).not.toBe(pid);
    expect(await starts(guest)).toBe(2);

    const back = await install(guest, '--version', '1.0.0', '--watch', '0');
    expect(back.stdout).toContain('tocsin 1.0.0 runs in place of 1.1.0');
    expect(await guest.say('/usr/local/bin/tocsin', '--version')).toBe('tocsin 1.0.0');
    expect(await starts(guest)).toBe(3);
  },
  guestTimeoutMs,
);

test(
  'a version that takes no configuration of the old one changes nothing, and the old one runs on',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootGuest({ bind: { '/srv/releases': releases.path } });
    await install(guest);
    const pid = await mainPid(guest);
    const before = await footprint(guest);

    releases.addStandIn('1.1.0', 'refuses');
    const refused = await install(guest, '--json');
    expect(refused.code).toBe(69);
    expect(refused.stderr).toContain('unknown key checks');
    expect(outcomeOf(refused)).toMatchObject({
      result: 'failed',
      changed: false,
      exitCode: 69,
      message: 'tocsin 1.1.0 does not accept /etc/tocsin/agent.config.yaml; nothing was changed',
    });
    expect(differences(before, await footprint(guest))).toEqual([]);
    expect(await mainPid(guest)).toBe(pid);
  },
  guestTimeoutMs,
);

describe.concurrent('a version that is not well', () => {
  test.for(['ends', 'hangs'] as const)(
    'one that %s after it was started makes place for the old one within half a minute',
    { timeout: guestTimeoutMs },
    async (behaviour, { skip }) => {
      if (lacking !== undefined) skip(lacking);
      using releases = releaseFolder();
      releases.addStandIn('1.0.0');
      await using guest = await bootGuest({ bind: { '/srv/releases': releases.path } });
      await install(guest);
      const before = await footprint(guest);

      releases.addStandIn('1.1.0', behaviour);
      const began = performance.now();
      const failed = await install(guest, '--json');
      const seconds = (performance.now() - began) / 1000;
      expect(outcomeOf(failed)).toMatchObject({
        result: 'failed',
        changed: false,
        exitCode: 71,
        message: 'tocsin 1.1.0 did not become well; 1.0.0 runs again',
      });
      expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');
      expect(await guest.read('/var/lib/tocsin/running')).toContain('1.0.0');
      expect(differences(before, await footprint(guest))).toEqual([]);
      // The half minute of the new one, and the start of the old one.
      expect(seconds).toBeLessThan(50);
      // One that ends again and again is not waited for.
      if (behaviour === 'ends') expect(failed.stderr).toContain('this version ends at once');

      // The next run knows that the old one is what is installed.
      expect(outcomeOf(await install(guest, '--json', '--version', '1.0.0'))).toMatchObject({
        result: 'unchanged',
      });
    },
  );

  test(
    'makes place for the old one without systemd, too',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      using releases = releaseFolder();
      releases.addStandIn('1.0.0');
      const bind = { '/srv/releases': releases.path };
      await using guest = await bootGuest({ init: 'sysvinit', bind });
      await install(guest);
      releases.addStandIn('1.1.0', 'ends');
      const failed = await install(guest, '--json');
      expect({ ...outcomeOf(failed), said: failed.stderr }).toMatchObject({
        exitCode: 71,
        message: 'tocsin 1.1.0 did not become well; 1.0.0 runs again',
      });
      expect(await guest.say('/usr/local/bin/tocsin', '--version')).toBe('tocsin 1.0.0');
      expect(await guest.shell('ps -o user= -C sleep | sort -u')).toBe('tocsin');

      // One that is interrupted while the new version is watched goes back as well.
      releases.addStandIn('1.2.0');
      const line = 'timeout 20 sh /srv/releases/install.sh --offline /srv/releases --watch 60';
      const ended = await guest.run(['sh', '-c', line], { timeoutMs: 120_000 });
      expect(ended.stdout).toContain('watching tocsin 1.2.0 for 60 seconds');
      expect(await guest.read('/var/lib/tocsin/running')).toMatch(/ 1\.0\.0$/m);
      expect((await guest.run(['tocsin', 'status'])).stdout).toContain('"1.0.0","ready":true');
    },
    guestTimeoutMs,
  );
});
