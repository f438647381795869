import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CheckMemory } from '../../src/checks/check-type.ts';
import { reboot, rebootOf } from '../../src/checks/reboot.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import {
  hostWith,
  openedCheck,
  rememberingChecks,
  valuesOf,
  writeInto,
} from '../support/host-check.ts';

const boots = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];

/** A host that has been up for ten minutes, with what a check remembers of it. */
async function host(files: Readonly<Record<string, string>> = {}) {
  const places = await hostWith({
    'proc/sys/kernel/random/boot_id': `${boots[0]}\n`,
    'proc/uptime': '600.00 1.00\n',
    ...files,
  });
  const clock = createFakeClock();
  const memory: CheckMemory = rememberingChecks();
  const opened = (keys: Readonly<Record<string, unknown>> = {}) =>
    openedCheck(rebootOf(places), keys, { clock, memory });
  return {
    places,
    clock,
    opened,
    /** Goes down now and is up again after some minutes, for two of them when the agent looks. */
    reboots: async (downMinutes: number) => {
      await clock.advance((downMinutes + 2) * 60_000);
      await writeFile(join(places.proc, 'sys/kernel/random/boot_id'), `${boots[1]}\n`);
      await writeFile(join(places.proc, 'uptime'), '120.00 1.00\n');
    },
  };
}

/** One record of wtmp(5) in the form of x86-64. */
function record(type: number, user: string, seconds: number): Buffer {
  const bytes = Buffer.alloc(384);
  bytes.writeInt16LE(type, 0);
  bytes.write('~', 8);
  bytes.write(user, 44);
  bytes.writeInt32LE(Math.floor(seconds), 340);
  return bytes;
}

describe('a host', () => {
  test('that is seen for the first time, or is still up, is well', async () => {
    const { opened, clock } = await host();
    const check = opened();
    const first = await check.run();
    expect(first).toMatchObject({ status: 'ok', summary: 'the host is up 10m' });
    expect(valuesOf(first)).toEqual({ uptime_seconds: 600 });
    await clock.advance(3_600_000);
    expect((await check.run()).status).toBe('ok');
    check.open.close?.();
    expect((await opened().run()).status).toBe('ok');
    expect((await openedCheck(reboot).run()).status).toBe('ok');
  });

  test('that comes back while the agent was cut off was not announced, and is told for a while', async () => {
    const { opened, clock, reboots } = await host();
    await opened().run();
    await reboots(4);
    const check = opened();
    const result = await check.run();
    expect(result).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: 'the host came back after an unannounced reboot (a crash, or a lost supply), up 2m',
    });
    expect(result.detail).toEqual([
      'so says tocsin, which was cut off',
      'the agent had last been there 4m before the boot',
    ]);
    await clock.advance(14 * 60_000);
    expect((await opened().run()).status).toBe('critical');
    await clock.advance(60_000);
    expect((await check.run()).status).toBe('ok');
  });

  test('that stopped the agent in order before was announced', async () => {
    const { opened, reboots } = await host();
    const before = opened();
    await before.run();
    before.open.close?.();
    await reboots(4);
    const result = await opened().run();
    expect(result).toMatchObject({
      status: 'ok',
      summary: 'the host came back after an announced reboot, up 2m',
    });
    expect((await opened({ announced: 'warning' }).run()).status).toBe('warning');
  });

  test('that shows the boot of another, as containers do, is known by the start of its systemd', async () => {
    const answer = (seconds: number): string =>
      `#!/bin/sh\necho UserspaceTimestampMonotonic=${seconds * 1_000_000}\n`;
    const world = await host({ 'run/systemd/system/': '', 'bin/systemctl': answer(540) });
    expect((await world.opened().run()).summary).toBe('the host is up 1m');
    expect((await world.opened().run()).status).toBe('ok');
    await writeInto(dirname(world.places.proc), 'bin/systemctl', answer(590));
    expect(await world.opened().run()).toMatchObject({
      status: 'critical',
      summary: expect.stringMatching(/^the host came back after an unannounced .*, up 10s$/),
    });
  });

  test('whose agent was only reloaded before it was cut off was not shut down', async () => {
    const { opened, reboots } = await host();
    const before = opened();
    await before.run();
    const after = opened();
    before.open.close?.();
    await after.run();
    await reboots(4);
    expect((await opened().run()).status).toBe('critical');
  });

  test('that the agent had left long before tells nothing', async () => {
    const { opened, reboots } = await host();
    const before = opened();
    await before.run();
    before.open.close?.();
    await reboots(60);
    expect((await opened().run()).summary).toContain('nothing tells whether it was announced');
  });

  test.each([
    ['an orderly end', true, 'ok', 'an announced reboot'],
    ['no end at all', false, 'critical', 'an unannounced reboot'],
  ] as const)('whose records of logins hold %s is believed', async (_, shutdown, status, kind) => {
    const { places, clock, opened, reboots } = await host();
    const before = opened();
    await before.run();
    if (!shutdown) before.open.close?.();
    await reboots(5);
    const booted = clock.now().wallMs / 1000 - 120;
    await mkdir(join(places.var, 'log'), { recursive: true });
    const records = [
      record(2, 'reboot', booted - 90_000),
      record(7, 'root', booted - 80_000),
      ...(shutdown ? [record(1, 'shutdown', booted - 200)] : []),
      record(2, 'reboot', booted + 30),
    ];
    await writeFile(join(places.var, 'log/wtmp'), Buffer.concat(records));
    const result = await opened().run();
    expect(result.status).toBe(status);
    expect(result.summary).toContain(kind);
  });

  test('whose journal tells of the shutdown is believed; old records say nothing of this boot', async () => {
    const { places, opened, reboots } = await host({ 'run/systemd/system/': '' });
    await writeInto(places.programs, 'journalctl', '#!/bin/sh\necho "The system will reboot now!"');
    await mkdir(join(places.var, 'log'), { recursive: true });
    const old = [record(2, 'reboot', 1000), record(2, 'reboot', 2000)];
    await writeFile(join(places.var, 'log/wtmp'), Buffer.concat(old));
    await opened().run();
    await reboots(4);
    const result = await opened().run();
    expect(result.detail[0]).toBe('so says the journal of the boot before');
    expect(result.status).toBe('ok');
  });

  test('of which the kernel says nothing sensible is unknown', async () => {
    const rubbish = await hostWith({ 'proc/sys/kernel/random/boot_id': 'what' });
    expect(await openedCheck(rebootOf(rubbish)).run()).toMatchObject({
      status: 'unknown',
      reason: 'protocol',
    });
    expect((await openedCheck(rebootOf(await hostWith({}))).run()).status).toBe('unknown');
  });
});

test('What was kept in another form is no harm', async () => {
  const { places } = await host();
  const memory = rememberingChecks();
  memory.keep('subject', { bootId: 7 });
  expect((await openedCheck(rebootOf(places), {}, { memory }).run()).status).toBe('ok');
});
