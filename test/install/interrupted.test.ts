import { expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { differences, footprint, install, outcomeOf } from '../support/install/installer.ts';
import { releaseFolder } from '../support/install/release-folder.ts';

const lacking = lacksGuest();

const names =
  'cat chmod chown cmp cp cut df dirname find getconf grep groupadd gzip head id journalctl ln ls mkdir mktemp mv openssl readlink rm ' +
  'rmdir sed sha256sum sleep sort systemctl tail tar timeout tr uname useradd userdel';

/** Before the program of its name it sends a signal to the installer, should it be its turn. */
const standIn = `#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
read -r count < /run/count
count=$((count + 1))
echo "$count" > /run/count
read -r at signal < /run/stop
if [ "$count" = "$at" ]; then kill -s "$signal" "$INSTALLER"; fi
exec "\${0##*/}" "$@"
`;

const prepare = `mkdir /srv/bin; cp /srv/stand-in /srv/bin/stand-in; for name in ${names}; do ln -s stand-in /srv/bin/$name; done`;

/** A guest in which every program that the installer calls stands behind the one that may send a signal. */
async function bootWithStandIns(releases: string): Promise<Guest> {
  const guest = await bootGuest({
    bind: { '/srv/releases': releases },
    files: { '/srv/stand-in': standIn },
  });
  await guest.shell(prepare);
  return guest;
}

/** Installs, and sends the signal when the command of this number is begun; 0 for none. */
async function interrupted(guest: Guest, at: number, signal: string) {
  await guest.shell(`echo 0 > /run/count; echo ${at} ${signal} > /run/stop`);
  const line =
    'INSTALLER=$$ PATH=/srv/bin:$PATH exec sh /srv/releases/install.sh --offline /srv/releases --watch 2';
  const said = await guest.run(['sh', '-c', line], { timeoutMs: 90_000 });
  return { ...said, commands: Number(await guest.read('/run/count')) };
}

/** Numbers of commands, spread over all of them. */
function spread(commands: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => 1 + Math.floor((commands * index) / count));
}

test(
  'a new installation that is interrupted at any command leaves nothing',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootWithStandIns(releases.path);
    const before = await footprint(guest);
    const whole = await interrupted(guest, 0, 'INT');
    expect(whole.code).toBe(0);
    await install(guest, '--uninstall', '--purge');
    expect(differences(before, await footprint(guest))).toEqual([]);

    for (const at of spread(whole.commands, 16)) {
      const { code, stderr, commands } = await interrupted(guest, at, 'INT');
      const left = differences(before, await footprint(guest));
      const work = await guest.shell('ls -d /tmp/tocsin-* /run/tocsin-install.lock || :');
      // The last commands run when all is done, and are not to be interrupted any more. How many it takes
      // depends on how long it waits for the agent.
      const isOver = code === 0 && at > commands - 12;
      if (code === 0) await install(guest, '--uninstall', '--purge');
      expect({ at, code, left: code === 0 ? [] : left, work, stderr }).toEqual({
        at,
        code: isOver ? 0 : 130,
        left: [],
        work: '',
        stderr: expect.any(String) as string,
      });
    }
  },
  2 * guestTimeoutMs,
);

test(
  'an upgrade that is ended at any command leaves the old version, which runs',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootWithStandIns(releases.path);
    await install(guest);
    const before = await footprint(guest);
    releases.addStandIn('1.1.0');
    const whole = await interrupted(guest, 0, 'TERM');
    expect(whole.code).toBe(0);
    const back = async (): Promise<unknown> => install(guest, '--version', '1.0.0', '--watch', '0');
    await back();

    for (const at of spread(whole.commands, 10)) {
      const { code } = await interrupted(guest, at, 'TERM');
      if (code === 0) {
        await back();
        continue;
      }
      expect({ at, code, left: differences(before, await footprint(guest)) }).toEqual({
        at,
        code: 143,
        left: [],
      });
      await guest.shell('until tocsin status | grep -q \'"1.0.0"\'; do sleep 0.2; done');
    }
  },
  2 * guestTimeoutMs,
);

test(
  'what was killed in the middle is mended by the next run, and removed without a trace',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootWithStandIns(releases.path);
    const before = await footprint(guest);
    const whole = await interrupted(guest, 0, 'KILL');
    await install(guest, '--uninstall', '--purge');
    for (const at of spread(whole.commands, 6).slice(2)) {
      await interrupted(guest, at, 'KILL');
      expect(outcomeOf(await install(guest, '--json'))).toMatchObject({ exitCode: 0 });
      expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');
      expect(await guest.shell('ls -d /tmp/tocsin-install.* || :')).toBe('');
      await install(guest, '--uninstall', '--purge');
      expect({ at, left: differences(before, await footprint(guest)) }).toEqual({ at, left: [] });
    }
  },
  2 * guestTimeoutMs,
);

test(
  'of two installations at once the second one waits for nobody, and says who is at it',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootGuest({
      bind: { '/srv/releases': releases.path },
      files: {
        '/srv/bin/gzip':
          '#!/bin/sh\ntouch /run/there; until test -e /run/go; do sleep 0.1; done; exec /bin/gzip "$@"\n',
      },
    });
    const path = '--setenv=PATH=/srv/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const call = `sh /srv/releases/install.sh --offline /srv/releases`;
    await guest.shell(`systemd-run --quiet --unit=first ${path} ${call}`);
    await guest.shell('until test -e /run/there; do sleep 0.1; done');
    const pid = await guest.say('systemctl', 'show', '-P', 'MainPID', 'first');
    const second = await install(guest, '--json');
    expect(outcomeOf(second)).toMatchObject({
      exitCode: 72,
      message: `another installation is running (process ${pid})`,
    });
    await guest.shell('touch /run/go; while systemctl -q is-active first; do sleep 0.1; done');
    expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');
    expect(outcomeOf(await install(guest, '--json'))).toMatchObject({ result: 'unchanged' });
  },
  guestTimeoutMs,
);
