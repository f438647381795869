import { describe, expect, test } from 'vitest';
import { load, loadOf } from '../../src/checks/load.ts';
import { hostWith, openedCheck, valuesOf } from '../support/host-check.ts';

const fourCores = 'cpu  1 2 3 4\ncpu0 1 2\ncpu1 1 2\ncpu2 1 2\ncpu3 1 2\nintr 5\n';

async function hostAt(load5: string) {
  return hostWith({ 'proc/loadavg': `9.99 ${load5} 1.00 1/234 567\n`, 'proc/stat': fourCores });
}

describe('the load', () => {
  test.each([
    ['7.96', 'ok', 'load over 5 minutes is 7.96 on 4 cores, 1.99 per core'],
    ['8.00', 'warning', 'load over 5 minutes is 8 on 4 cores, 2.00 per core, limit 2 per core'],
    ['20.1', 'critical', 'load over 5 minutes is 20.1 on 4 cores, 5.03 per core, limit 4 per core'],
  ])('of %s over 5 minutes on 4 cores is %s', async (load5, status, summary) => {
    const result = await openedCheck(loadOf(await hostAt(load5))).run();
    expect(result).toMatchObject({ status, summary });
    expect(valuesOf(result)).toMatchObject({ load1: 9.99, load15: 1 });
  });

  test('cannot be looked at where the files are nonsense', async () => {
    const places = await hostWith({ 'proc/loadavg': 'x y z 1/2 3\n', 'proc/stat': fourCores });
    const without = await hostWith({ 'proc/loadavg': '1 2 3 1/2 3\n', 'proc/stat': 'intr 5\n' });
    for (const host of [places, without]) {
      expect(await openedCheck(loadOf(host)).run()).toMatchObject({
        status: 'unknown',
        reason: 'protocol',
      });
    }
  });

  test('of this host can be looked at', async () => {
    const result = await openedCheck(load, { warning: 1000, critical: 1000 }).run();
    expect(result.status).toBe('ok');
  });
});
