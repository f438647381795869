import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cpu, cpuOf } from '../../src/checks/cpu.ts';
import { eventually } from '../support/eventually.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { hostWith, openedCheck, valuesOf, writeInto } from '../support/host-check.ts';

const stat = (...ticks: readonly number[]): string =>
  `cpu  ${ticks.join(' ')}\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 17\nctxt 5\n`;

/** Counters of a host: user, nice, system, idle, iowait, irq, softirq, steal. */
type Ticks = readonly number[];

/**
 * A check of a host whose counters stand at `start` when the first run begins and at `end` when its
 * measurement is over.
 */
async function measured(start: Ticks, end: Ticks, keys: Readonly<Record<string, unknown>> = {}) {
  const places = await hostWith({ 'proc/stat': stat(...start) });
  const count = async (...ticks: Ticks) =>
    writeInto(dirname(places.proc), 'proc/stat', stat(...ticks));
  const clock = createFakeClock();
  const check = openedCheck(cpuOf(places), keys, { clock });
  const run = check.run();
  await eventually(() => clock.timers === 2, 'the run measures, its deadline beside it');
  await count(...end);
  await clock.advance(200);
  return { check, count, first: await run };
}

const nothing = [0, 0, 0, 0, 0, 0, 0, 0];

describe('the processors', () => {
  test('are busy with user, system and stolen time, not with waiting for disks', async () => {
    const { first } = await measured(nothing, [700, 50, 100, 90, 10, 20, 10, 20, 700, 0]);
    expect(first).toMatchObject({
      status: 'warning',
      reason: 'threshold',
      summary:
        'processors are 90% busy (user 75%, system 13%, stolen 2%; waiting for disks 1%), limit 90%',
      durationMs: 200,
    });
  });

  test('are judged by what they did since the last run, without waiting', async () => {
    const { check, count } = await measured(nothing, [50, 0, 0, 50, 0, 0, 0, 0]);
    await count(70, 10, 20, 150, 40, 0, 0, 0);
    const second = await check.run();
    expect(second).toMatchObject({ status: 'ok', durationMs: 0 });
    expect(valuesOf(second)).toEqual({
      busy_percent: expect.closeTo(26.3, 1),
      user_percent: expect.closeTo(15.8, 1),
      system_percent: expect.closeTo(10.5, 1),
      iowait_percent: expect.closeTo(21.1, 1),
      steal_percent: 0,
    });
  });

  test('stay raised until they are back past clear', async () => {
    const limits = { clear: '70%' };
    const { first, check, count } = await measured(nothing, [99, 0, 0, 1, 0, 0, 0, 0], limits);
    expect(first.status).toBe('critical');
    await count(179, 0, 0, 21, 0, 0, 0, 0);
    expect(await check.run()).toMatchObject({ status: 'warning' });
    await count(239, 0, 0, 61, 0, 0, 0, 0);
    expect((await check.run()).status).toBe('ok');
  });

  test('whose counters go backwards do no harm', async () => {
    const { first } = await measured(
      [100, 0, 0, 900, 500, 0, 0, 0],
      [150, 0, 0, 950, 400, 0, 0, 0],
    );
    expect(first.status).toBe('ok');
    expect(valuesOf(first)).toMatchObject({ busy_percent: 50, iowait_percent: 0 });
  });

  test('whose counters stand still are unknown', async () => {
    const { first } = await measured(nothing, nothing);
    expect(first).toMatchObject({ status: 'unknown', reason: 'protocol' });
  });

  test('cannot be looked at where /proc/stat is nonsense', async () => {
    const places = await hostWith({ 'proc/stat': 'cpu  a b c\n' });
    expect(await openedCheck(cpuOf(places)).run()).toMatchObject({
      status: 'unknown',
      reason: 'protocol',
    });
  });

  test('of this host can be looked at, at the first run and the next', async () => {
    const check = openedCheck(cpu, { warning: '100%', critical: '100%' });
    for (const _ of [1, 2]) {
      const result = await check.run();
      const { user_percent: user = -1, system_percent: system = -1 } = valuesOf(result);
      expect(result.status).not.toBe('unknown');
      expect(user).toBeGreaterThanOrEqual(0);
      expect(user + system).toBeLessThanOrEqual(100.001);
    }
  });
});
