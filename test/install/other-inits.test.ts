import { expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { differences, footprint, install, outcomeOf } from '../support/install/installer.ts';
import { releaseFolder } from '../support/install/release-folder.ts';

const lacking = lacksGuest();

test.for(['sysvinit'] as const)(
  'under %s the service runs, is there after a reboot, and goes without a trace',
  { timeout: 2 * guestTimeoutMs },
  async (init, { skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootGuest({ init, bind: { '/srv/releases': releases.path } });
    const before = await footprint(guest);
    const said = await install(guest, '--json');
    expect({ ...outcomeOf(said), said: said.stderr }).toMatchObject({ result: 'installed' });
    expect(await guest.shell('ps -o user= -C sleep | sort -u')).toBe('tocsin');
    await guest.reboot();
    await guest.shell('until tocsin status 2>/dev/null | grep -q ready; do sleep 0.2; done');
    expect((await install(guest, '--uninstall', '--purge')).code).toBe(0);
    // Debian's update-rc.d numbers the links of all services anew, at an addition and not at a removal.
    const left = differences(before, await footprint(guest));
    expect(left.filter((line) => !/ \/etc\/(?:rc\d\.d\/K|init\.d\/\.depend\.)/.test(line))).toEqual(
      [],
    );
  },
);
