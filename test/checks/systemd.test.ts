import { describe, expect, test } from 'vitest';
import { hostPlaces } from '../../src/checks/host/places.ts';
import { systemdOf } from '../../src/checks/systemd.ts';
import { hostWith, openedCheck, valuesOf } from '../support/host-check.ts';

interface Unit {
  readonly Id: string;
  readonly [property: string]: string;
}

const running = {
  Type: 'simple',
  LoadState: 'loaded',
  ActiveState: 'active',
  SubState: 'running',
  Result: 'success',
  NRestarts: '0',
  ExecMainCode: '0',
  ExecMainStatus: '0',
};

const failed = { ActiveState: 'failed', SubState: 'failed' };
const waiting = { ActiveState: 'activating', SubState: 'auto-restart' };
const exited = { Result: 'exit-code', ExecMainCode: '1', ExecMainStatus: '3' };

const block = (unit: Unit): string =>
  Object.entries({ ...running, ...unit })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

/** A `systemctl` that prints these units, and this list of failed ones; it notes what it was asked. */
async function hostWithUnits(units: readonly Unit[], list = '') {
  return systemdOf(
    await hostWith({
      'run/systemd/system/': '',
      'proc/uptime': '5000.00 9999.00\n',
      'bin/systemctl': [
        '#!/bin/sh',
        'if [ "$1" = list-units ]; then',
        `/bin/cat <<'END'\n${list}END`,
        'else',
        `/bin/cat <<'END'\n${units.map(block).join('\n')}END`,
        'fi',
        '',
      ].join('\n'),
    }),
  );
}

const judged = async (...units: readonly Unit[]) =>
  openedCheck(await hostWithUnits(units), { unit: units.map(({ Id }) => Id) }).run();

describe('a unit', () => {
  test.each<[Unit, string, string]>([
    [{ Id: 'a.service' }, 'ok', 'a.service is active (running)'],
    [{ Id: 'a.service', NRestarts: '3' }, 'ok', 'a.service is active (running), restarted 3 times'],
    [
      { Id: 'a.service', ActiveState: 'reloading', SubState: 'reload' },
      'ok',
      'a.service is reloading (reload)',
    ],
    [
      { Id: 'a.service', ActiveState: 'activating', SubState: 'start-pre' },
      'ok',
      'a.service is activating (start-pre)',
    ],
    [
      { Id: 'a.service', ...waiting, ...exited, NRestarts: '1' },
      'critical',
      'a.service keeps ending and waits to be restarted: exit code 3, restarted once',
    ],
    [
      { Id: 'a.service', ...failed, Result: 'signal', ExecMainCode: '2', ExecMainStatus: '9' },
      'critical',
      'a.service has failed: killed by SIGKILL',
    ],
    [
      { Id: 'a.service', ...failed, Result: 'exit-code', ExecMainCode: '1', ExecMainStatus: '203' },
      'critical',
      'a.service has failed: exit code 203 (systemd could not start its program: is it there, and executable?)',
    ],
    [
      { Id: 'a.service', ...failed, Result: 'core-dump', ExecMainCode: '3', ExecMainStatus: '11' },
      'critical',
      'a.service has failed: crashed by SIGSEGV, with a core dump',
    ],
    [
      { Id: 'a.service', ...failed, Result: 'exit-code' },
      'critical',
      'a.service has failed: one of its commands ended with an error',
    ],
    [
      { Id: 'a.service', ...failed, Result: 'watchdog', ExecMainCode: '2', ExecMainStatus: '6' },
      'critical',
      'a.service has failed: it did not report in time and was killed by the watchdog',
    ],
    [
      { Id: 'a.service', ...failed, Result: 'oom-kill' },
      'critical',
      'a.service has failed: it was killed because it ran out of memory',
    ],
    [
      { Id: 'a.service', ...failed, Result: 'start-limit-hit' },
      'critical',
      'a.service has failed; systemd has stopped trying (start limit hit)',
    ],
    [
      {
        Id: 'a.service',
        ...failed,
        ...exited,
        Restart: 'on-failure',
        StartLimitBurst: '5',
        NRestarts: '5',
      },
      'critical',
      'a.service has failed: exit code 3, restarted 5 times; systemd has stopped trying (start limit hit)',
    ],
    [
      { Id: 'a.service', ActiveState: 'inactive', SubState: 'dead' },
      'critical',
      'a.service is inactive (dead)',
    ],
    [
      { Id: 'a.service', Type: 'oneshot', ActiveState: 'inactive', SubState: 'dead' },
      'ok',
      'a.service has done its work and ended',
    ],
    [
      { Id: 'a.service', LoadState: 'not-found', ActiveState: 'inactive', SubState: 'dead' },
      'critical',
      'a.service is not installed on this host',
    ],
    [
      { Id: 'a.service', LoadState: 'masked', ActiveState: 'inactive', SubState: 'dead' },
      'critical',
      'a.service is masked',
    ],
  ])('%j is %s', async (unit, status, summary) => {
    expect(await judged(unit)).toMatchObject({ status, summary });
  });

  test('among several is named when it is the only one in trouble', async () => {
    const result = await judged(
      { Id: 'a.service', NRestarts: '2' },
      { Id: 'b.service', ...failed },
    );
    expect(result).toMatchObject({ status: 'critical', summary: 'b.service has failed' });
    expect(valuesOf(result)).toMatchObject({ 'restarts a.service': 2, 'restarts b.service': 0 });
  });

  test('among several in trouble is not the only one told', async () => {
    const result = await judged({ Id: 'a.service', ...failed }, { Id: 'b.socket', ...failed });
    expect(result).toMatchObject({
      summary: 'a.service has failed, and 1 more in trouble',
      detail: ['a.service has failed', 'b.socket has failed'],
    });
  });
});

describe('all units', () => {
  test('are sound when none has failed', async () => {
    const result = await openedCheck(await hostWithUnits([])).run();
    expect(result).toMatchObject({ status: 'ok', summary: 'no unit has failed' });
    expect(valuesOf(result)).toEqual({ failed_units: 0, late_timers: 0 });
  });

  test('are critical when one has, with the reason why, whatever the version prints', async () => {
    const line = '● backup.service loaded failed failed Nightly backup\n';
    const unit = { Id: 'backup.service', ...failed, Result: 'timeout' };
    expect(await openedCheck(await hostWithUnits([unit], line)).run()).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: 'backup.service has failed: it did not start or stop in time',
    });
  });

  test('are named when several have', async () => {
    const list = 'a.service loaded failed failed A\nb.mount  loaded failed failed B\n';
    expect((await openedCheck(await hostWithUnits([], list)).run()).summary).toBe(
      '2 units have failed: a.service, b.mount',
    );
  });
});

describe('units that other checks name', () => {
  test('are left out of all units', async () => {
    const list = 'a.service loaded failed failed A\nb.mount  loaded failed failed B\n';
    const some = openedCheck(await hostWithUnits([], list), { exclude: ['a.service'] });
    expect((await some.run()).summary).toBe('b.mount has failed');
    const none = openedCheck(await hostWithUnits([], list), { exclude: ['a.service', 'b.mount'] });
    expect(await none.run()).toMatchObject({ status: 'ok', summary: 'no unit has failed' });
  });

  test('are not excluded where only named ones are judged', () => {
    expect(() =>
      openedCheck(systemdOf(hostPlaces), { unit: 'a.service', exclude: ['b.service'] }),
    ).toThrow('either unit or exclude');
  });
});

describe('a host', () => {
  test('without systemd is unknown', async () => {
    expect(await openedCheck(systemdOf(await hostWith({}))).run()).toMatchObject({
      status: 'unknown',
      reason: 'missing',
      summary: 'systemd does not run here: remove this check',
    });
  });

  test('whose systemd does not answer is unknown at the deadline', async () => {
    const host = systemdOf(
      await hostWith({
        'run/systemd/system/': '',
        'bin/systemctl': '#!/bin/sh\nexec /bin/sleep 600\n',
      }),
    );
    const result = await openedCheck(host, {}, { common: { timeoutMs: 300 } }).run();
    expect(result).toMatchObject({
      status: 'unknown',
      reason: 'timeout',
      summary: 'systemctl did not answer in time',
    });
  });

  test('whose bus is closed to the agent is unknown, with what systemctl said', async () => {
    const host = systemdOf(
      await hostWith({
        'run/systemd/system/': '',
        'bin/systemctl':
          '#!/bin/sh\necho Failed to connect to bus: Permission denied >&2\nexit 1\n',
      }),
    );
    expect(await openedCheck(host).run()).toMatchObject({
      status: 'unknown',
      reason: 'permission',
      summary:
        'systemctl is refused (Failed to connect to bus: Permission denied): ' +
        'let the agent reach the bus of the system (AF_UNIX, /run/dbus)',
    });
  });

  test('with systemd but no systemctl is unknown', async () => {
    const host = systemdOf(await hostWith({ 'run/systemd/system/': '', 'bin/': '' }));
    expect(await openedCheck(host).run()).toMatchObject({ status: 'unknown', reason: 'missing' });
  });

  test('names units, never options', async () => {
    const host = await hostWithUnits([]);
    expect(() => openedCheck(host, { unit: '--host=evil' })).toThrow('a unit such as');
    expect(host.target?.({ unit: ['a.service', 'b.service'] })).toBe('a.service, b.service');
  });
});

describe('how long a unit has been started', () => {
  const started = (seconds: number) => ({ InactiveExitTimestampMonotonic: String(seconds * 1e6) });

  test('is told with the result, for start_period', async () => {
    const [young, old] = [started(4990), started(100)];
    const alone = await judged({ Id: 'a.service', ...waiting, ...young });
    expect(alone).toMatchObject({ status: 'critical', subjectAgeMs: 10_000 });
    const sound = await judged({ Id: 'a.service', ...old });
    expect(sound).toMatchObject({ status: 'ok', subjectAgeMs: 4_900_000 });
  });

  test('of several is that of the failing one which was started first', async () => {
    const failing = { ...waiting, ...exited };
    const result = await judged(
      { Id: 'a.service', ...started(10) },
      { Id: 'b.service', ...failing, ...started(4990) },
      { Id: 'c.service', ...failing, ...started(4000) },
    );
    expect(result.subjectAgeMs).toBe(1_000_000);
  });

  test('is left out for one that never was', async () => {
    const never = await judged({
      Id: 'a.service',
      ActiveState: 'inactive',
      SubState: 'dead',
      ...started(0),
    });
    expect(never.subjectAgeMs).toBeUndefined();
  });
});
