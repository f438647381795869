import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clock, clockOf } from '../../src/checks/clock.ts';
import type { HostPlaces } from '../../src/checks/host/places.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { folderWith, hostWith, openedCheck, valuesOf, writeInto } from '../support/host-check.ts';

const systemd = (answer: string): Record<string, string> => ({
  'run/systemd/system/': '',
  'bin/timedatectl': `#!/bin/sh\necho ${answer}\n`,
});

const chrony = (leap: string): Record<string, string> => ({
  'bin/chronyc': `#!/bin/sh\nprintf 'Stratum         : 3\\nLeap status     : ${leap}\\n'\n`,
});

async function judged(host: Record<string, string>, keys: Readonly<Record<string, unknown>> = {}) {
  return openedCheck(clockOf(await hostWith(host)), keys).run();
}

describe('the clock', () => {
  test.each([
    ['systemd says yes', systemd('yes'), 'ok', 1],
    ['systemd says no', systemd('no'), 'warning', 0],
    ['chrony is in step', chrony('Normal'), 'ok', 1],
    ['chrony is not', chrony('Not synchronised'), 'warning', 0],
    ['systemd is too old to say', { ...systemd('; exit 1'), ...chrony('Normal') }, 'ok', 1],
  ] as const)('when %s', async (_, host, status, synchronized) => {
    const result = await judged(host);
    expect(result.status).toBe(status);
    expect(valuesOf(result)).toMatchObject({ synchronized });
  });

  test('that follows no time server is told as asked for', async () => {
    expect(await judged(systemd('no'), { unsynchronized: 'critical' })).toMatchObject({
      status: 'critical',
      reason: 'status',
    });
    expect(await judged(systemd('no'), { unsynchronized: 'ignore' })).toMatchObject({
      status: 'ok',
      summary: 'the clock follows no time server; jumps of the date are watched for from now on',
    });
  });

  test('in a container, without any tool, is fine as far as one can see', async () => {
    expect(await judged({})).toMatchObject({
      status: 'ok',
      summary:
        'cannot see from here whether the clock follows a time server; jumps of the date are watched for from now on',
    });
  });

  test('asks the tools at most every five minutes', async () => {
    const asked = join(await folderWith(), 'asked');
    const host = await hostWith({
      'run/systemd/system/': '',
      'bin/timedatectl': `#!/bin/sh\necho x >> ${asked}\necho yes\n`,
    });
    const fake = createFakeClock();
    const check = openedCheck(clockOf(host), {}, { clock: fake });
    for (const minutes of [0, 1, 3, 1, 4, 1]) {
      await fake.advance(minutes * 60_000);
      await check.run();
    }
    expect(await readFile(asked, 'utf8')).toBe('x\nx\nx\n');
  });

  test('of this host can be looked at', async () => {
    expect(['ok', 'warning']).toContain((await openedCheck(clock).run()).status);
  });
});

describe('a jump of the date', () => {
  async function stepped(ms: number, host: Record<string, string> = {}) {
    const places = await hostWith(host);
    const fake = createFakeClock();
    const check = openedCheck(clockOf(places), {}, { clock: fake });
    await check.run();
    await fake.advance(60_000);
    fake.jumpWall(ms);
    return { fake, check, result: await check.run(), places };
  }

  test.each([
    [1900, 'ok', undefined],
    [5000, 'warning', 'the date jumped 5s forward just now, limit 2s'],
    [-5000, 'warning', 'the date jumped 5s back just now, limit 2s'],
    [-3_600_000, 'critical', 'the date jumped 1h back just now, limit 1m'],
  ])('by %d ms is %s', async (ms, status, summary) => {
    const { result } = await stepped(ms);
    expect(result.status).toBe(status);
    if (summary !== undefined) expect(result.summary).toBe(summary);
  });

  test('is told for five minutes and then no more', async () => {
    const { fake, check } = await stepped(5000);
    await fake.advance(240_000);
    expect(await check.run()).toMatchObject({
      status: 'warning',
      summary: 'the date jumped 5s forward 4m ago, limit 2s',
    });
    await fake.advance(60_000);
    expect(await check.run()).toMatchObject({ status: 'ok' });
  });

  test('is none when the machine slept: its uptime went on', async () => {
    const places = await hostWith({ 'proc/uptime': '1000.00 1.00\n' });
    const fake = createFakeClock();
    const check = openedCheck(clockOf(places), {}, { clock: fake });
    await check.run();
    await sleep(fake, places);
    expect((await check.run()).status).toBe('ok');
  });

  /** One minute of running and eight hours of sleep, which only date and uptime know of. */
  async function sleep(fake: FakeClock, { proc }: HostPlaces): Promise<void> {
    await fake.advance(60_000);
    fake.jumpWall(28_800_000);
    await writeInto(dirname(proc), 'proc/uptime', '29860.00 1.00\n');
  }
});
