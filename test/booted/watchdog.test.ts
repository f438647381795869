import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { startUnit, watchedGuest } from '../support/guest/watched-service.ts';

const lacking = lacksGuest();

/** A unit that runs the service under watch, with no more than these lines. */
function unit(words: string, ...lines: readonly string[]): string {
  const command = `ExecStart=/usr/local/bin/tocsin watchdog ${words}`;
  return ['[Service]', 'Type=notify', command, 'RestartSec=100ms', ...lines, ''].join('\n');
}

const plain = '-- /usr/local/bin/watched';
const byUrl = '--http http://127.0.0.1:8080/health -- /usr/local/bin/watched';

describe('under a systemd that runs', () => {
  let guest: Guest;
  beforeAll(async () => {
    if (lacking === undefined) guest = await bootGuest(watchedGuest);
  }, guestTimeoutMs);
  afterAll(async () => {
    if (lacking === undefined) await guest[Symbol.asyncDispose]();
  });
  beforeEach(({ skip }) => {
    if (lacking !== undefined) skip(lacking);
  });

  test('a service that is stopped where it stands is ended in order and started again, with the result "watchdog"', async () => {
    // The usual unit: not a line for the sake of the agent.
    const text = unit(byUrl, 'WatchdogSec=3', 'Restart=on-failure');
    const { start, show, services, becomes, hasNoted, journal, stop } = await startUnit(
      guest,
      text,
    );
    expect(await start()).toBe(0);
    expect(await show('StatusText')).toContain('HTTP 200 from http://127.0.0.1:8080/health');
    const [service = ''] = await services();
    await guest.say('kill', '-STOP', service);
    await becomes('NRestarts', '1');
    await becomes('ActiveState', 'active');
    await hasNoted('start', 'SIGTERM', 'start');
    const told = await journal();
    expect(told).toContain("Failed with result 'watchdog'");
    expect(told).toMatch(/tocsin: failing for .*, asked to end: no answer within 1s/);
    expect(await services()).toHaveLength(1);
    expect((await stop()).code).toBe(0);
    expect(await show('Result')).toBe('success');
  });

  test('one that needs longer than TimeoutStartSec= is given the time', async () => {
    const text = unit(plain + ' slow', 'TimeoutStartSec=4', 'WatchdogSec=8');
    const { start, show, becomes, stop } = await startUnit(guest, text);
    const starting = start();
    await becomes('StatusText', 'starting: the service listens on no TCP port yet');
    expect(await starting).toBe(0);
    expect(await show('ActiveState')).toBe('active');
    const readyUs = Number(await show('ActiveEnterTimestampMonotonic'));
    const startUs = Number(await show('ExecMainStartTimestampMonotonic'));
    expect(readyUs - startUs).toBeGreaterThan(8_000_000);
    await stop();
  });

  test('as another user than root it says what the unit lacks, and is not started again and again', async () => {
    const lines = ['User=openclaw', 'WatchdogSec=3', 'Restart=on-failure'];
    const without = unit(plain, ...lines, 'RestartPreventExitStatus=78');
    const deaf = await startUnit(guest, without);
    expect(await deaf.start()).toBe(1);
    expect(await deaf.show('ExecMainStatus')).toBe('78');
    expect(await deaf.show('NRestarts')).toBe('0');
    expect(await deaf.journal()).toContain(
      'tocsin: watched.service needs the line NotifyAccess=all: with NotifyAccess=main',
    );
    expect(await deaf.noted()).toEqual([]);
    const heard = await startUnit(guest, unit(plain, ...lines, 'NotifyAccess=all'));
    expect(await heard.start()).toBe(0);
    const [service = ''] = await heard.services();
    expect(await guest.say('ps', '-o', 'user=', '-p', service)).toBe('openclaw');
    await heard.set('status', 500);
    // Any answer proves that it lives.
    await heard.becomes('StatusText', '127.0.0.1:8080 answers');
    await guest.say('kill', '-STOP', service);
    await heard.becomes('NRestarts', '1');
    await heard.stop();
  });

  test('exit code 78 is that of the unit, and the last one', async () => {
    const text = unit(plain, 'WatchdogSec=3', 'Restart=always', 'RestartPreventExitStatus=78');
    const { start, set, show, becomes, noted } = await startUnit(guest, text);
    expect(await start()).toBe(0);
    await set('exit', 78);
    await guest.say('pkill', '-KILL', '-f', '^/usr/local/bin/node');
    await becomes('ActiveState', 'failed');
    expect(await show('ExecMainStatus')).toBe('78');
    expect(await show('NRestarts')).toBe('1');
    expect(await noted()).toEqual(['start', 'start']);
  });

  test('a service that does not hear SIGTERM is waited for beyond TimeoutStopSec=, and killed after --stop', async () => {
    const text = unit(`--stop 4s ${plain} deaf`, 'TimeoutStopSec=1', 'KillMode=mixed');
    const { start, stop, noted, services, journal, show } = await startUnit(guest, text);
    expect(await start()).toBe(0);
    const startedMs = Date.now();
    await stop();
    expect(Date.now() - startedMs).toBeGreaterThan(3900);
    expect(await noted()).toEqual(['start', 'SIGTERM']);
    expect(await services()).toEqual([]);
    expect(await journal()).toContain('tocsin: has not ended within 4s: killed');
    // As for any service that has to be killed at its stop.
    expect(await show('ExecMainStatus')).toBe('137');
  });

  test('SIGHUP reaches the service by ExecReload=', async () => {
    const lines = ['KillMode=mixed', 'ExecReload=/bin/kill -HUP $MAINPID'];
    const { start, stop, hasNoted } = await startUnit(guest, unit(plain, ...lines));
    expect(await start()).toBe(0);
    await guest.say('systemctl', 'reload', 'watched');
    await hasNoted('start', 'SIGHUP');
    expect((await stop()).code).toBe(0);
    await hasNoted('start', 'SIGHUP', 'SIGTERM');
  });

  test('what has gone into the background out of reach is ended by systemd with the unit', async () => {
    const text = unit(`${plain} forking`, 'KillMode=mixed');
    const { start, stop } = await startUnit(guest, text);
    expect(await start()).toBe(0);
    const left = ['pgrep', '-f', 'sleep 1234'];
    expect((await guest.run(left)).stdout.trim().split('\n')).toHaveLength(2);
    await stop();
    expect((await guest.run(left)).stdout).toBe('');
  });

  test('if the agent itself hangs, systemd ends it, and the service with it', async () => {
    const lines = ['WatchdogSec=3', 'TimeoutAbortSec=1', 'Restart=on-failure', 'KillMode=mixed'];
    const { start, show, becomes, services, stop } = await startUnit(guest, unit(plain, ...lines));
    expect(await start()).toBe(0);
    const [service = ''] = await services();
    await guest.say('kill', '-STOP', await show('MainPID'));
    await becomes('NRestarts', '1');
    await becomes('ActiveState', 'active');
    const [only, ...more] = await services();
    expect(more).toEqual([]);
    expect(only).not.toBe(service);
    await stop();
  });

  test('the unit of the documentation does what the page says', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/watchdog.md'), 'utf8');
    const [, text = ''] = /```ini\n([^]*?)```/.exec(page) ?? [];
    const name = 'openclaw.service';
    const { start, stop, set, show, becomes, services, hasNoted, journal } = await startUnit(
      guest,
      text,
      name,
    );
    expect(await start()).toBe(0);
    expect(await journal()).toContain(
      'tocsin: what decides: /startupz, then /health, of the OpenClaw gateway on port 18789',
    );
    expect(await show('StatusText')).toBe('OpenClaw 2026.9.6 has started on port 18789');
    expect(await guest.say('systemd-analyze', 'verify', name)).toBe('');
    // Killed from outside: started again. With the patience of a test from here on.
    await guest.write(`/etc/systemd/system/${name}.d/fast.conf`, '[Service]\nWatchdogSec=4\n');
    await guest.say('systemctl', 'daemon-reload');
    await guest.say('kill', '-KILL', (await services())[0] ?? '');
    await becomes('NRestarts', '1');
    await becomes('ActiveState', 'active');
    await guest.say('kill', '-STOP', (await services())[0] ?? '');
    await becomes('NRestarts', '2');
    await becomes('ActiveState', 'active');
    await hasNoted('start', 'start', 'SIGTERM', 'start');
    const kept = await guest.shell('cat /var/lib/openclaw-watchdog/watchdog-*.json');
    expect(JSON.parse(kept)).toMatchObject({ version: 1, kills: [expect.any(Number)] });
    expect((await stop()).code).toBe(0);
    expect(await show('Result')).toBe('success');
    await hasNoted('start', 'start', 'SIGTERM', 'start', 'SIGTERM');
    await set('exit', 78);
    await start();
    await becomes('ActiveState', 'failed');
    expect(await show('NRestarts')).toBe('0');
  });
});
