import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { keptTree } from '../support/guest/tree.ts';
import { countPrograms, cutAt, cutShort, cuttingWords } from '../support/install/cut-short.ts';
import { differences, footprint, install } from '../support/install/installer.ts';
import { releaseFolder } from '../support/install/release-folder.ts';

const lacking = lacksGuest();
const folder = mkdtempSync(join(tmpdir(), 'tocsin-counted-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A guest in which every program that the installer calls is counted. */
async function bootCounted(releases: string): Promise<Guest> {
  const bin = join(folder, 'bin');
  rmSync(bin, { recursive: true, force: true });
  countPrograms(await keptTree(), bin);
  return bootGuest({ bind: { '/srv/releases': releases, '/srv/bin': bin } });
}

/** Numbers of the calls by which an uninterrupted run has just changed something in systemd; it asks as often as it has to. */
async function callsOfSystemd(guest: Guest): Promise<number[]> {
  const found = await guest.shell(
    'cd /run/counted; grep -lE "^systemctl (daemon-reload|reset-failed|enable|restart)" *',
  );
  return found
    .split('\n')
    .map(Number)
    .sort((a, b) => a - b);
}

test(
  'an installation that is interrupted where it changes something in systemd leaves nothing, and no service',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootCounted(releases.path);
    const before = await footprint(guest);
    const whole = await guest.shell(`${cuttingWords}${cutAt(0, 'INT')}`);
    expect(cutShort(whole.split(/^--$/m)[0])).toMatchObject({ code: 0 });
    const calls = await callsOfSystemd(guest);
    await install(guest, '--uninstall', '--purge');
    for (const at of calls) {
      const said = await guest.shell(`${cuttingWords}${cutAt(at, 'INT')}`);
      const { code, command } = cutShort(said);
      const state = await guest.shell('systemctl show --value -p LoadState -p ActiveState tocsin');
      const left = differences(before, await footprint(guest));
      expect({ at, command, code, state, left }).toEqual({
        at,
        command,
        code: 130,
        state: 'not-found\ninactive',
        left: [],
      });
    }
  },
  2 * guestTimeoutMs,
);

test(
  'an upgrade that is ended where it changes something in systemd leaves the old version, which runs',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootCounted(releases.path);
    await install(guest);
    const before = await footprint(guest);
    releases.addStandIn('1.1.0');
    await guest.shell(`${cuttingWords}${cutAt(0, 'TERM')}`);
    const calls = await callsOfSystemd(guest);
    await install(guest, '--version', '1.0.0', '--watch', '0');
    for (const at of calls) {
      const { code, command } = cutShort(await guest.shell(`${cuttingWords}${cutAt(at, 'TERM')}`));
      const left = differences(before, await footprint(guest));
      expect({ at, command, code, left }).toEqual({ at, command, code: 143, left: [] });
      await guest.shell('until tocsin status | grep -q \'"1.0.0"\'; do sleep 0.2; done');
    }
  },
  2 * guestTimeoutMs,
);
