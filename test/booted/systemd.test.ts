import { describe, expect, test } from 'vitest';
import { bootAgent } from '../support/guest/agent.ts';
import { guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';

const lacking = lacksGuest();

const service = (...lines: readonly string[]): string =>
  ['[Unit]', 'StartLimitBurst=3', '[Service]', ...lines, ''].join('\n');

const files = {
  '/etc/systemd/system/web.service': service(
    'ExecStart=/bin/sh -c "echo listening; exec sleep 600"',
  ),
  '/etc/systemd/system/loop.service': service(
    'ExecStart=/bin/sh -c "until test -e /run/broken; do sleep 0.1; done; echo no database, password=hunter2; exit 3"',
    'Restart=on-failure',
    'RestartSec=1s',
  ),
  '/etc/systemd/system/dog.service': service(
    'Type=notify',
    'NotifyAccess=all',
    'WatchdogSec=2s',
    'ExecStart=/bin/sh -c "systemd-notify --ready; while :; do systemd-notify WATCHDOG=1; sleep 0.5; done"',
  ),
  '/etc/systemd/system/typo.service': service('ExecStart=/usr/bin/no-such-program'),
};

const everyUnit = { name: 'units', type: 'systemd' };

describe('a unit that fails', () => {
  test(
    'is told with how it ended, and the end of its log',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const named = { name: 'site', type: 'systemd', unit: ['web.service', 'loop.service'] };
      await using world = await bootAgent([everyUnit, named], {
        files,
        grants: ['journal'],
        prepare: 'systemctl start web loop dog',
      });
      const { guest, message } = world;

      await guest.shell('systemctl kill --signal=SEGV web');
      for (const name of ['units', 'site']) {
        const crashed = await message(new RegExp(`^🔴 ${name}[^]*web\\.service`));
        expect(crashed).toMatch(/\nweb\.service has failed: (?:killed|crashed) by SIGSEGV/);
        expect(crashed).toMatch(/log of web\.service:\n(?: .*\n)* .*Started web\.service\.\n/);
        expect(crashed).toMatch(/sh\[\d+\]: listening\n/);
      }
      await guest.shell('systemctl start web');
      const well = await message(/^✅ site/);
      expect(well).toMatch(/was: web\.service has failed: .*SIGSEGV/);
      expect(well).not.toContain('log of');

      await guest.shell('touch /run/broken');
      expect(await message(/^🔴 site.*\nloop\.service/)).toMatch(
        /\nloop\.service (?:keeps ending and waits to be restarted: exit code 3|was restarted)/,
      );
      const gaveUp = await message(/^🔴 units[^]*loop\.service/);
      expect(gaveUp).toMatch(
        /\nloop\.service has failed: exit code 3, restarted \d times; systemd has stopped trying \(start limit hit\)\n/,
      );
      expect(gaveUp).toContain('Start request repeated too quickly.');
      expect(gaveUp).toContain('no database, password=&lt;secret&gt;');
      await guest.shell('systemctl reset-failed loop');
      await message(/^✅ units[^]*loop\.service/);

      await guest.shell('kill -STOP $(systemctl show -p MainPID --value dog)');
      const hung = await message(/^🔴 units[^]*dog\.service/);
      expect(hung).toContain(
        'dog.service has failed: it did not report in time and was killed by the watchdog',
      );
      expect(hung).toContain('Watchdog timeout (limit 2s)!');
      await guest.shell('systemctl reset-failed dog');
      await message(/^✅ units[^]*dog\.service/);

      await guest.shell('systemctl start typo || true');
      expect(await message(/^🔴 units[^]*typo\.service/)).toContain(
        'typo.service has failed: exit code 203 (systemd could not start its program: is it there, and executable?)',
      );
    },
    guestTimeoutMs,
  );

  test(
    'is told without its log where that may not be read, and how to grant it',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using world = await bootAgent([everyUnit], { files });
      const { guest, message } = world;
      await guest.shell('systemctl start typo || true');
      const failed = await message(/^🔴 units/);
      expect(failed).toMatch(
        /no log of typo\.service: the user of the agent lacks the right to read the journal: put it into the group systemd-journal \(usermod -aG systemd-journal tocsin,/,
      );
      // Evidence that would name only the agent's own processes is none.
      expect(failed).not.toContain('most memory');
    },
    guestTimeoutMs,
  );
});

describe('the evidence', () => {
  test(
    'with a failure names programs with their units, changes, and the log once',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const checks = [
        { name: 'site', type: 'systemd', unit: 'web.service' },
        { name: 'program', type: 'process', process: { cmdline: '^sleep 600$' } },
      ].map((check) => ({ ...check, debounce: { fail_after: 2 } }));
      await using world = await bootAgent(checks, {
        files,
        grants: ['journal', 'processes'],
        prepare: 'systemctl start web',
      });
      const { guest, message } = world;
      await guest.shell('systemctl stop web');
      const stopped = await message(/^🔴 site/);
      expect(stopped).toContain('\nweb.service is inactive (dead)\n');
      expect(stopped).toMatch(/\nmost memory: tocsin of tocsin\.service \(\d+\) \d+ MB, systemd/);
      expect(stopped).toMatch(/\nlast change of a unit, \S+ ago: /);
      expect(stopped.match(/log of web\.service:/g)).toHaveLength(1);
      // It ran in that unit while it ran.
      expect(await message(/^🔴 program/)).toMatch(/log of web\.service:\n(?:.*\n)*.* Stopped web/);
    },
    guestTimeoutMs,
  );
});

describe('a timer', () => {
  const far = '[Timer]\nOnCalendar=2099-01-01\nPersistent=yes\n';
  const job = (line: string): string => `[Service]\nType=oneshot\nExecStart=/bin/sh -c "${line}"\n`;
  const files = {
    '/etc/systemd/system/backup.timer': far,
    '/etc/systemd/system/backup.service': job('true'),
    '/etc/systemd/system/weekly.timer': far,
    '/etc/systemd/system/weekly.service': job('true'),
    '/etc/systemd/system/nightly.timer': '[Timer]\nOnActiveSec=1s\n',
    '/etc/systemd/system/nightly.service': job('echo disk full; exit 1'),
  };
  /** As if it had run last three days ago: systemd keeps that in the date of a file. */
  const stamp = '/var/lib/systemd/timers/stamp-backup.timer';
  const prepare = `mkdir -p $(dirname ${stamp}); touch -d '3 days ago' ${stamp}; systemctl start backup.timer`;
  const checks = [
    everyUnit,
    { name: 'backup', type: 'systemd', unit: 'backup.timer', last_run: { critical: '26h' } },
    { name: 'weekly', type: 'systemd', unit: 'weekly.timer' },
  ];

  test(
    'that ran too long ago, was never started, or runs in vain is told',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using world = await bootAgent(checks, { files, grants: ['journal'], prepare });
      const { guest, message } = world;
      expect(await message(/^🔴 backup/)).toMatch(/\nbackup\.timer ran last 3d ago, limit 1d2h\n/);
      expect(await message(/^🔴 weekly/)).toMatch(
        /\nweekly\.timer is inactive \(dead\): systemctl enable --now weekly\.timer starts it\n/,
      );
      await guest.shell('systemctl start nightly.timer');
      const inVain = await message(/^🔴 units/);
      expect(inVain).toContain('nightly.service has failed: exit code 1');
      expect(inVain).toContain('disk full');
    },
    guestTimeoutMs,
  );
});
