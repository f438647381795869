import { expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { differences, footprint, installAs, outcomeOf } from '../support/install/installer.ts';
import { releaseFolder } from '../support/install/release-folder.ts';

const lacking = lacksGuest();

test(
  'without root and without a systemd of the user it is said what would not work, and nothing changes',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootGuest({ bind: { '/srv/releases': releases.path } });
    await guest.shell('useradd --create-home sam');
    const before = await footprint(guest);
    const refused = await installAs(guest, { user: 'sam' }, '--json');
    expect(outcomeOf(refused)).toMatchObject({
      exitCode: 65,
      message:
        'without root the service belongs to your own systemd (systemctl --user), which does not answer: log in directly, not by su or sudo, or let root call loginctl enable-linger sam; or use --no-start and begin /home/sam/.local/bin/tocsin run yourself',
    });
    expect(differences(before, await footprint(guest))).toEqual([]);

    const alone = await installAs(guest, { user: 'sam' }, '--no-start');
    expect(alone.stdout).toContain('tocsin 1.0.0 is installed; nothing was started\n');
    expect(alone.stdout).toContain('/home/sam/.local/bin is not in your PATH\n');
    expect(await guest.say('/home/sam/.local/bin/tocsin', '--version')).toBe('tocsin 1.0.0');
    await installAs(guest, { user: 'sam' }, '--uninstall', '--purge');
    expect(differences(before, await footprint(guest))).toEqual([]);
  },
  guestTimeoutMs,
);
