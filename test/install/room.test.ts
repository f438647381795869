import { expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import {
  differences,
  footprint,
  install,
  installAs,
  outcomeOf,
} from '../support/install/installer.ts';
import { releaseFolder } from '../support/install/release-folder.ts';

const lacking = lacksGuest();

test(
  'a full disk, a read-only /usr and a place where no program may start are told, and nothing has changed',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootGuest({ bind: { '/srv/releases': releases.path } });
    await guest.shell('mkdir /opt/small /opt/tight /opt/noexec');
    await guest.shell('mount -t tmpfs -o size=20m tmpfs /opt/small');
    await guest.shell('mount -t tmpfs -o size=260m tmpfs /opt/tight');
    await guest.shell('mount -t tmpfs -o noexec tmpfs /opt/noexec');
    // What somebody else writes meanwhile: the room is there when looked for, and gone at the first file.
    const filler =
      '#!/bin/sh\nhead -c 300M /dev/zero > /opt/tight/filler 2>/dev/null\nexec /bin/gzip "$@"\n';
    await guest.write('/srv/bin/gzip', filler);
    const before = await footprint(guest);
    const tight = { PATH: '/srv/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
    const cases: readonly (readonly [Record<string, string>, readonly string[], RegExp])[] = [
      [{}, ['--prefix', '/opt/small'], /^\/opt\/small needs 250 MB/],
      [{ TMPDIR: '/opt/small' }, [], /^\/opt\/small has less room than the 160 MB that are needed/],
      [{ TMPDIR: '/opt/noexec' }, [], /^no program can be started in \/opt\/noexec; TMPDIR names/],
      [{ TMPDIR: '/opt/none' }, [], /^no folder can be made in \/opt\/none/],
      [tight, ['--prefix', '/opt/tight'], /cannot be (?:written|made): .*No space left on device/],
      [{ ...tight, TMPDIR: '/opt/tight' }, [], /could not be unpacked \(is .* full\?\)/],
    ];
    for (const [env, words, says] of cases) {
      const said = await installAs(guest, { env }, '--json', ...words);
      await guest.shell('rm -f /opt/tight/filler');
      const outcome = outcomeOf(said);
      expect(outcome).toMatchObject({ result: 'failed', changed: false, exitCode: 68 });
      expect(outcome['message']).toMatch(says);
      expect(differences(before, await footprint(guest))).toEqual([]);
      expect(await guest.shell('ls /opt/small /opt/tight /opt/noexec | grep -v : || :')).toBe('');
    }

    await guest.shell('mount --bind -o ro /usr /usr && mount -o remount,bind,ro /usr');
    expect(outcomeOf(await install(guest, '--json'))).toMatchObject({
      exitCode: 68,
      message:
        '/usr/local cannot be written (read-only?); --prefix DIR names another place, such as --prefix /opt/tocsin',
    });
    const elsewhere = await install(guest, '--json', '--prefix', '/opt/tocsin');
    expect(outcomeOf(elsewhere)).toMatchObject({ result: 'installed' });
    // From here on it is found by its unit.
    expect(outcomeOf(await install(guest, '--json'))).toMatchObject({ result: 'unchanged' });
    const removed = await install(guest, '--json', '--uninstall', '--purge');
    expect(outcomeOf(removed)).toMatchObject({ result: 'uninstalled' });
    expect(differences(before, await footprint(guest))).toEqual([]);
  },
  guestTimeoutMs,
);
