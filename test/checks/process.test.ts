import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hostPlaces } from '../../src/checks/host/places.ts';
import { process as processCheck, processOf } from '../../src/checks/process.ts';
import { eventually } from '../support/eventually.ts';
import { folderWith, hostWith, openedCheck, valuesOf, writeInto } from '../support/host-check.ts';

interface FixtureProcess {
  readonly name: string;
  readonly words?: readonly string[];
  readonly state?: string;
  readonly uid?: number;
  readonly flags?: number;
  readonly startTicks?: number;
}

/** The files of one process under `proc/`, as the kernel writes them. */
function processFiles(pid: number, { name, words = [name], ...rest }: FixtureProcess) {
  const { state = 'S', uid = 1000, flags = 0x40_0000, startTicks = 100_000 } = rest;
  const fields = [state, 1, pid, pid, 0, -1, flags, ...Array.from({ length: 12 }, () => 0)];
  return {
    [`proc/${pid}/stat`]: `${pid} (${name}) ${fields.join(' ')} ${startTicks} 4096 25\n`,
    [`proc/${pid}/cmdline`]: words.map((word) => `${word}\0`).join(''),
    [`proc/${pid}/status`]: `Name:\t${name}\nUid:\t${uid}\t${uid}\t0\t0\nVmRSS:\t    2000 kB\n`,
  };
}

async function hostRunning(processes: Readonly<Record<number, FixtureProcess>>) {
  const files = Object.entries(processes).map(([pid, each]) => processFiles(Number(pid), each));
  return hostWith({
    'proc/uptime': '5000.00 9999.00\n',
    'etc/passwd': 'root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\n',
    ...Object.assign({}, ...files),
  });
}

const init = { 1: { name: 'systemd', uid: 0 } };

const nginx = {
  ...init,
  100: { name: 'nginx', words: ['nginx: master process /usr/sbin/nginx'], uid: 0 },
  101: { name: 'nginx', words: ['nginx: worker process'], uid: 33, startTicks: 400_000 },
  102: { name: 'nginx', words: ['nginx: worker process'], uid: 33 },
  103: { name: 'nginx', state: 'Z' },
  104: { name: 'other', words: ['/usr/bin/other', '--like', 'nginx'] },
};

describe('processes', () => {
  test('are counted by name, zombies left out', async () => {
    const result = await openedCheck(processOf(await hostRunning(nginx)), {
      process: 'nginx',
    }).run();
    expect(result).toMatchObject({
      status: 'ok',
      summary: 'nginx: 3 processes, 6.1 MB resident, oldest 1h 6m',
      subjectAgeMs: 4_000_000,
    });
    expect(valuesOf(result)).toEqual({
      count: 3,
      resident_bytes: 6_144_000,
      oldest_age_seconds: 4000,
    });
  });

  test.each([
    [{ name: 'nginx', user: 'www-data' }, 2],
    [{ name: 'nginx', user: 0 }, 1],
    [{ cmdline: '^nginx: worker' }, 2],
    [{ cmdline: '--like nginx$' }, 1],
    [{ name: 'nginx', cmdline: 'master' }, 1],
    [{ user: '33' }, 2],
  ])('are chosen by %j', async (process, count) => {
    const result = await openedCheck(processOf(await hostRunning(nginx)), { process }).run();
    expect(valuesOf(result)).toMatchObject({ count });
  });

  test('with a name longer than the kernel keeps are known by their command line', async () => {
    const host = await hostRunning({
      ...init,
      7: { name: 'prometheus-node', words: ['/usr/bin/prometheus-node-exporter', '--web'] },
      8: { name: 'prometheus-node', words: ['/usr/bin/prometheus-node-other'] },
    });
    const check = openedCheck(processOf(host), { process: 'prometheus-node-exporter' });
    expect(valuesOf(await check.run())).toMatchObject({ count: 1 });
  });

  test('of the kernel are known by name, whatever it holds', async () => {
    const host = await hostRunning({
      ...init,
      9: { name: 'kworker) (x', words: [], flags: 0x0420_8040 },
    });
    const check = openedCheck(processOf(host), { process: 'kworker) (x' });
    expect(valuesOf(await check.run())).toMatchObject({ count: 1 });
  });
});

describe('the number of processes', () => {
  test('must be as wanted', async () => {
    const host = processOf(await hostRunning(nginx));
    const judged = async (keys: Readonly<Record<string, unknown>>) =>
      openedCheck(host, { process: 'nginx', ...keys }).run();
    expect(await judged({ min: 4 })).toMatchObject({
      status: 'critical',
      reason: 'threshold',
      summary: 'nginx: 3 processes, wanted at least 4',
    });
    expect(await judged({ max: 2 })).toMatchObject({
      status: 'critical',
      reason: 'threshold',
      summary: 'nginx: 3 processes, wanted at most 2',
    });
    expect(await judged({ process: 'apache2' })).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: 'apache2: no process, wanted at least 1',
    });
    expect(await judged({ process: 'telnetd', min: 0, max: 0 })).toMatchObject({ status: 'ok' });
  });
});

describe('processes that are hard to see', () => {
  test('are found by their pid file, which may be stale or missing', async () => {
    const host = await hostRunning(nginx);
    const folder = await folderWith({ 'live.pid': '101\n', 'stale.pid': '999\n' });
    const count = async (pidfile: string) => {
      const check = openedCheck(processOf(host), { process: { pidfile: join(folder, pidfile) } });
      return valuesOf(await check.run())['count'];
    };
    expect(await count('live.pid')).toBe(1);
    expect(await count('stale.pid')).toBe(0);
    expect(await count('missing.pid')).toBe(0);
  });

  test('that /proc hides are unknown, with the right that is lacking', async () => {
    const host = await hostRunning({ 100: { name: 'tocsin' } });
    const result = await openedCheck(processOf(host), { process: 'nginx' }).run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(result.summary).toContain('hidepid');
  });

  test('of a user nobody knows are unknown', async () => {
    const check = openedCheck(processOf(await hostRunning(nginx)), { process: { user: 'nobdy' } });
    expect(await check.run()).toMatchObject({ status: 'unknown', reason: 'missing' });
  });

  test('with nonsense in their files are passed over', async () => {
    const host = await hostRunning(nginx);
    await writeInto(join(host.proc, '..'), 'proc/200/stat', 'rubbish');
    await writeInto(join(host.proc, '..'), 'proc/201/stat', '201 (nginx) S');
    const check = openedCheck(processOf(host), { process: 'nginx' });
    expect(valuesOf(await check.run())).toMatchObject({ count: 3 });
  });
});

describe('the processes of this host', () => {
  test('are found while they live', async () => {
    const words = ['-c', 'exec sleep 86000.25'];
    const child = spawn('/bin/sh', words, { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const check = openedCheck(processCheck, { process: { cmdline: '^sleep 86000\\.25$' } });
    await eventually(async () => (await check.run()).status === 'ok', 'the process is seen');
    expect(valuesOf(await check.run())['resident_bytes']).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await eventually(async () => (await check.run()).status === 'critical', 'it is seen no more');
    expect(hostPlaces.proc).toBe('/proc');
  });

  test('must be chosen by something', () => {
    expect(() => openedCheck(processCheck, { process: {} })).toThrow('at least one of name');
    expect(() => openedCheck(processCheck, { process: 'x', min: 2, max: 1 })).toThrow(
      'max (1) is less than min (2)',
    );
  });
});
