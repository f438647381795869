import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { memory, memoryOf } from '../../src/checks/memory.ts';
import { hostWith, openedCheck, valuesOf, writeInto } from '../support/host-check.ts';

/** `/proc/meminfo` of a host with 16 GB, of which so many percent are used. */
function meminfo(usedPercent: number, swap = { total: 0, free: 0 }): string {
  const total = 15_625_000;
  const available = Math.round(total * (1 - usedPercent / 100));
  return [
    `MemTotal:       ${total} kB`,
    'MemFree:          100000 kB',
    `MemAvailable:   ${available} kB`,
    `SwapTotal:      ${swap.total} kB`,
    `SwapFree:       ${swap.free} kB`,
    'HugePages_Total:       0',
    '',
  ].join('\n');
}

async function hostUsing(usedPercent: number, more: Readonly<Record<string, string>> = {}) {
  return hostWith({ 'proc/meminfo': meminfo(usedPercent), ...more });
}

describe('memory', () => {
  test.each([
    [43, 'ok', 'memory is 43% used: 9.1 GB available of 16 GB'],
    [91, 'warning', 'memory is 91% used: 1.4 GB available of 16 GB, limit 90%'],
    [97, 'critical', 'memory is 97% used: 480 MB available of 16 GB, limit 95%'],
  ])('used to %d percent is %s', async (used, status, summary) => {
    const result = await openedCheck(memoryOf(await hostUsing(used))).run();
    expect(result).toMatchObject({ status, summary });
    expect(valuesOf(result)['used_percent']).toBeCloseTo(used, 3);
  });

  test('may have to leave so much free', async () => {
    const check = openedCheck(memoryOf(await hostUsing(43)), { warning: '10GB free' });
    expect(await check.run()).toMatchObject({
      status: 'warning',
      reason: 'threshold',
      summary: 'memory is 43% used: 9.1 GB available of 16 GB, limit 10GB free',
    });
  });

  test('stays raised until it is back past clear', async () => {
    const host = await hostUsing(91);
    const check = openedCheck(memoryOf(host), { clear: '80%' });
    const use = async (percent: number) =>
      writeInto(dirname(host.proc), 'proc/meminfo', meminfo(percent));
    expect((await check.run()).status).toBe('warning');
    await use(85);
    expect(await check.run()).toMatchObject({
      status: 'warning',
      summary: 'memory is 85% used: 2.4 GB available of 16 GB, not yet back past 80%',
    });
    await use(79);
    expect((await check.run()).status).toBe('ok');
    await use(85);
    expect((await check.run()).status).toBe('ok');
  });

  test('is named with its swap when that has limits', async () => {
    const swap = { total: 1_000_000, free: 100_000 };
    const host = await hostWith({ 'proc/meminfo': meminfo(43, swap) });
    expect(await openedCheck(memoryOf(host), { swap_critical: '80%' }).run()).toMatchObject({
      status: 'critical',
      summary: 'swap is 90% used: 102 MB free of 1 GB, limit 80%',
    });
    expect((await openedCheck(memoryOf(host)).run()).status).toBe('ok');
  });

  test('says that its control group ends earlier than the host', async () => {
    const host = await hostUsing(43, { 'sys/fs/cgroup/memory.max': '536870912\n' });
    expect((await openedCheck(memoryOf(host)).run()).detail).toEqual([
      'the agent sees the whole host, but its own control group ends at 537 MB',
    ]);
  });

  test('cannot be looked at where /proc/meminfo is nonsense or missing', async () => {
    const nonsense = await hostWith({ 'proc/meminfo': 'MemTotal: lots\n' });
    const nothing = await hostWith({});
    expect(await openedCheck(memoryOf(nonsense)).run()).toMatchObject({
      status: 'unknown',
      reason: 'protocol',
    });
    expect(await openedCheck(memoryOf(nothing)).run()).toMatchObject({
      status: 'unknown',
      reason: 'missing',
    });
  });

  test('of this host can be looked at', async () => {
    const result = await openedCheck(memory, { warning: '100%', critical: '100%' }).run();
    expect(result.status).toBe('ok');
    expect(valuesOf(result)['available_bytes']).toBeGreaterThan(0);
  });
});
