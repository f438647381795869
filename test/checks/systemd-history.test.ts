import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemdOf } from '../../src/checks/systemd.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { openedCheck, placesIn, folderWith, valuesOf, writeInto } from '../support/host-check.ts';

const minute = 60_000;

const sound = {
  Type: 'simple',
  LoadState: 'loaded',
  ActiveState: 'active',
  SubState: 'running',
  Result: 'success',
};

/** A host whose `systemctl` prints what the folder says at the moment, and whose journal is a program. */
async function hostWith(journal = '#!/bin/sh\nexit 1\n') {
  const folder = await folderWith({
    'run/systemd/system/': '',
    'proc/uptime': '5000.00 9999.00\n',
    failed: '',
    units: '',
    timers: '',
    'bin/systemctl': [
      '#!/bin/sh',
      'cd "${0%/bin/*}"',
      'case "$*" in *--failed*) /bin/cat failed ;; *"*.timer"*) /bin/cat timers ;; *) /bin/cat units ;; esac',
      '',
    ].join('\n'),
    'bin/journalctl': journal,
  });
  const tell = async (file: string, ...units: readonly Readonly<Record<string, string>>[]) => {
    const blocks = units.map((unit) =>
      Object.entries({ ...sound, ...unit })
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    await writeInto(folder, file, blocks.join('\n'));
  };
  return { folder, tell, type: systemdOf(placesIn(folder)) };
}

describe('restarts of a unit', () => {
  test('are judged within the window, and forgotten after it', async () => {
    const { tell, type } = await hostWith();
    const clock = createFakeClock();
    const check = openedCheck(type, { unit: 'a.service' }, { clock });
    const restarted = async (times: number) => {
      await tell('units', { Id: 'a.service', NRestarts: String(times) });
      return check.run();
    };
    expect(await restarted(7)).toMatchObject({ status: 'ok' });
    await clock.advance(minute);
    expect(await restarted(8)).toMatchObject({
      status: 'warning',
      reason: 'threshold',
      summary: 'a.service was restarted once within 10m, limit 1',
    });
    await clock.advance(minute);
    const often = await restarted(10);
    expect(often).toMatchObject({
      status: 'critical',
      summary: 'a.service was restarted 3 times within 10m, limit 3',
    });
    expect(valuesOf(often)).toMatchObject({
      'restarts a.service': 10,
      'recent_restarts a.service': 3,
    });
    await clock.advance(11 * minute);
    expect(await restarted(10)).toMatchObject({ status: 'ok' });
  });

  test('do not hide that it has failed', async () => {
    const { tell, type } = await hostWith();
    const check = openedCheck(type, { unit: 'a.service' });
    await tell('units', { Id: 'a.service', NRestarts: '0' });
    await check.run();
    await tell('units', { Id: 'a.service', NRestarts: '5', ActiveState: 'failed', SubState: '' });
    expect((await check.run()).summary).toBe('a.service has failed, restarted 5 times');
  });
});

describe('a timer', () => {
  // The fake clock begins at 12:00 on 15 January 2025.
  const timer = (last: string, next: string) => ({
    Id: 'backup.timer',
    Type: '',
    SubState: 'waiting',
    LastTriggerUSec: last,
    NextElapseUSecRealtime: next,
  });
  const yesterday = 'Tue 2025-01-14 12:00:00 UTC';

  test('that did not run when it should have is critical', async () => {
    const { tell, type } = await hostWith();
    const check = openedCheck(type, { unit: 'backup.timer' }, { clock: createFakeClock() });
    await tell('units', timer(yesterday, 'Wed 2025-01-15 11:50:00 UTC'));
    expect(await check.run()).toMatchObject({ status: 'ok' });
    await tell('units', timer(yesterday, 'Wed 2025-01-15 11:40:00 UTC'));
    expect(await check.run()).toMatchObject({
      status: 'critical',
      reason: 'stale',
      summary: 'backup.timer did not run when it should have, 20m ago',
    });
  });

  test('that ran too long ago is told by its limits', async () => {
    const { tell, type } = await hostWith();
    const keys = { unit: 'backup.timer', last_run: { critical: '1h' } };
    const check = openedCheck(type, keys, { clock: createFakeClock() });
    await tell('units', timer(yesterday, 'Thu 2025-01-16 12:00:00 UTC'));
    const result = await check.run();
    expect(result).toMatchObject({
      status: 'critical',
      reason: 'threshold',
      summary: 'backup.timer ran last 1d ago, limit 1h',
    });
    expect(valuesOf(result)).toMatchObject({ 'last_run_seconds backup.timer': 86_400 });
    await tell('units', timer('', 'n/a'));
    expect(await check.run()).toMatchObject({ status: 'ok' });
  });

  test('is looked for among all when no unit is named', async () => {
    const { tell, type } = await hostWith();
    const check = openedCheck(type, {}, { clock: createFakeClock() });
    await tell('timers', timer(yesterday, 'Wed 2025-01-15 10:00:00 UTC'));
    const result = await check.run();
    expect(result).toMatchObject({
      status: 'critical',
      reason: 'stale',
      summary: 'backup.timer did not run when it should have, 2h ago',
    });
    expect(valuesOf(result)).toEqual({ failed_units: 0, late_timers: 1 });
  });
});

describe('the journal of a unit that fails', () => {
  const unit = { Id: 'a.service', ActiveState: 'failed', SubState: 'failed' };

  test('is told with it, its last lines and without what looks like a secret', async () => {
    const journal = [
      '#!/bin/sh',
      'echo "$*" > "${0%/bin/*}/asked"',
      'for n in 1 2 3 4 5 6 7 8 9 10 11; do echo "line $n"; done',
      'echo "login password=hunter2hunter2 at postgres://web:geheim@db/x"',
      'echo "Authorization: Bearer abcdefghijkl, key sk-abcdefghijklmnop"',
      '',
    ].join('\n');
    const { tell, type, folder } = await hostWith(journal);
    await tell('units', unit);
    const result = await openedCheck(type, { unit: 'a.service' }).run();
    expect(result.detail).toEqual([
      'log of a.service:',
      ...[4, 5, 6, 7, 8, 9, 10, 11].map((line) => `  line ${line}`),
      '  login password=<secret> at postgres://web:<secret>@db/x',
      '  Authorization: <secret>, key <secret>',
    ]);
    const asked = await readFile(join(folder, 'asked'), 'utf8');
    expect(asked).toContain('_SYSTEMD_UNIT=a.service + _SYSTEMD_USER_UNIT=a.service');
    const without = openedCheck(type, { unit: 'a.service', journal: false });
    expect((await without.run()).detail).toEqual([]);
  });

  test('that may not be read says so, and how to grant it', async () => {
    const hint = 'Hint: You are currently not seeing messages from other users and the system.';
    for (const code of [0, 1]) {
      const { tell, type } = await hostWith(`#!/bin/sh\necho '${hint}' >&2\nexit ${code}\n`);
      await tell('units', unit, { ...unit, Id: 'b.service' });
      const { detail } = await openedCheck(type, { unit: ['a.service', 'b.service'] }).run();
      expect(detail.slice(2)).toEqual([
        expect.stringMatching(
          /^no log of a\.service, b\.service: .* put it into the group systemd-journal \(usermod -aG systemd-journal \w+, then restart the agent\)$/,
        ),
      ]);
    }
  });

  test('that hangs takes nothing from the result', async () => {
    const { tell, type } = await hostWith('#!/bin/sh\nexec /bin/sleep 600\n');
    await tell('units', unit);
    const check = openedCheck(type, { unit: 'a.service' });
    const result = await check.run();
    expect(result).toMatchObject({ status: 'critical', summary: 'a.service has failed' });
    expect(result.detail).toEqual([]);
    expect(result.durationMs).toBeLessThan(4000);
  });
});
