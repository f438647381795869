import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clock, clockOf } from '../../src/checks/clock.ts';
import type { HostPlaces } from '../../src/checks/host/places.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { startNtpServer, type NtpManners } from '../support/ntp-server.ts';
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
      'bin/timedatectl': `#!/bin/sh\ntest $1 = show && echo x >> ${asked}\necho yes\n`,
    });
    const fake = createFakeClock();
    const check = openedCheck(clockOf(host), {}, { clock: fake });
    for (const minutes of [0, 1, 3, 1, 4, 1]) {
      await fake.advance(minutes * 60_000);
      await check.run();
    }
    expect(await readFile(asked, 'utf8')).toBe('x\nx\nx\n');
  });

  /** As chrony 4.3 prints it. */
  const tracking = (system: string, ref: string, leap = 'Normal'): string =>
    [
      'Reference ID    : 7F000001 (127.0.0.1)',
      'Stratum         : 2',
      `Ref time (UTC)  : ${ref}`,
      `System time     : ${system} of NTP time`,
      'Last offset     : -0.000030945 seconds',
      'Update interval : 64.0 seconds',
      `Leap status     : ${leap}`,
    ].join('\n');
  const says = (text: string): Record<string, string> => ({
    'bin/chronyc': `#!/bin/sh\n/bin/cat <<'END'\n${text}\nEND\n`,
  });
  const ago = (hours: number): string => {
    const date = new Date(Date.now() - hours * 3_600_000).toUTCString();
    const [, day, month, year, time] = date.split(' ');
    return `${date.slice(0, 3)} ${month} ${day} ${time} ${year}`;
  };

  test.each([
    ['0.000400000 seconds fast', 'ok', 0.0004, /a time server, 0\.4ms ahead of the time servers/],
    [
      '0.300000000 seconds slow',
      'warning',
      -0.3,
      /^the clock is 300ms behind the time servers \(says chrony\), limit 250ms$/,
    ],
    [
      '2.999209166 seconds slow',
      'critical',
      -2.999_209_166,
      /^the clock is 3s behind the time servers \(says chrony\), limit 2s$/,
    ],
  ] as const)('that is %s is %s', async (system, status, offset, summary) => {
    const result = await judged(says(tracking(system, ago(0.1))));
    expect(result).toMatchObject({ status, summary: expect.stringMatching(summary) });
    expect(valuesOf(result)['offset_seconds']).toBeCloseTo(offset, 6);
  });

  test('whose chrony hears from nobody is told, be it that the kernel knows nothing of it yet', async () => {
    const silent = says(tracking('0.000000001 seconds fast', ago(5)));
    expect(await judged({ ...systemd('yes'), ...silent })).toMatchObject({
      status: 'warning',
      summary: 'chrony has heard from no time server for 5h',
    });
    const lost = says(
      tracking('0.000000000 seconds fast', 'Thu Jan 01 00:00:00 1970', 'Not synchronised'),
    );
    expect((await judged({ ...systemd('no'), ...lost })).summary).toMatch(
      /^nothing keeps the clock right: chrony runs, but follows none of its time servers/,
    );
  });

  test('is in step when chrony says so, which need not tell the kernel', async () => {
    const fine = says(tracking('0.000000001 seconds fast', ago(0)));
    expect((await judged({ ...systemd('no'), ...fine })).status).toBe('ok');
  });

  test.each([
    ['+35us', -0.000_035],
    ['-1min 2.500s', 62.5],
    ['nonsense', undefined],
  ])('whose systemd-timesyncd says %s is so far away', async (said, offset) => {
    const program = `#!/bin/sh\nif test $1 = show; then echo yes; else echo "         Offset: ${said}"; fi\n`;
    const result = await judged({ 'run/systemd/system/': '', 'bin/timedatectl': program });
    expect(valuesOf(result)['offset_seconds']).toBe(offset);
  });

  test('of this host can be looked at', async () => {
    expect(['ok', 'warning']).toContain((await openedCheck(clock).run()).status);
  });
});

describe('a time server', () => {
  const compared = async (manners: NtpManners, keys: Readonly<Record<string, unknown>> = {}) => {
    await using server = await startNtpServer(manners);
    const check = { unsynchronized: 'ignore', server: server.address, ...keys };
    const opened = openedCheck(clockOf(await hostWith({})), check, { common: { timeoutMs: 300 } });
    return await opened.run();
  };

  test('that is asked itself tells how far the clock is from its own', async () => {
    const near = await compared({});
    expect(near.status).toBe('ok');
    expect(near.summary).toMatch(
      /the time server|cannot see from here whether .*, \d.*s (?:behind|ahead of) 127\.0\.0\.1:\d+; /,
    );
    const far = await compared({ aheadMs: 5000 });
    expect(far.status).toBe('critical');
    expect(far.summary).toMatch(
      /^the clock is (?:4\.9|5|5\.1)s behind 127\.0\.0\.1:\d+, limit 2s$/,
    );
    expect(valuesOf(far)['server_offset_seconds']).toBeCloseTo(-5, 1);
    const allowed = { offset: { warning: '10s' } };
    expect((await compared({ aheadMs: -5000 }, allowed)).status).toBe('ok');
  });

  test.each<[string, NtpManners, string, RegExp]>([
    ['that does not know the time', { leap: 3 }, 'status', /does not know the time itself/],
    [
      'that is asked too often',
      { stratum: 0, code: 'RATE' },
      'status',
      /refuses to tell the time: it is asked too often/,
    ],
    ['that is none', { mode: 3 }, 'protocol', /does not speak the protocol of time servers/],
    [
      'whose answer is to another question',
      { isForged: true },
      'timeout',
      /no answer within 300ms while waiting for the time of/,
    ],
  ])('%s says nothing about the clock', async (_, manners, reason, summary) => {
    const result = await compared(manners);
    expect(result).toMatchObject({
      status: 'unknown',
      reason,
      summary: expect.stringMatching(summary),
    });
  });

  test('that nobody runs is unknown, and asked every five minutes only', async () => {
    const server = await startNtpServer();
    const fake = createFakeClock();
    const keys = { server: server.address };
    const check = openedCheck(clockOf(await hostWith({})), keys, { clock: fake });
    for (const minutes of [0, 1, 5]) {
      await fake.advance(minutes * 60_000);
      await check.run();
    }
    expect(server.asked()).toBe(2);
    await server[Symbol.asyncDispose]();
    await fake.advance(300_000);
    expect(await check.run()).toMatchObject({ status: 'unknown', reason: 'connect' });
    expect(() => openedCheck(clock, { server: 'ntp.example.com:x' })).toThrow('host:port');
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

  test('is none when the machine slept while somebody was still being asked', async () => {
    const answering = join(await folderWith(), 'answering');
    const places = await hostWith({
      ...systemd(`yes; until test -e ${answering}; do sleep 0.01; done`),
      'proc/uptime': '1000.00 1.00\n',
    });
    const fake = createFakeClock();
    const check = openedCheck(clockOf(places), {}, { clock: fake });
    const first = check.run();
    fake.jumpWall(28_800_000);
    writeFileSync(join(places.proc, 'uptime'), '29800.00 1.00\n');
    writeFileSync(answering, '');
    expect((await first).status).toBe('ok');
    await fake.advance(60_000);
    await writeInto(dirname(places.proc), 'proc/uptime', '29860.00 1.00\n');
    expect((await check.run()).status).toBe('ok');
  });

  /** One minute of running and eight hours of sleep, which only date and uptime know of. */
  async function sleep(fake: FakeClock, { proc }: HostPlaces): Promise<void> {
    await fake.advance(60_000);
    fake.jumpWall(28_800_000);
    await writeInto(dirname(proc), 'proc/uptime', '29860.00 1.00\n');
  }
});
