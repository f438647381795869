import { createServer as createTlsServer } from 'node:tls';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { openProbe, type Probe } from '../../../src/checks/net/probe.ts';
import {
  judgeThresholds,
  thresholdEntries,
  type ProbeThresholds,
} from '../../../src/checks/net/probe-thresholds.ts';
import { probeTcp } from '../../../src/checks/net/stream/tcp-probe.ts';
import { tcpBlock } from '../../../src/checks/net/stream/tcp-options.ts';
import { checkTypes } from '../../../src/checks/table.ts';
import { proberNames } from '../../../src/model/check.ts';
import { notOk, ok, type CheckResult } from '../../../src/model/result.ts';
import { createHold } from '../../../src/checks/threshold.ts';
import { metric, probeContext } from '../../support/probe-context.ts';
import { listen, startTcpServer } from '../../support/tcp-server.ts';
import { createAuthority } from '../../support/tls-authority.ts';

const dayMs = 86_400_000;
const authority = createAuthority();
afterAll(() => authority[Symbol.dispose]());

/** Runs a check whose probe is `probe`, with limits as the configuration has read them. */
async function run<Options>(
  probe: Probe<Options>,
  target: string,
  options: Options,
  thresholds: ProbeThresholds,
): Promise<CheckResult> {
  using context = probeContext();
  const { clock } = context;
  const view = { check: () => undefined, heartbeat: () => undefined, health: () => ({}) as never };
  const check = openProbe(probe, target, options, { clock, view }, thresholds);
  return await check.run({ ...context, startedAt: clock.now() });
}

function found(daysLeft?: number): CheckResult {
  const values =
    daysLeft === undefined ? [] : [{ metric: 'certificate_days_left', value: daysLeft }];
  return ok('all is well', {
    values: [{ metric: 'response_time', value: 0.1, unit: 's' }, ...values],
  });
}

describe('the time of the whole probe', () => {
  const latency = { warning: 500, critical: 2000 };
  test.each([
    [499, 'ok', 'all is well'],
    [500, 'warning', 'the probe took 500ms, limit 500ms for warning'],
    [1999, 'warning', 'the probe took 2s, limit 500ms for warning'],
    [2500, 'critical', 'the probe took 2.5s, limit 2s for critical'],
  ] as const)('of %d ms is %s', (tookMs, status, summary) => {
    const result = judgeThresholds(found(), tookMs, { latency });
    expect(result).toMatchObject({ status, summary });
    expect(result.reason).toBe(status === 'ok' ? undefined : 'threshold');
    expect(result.values[0]).toMatchObject({ warning: '500ms', critical: '2s' });
  });

  test('once too long, is held until it is below clear while its alert fires', () => {
    let firing = false;
    const hold = createHold('gateway', { isFiring: () => firing });
    const statusOf = (tookMs: number): string =>
      judgeThresholds(found(), tookMs, { latency: { ...latency, clear: 300 } }, hold).status;
    expect([600, 400].map(statusOf)).toEqual(['warning', 'ok']);
    firing = true;
    expect([600, 400, 300, 299, 400].map(statusOf)).toEqual([
      'warning',
      'warning',
      'warning',
      'ok',
      'ok',
    ]);
    statusOf(600);
    expect(
      judgeThresholds(found(), 400, { latency: { ...latency, clear: 300 } }, hold).summary,
    ).toBe('the probe took 400ms, not yet below 300ms');
  });

  test('is judged by the one limit there is', () => {
    expect(judgeThresholds(found(), 900, { latency: { critical: 800 } }).status).toBe('critical');
    expect(judgeThresholds(found(), 900, { latency: { warning: 800 } }).status).toBe('warning');
  });

  test('of a probe that failed is not judged', () => {
    const failed = notOk('critical', 'connect', 'refused');
    expect(judgeThresholds(failed, 9000, { latency })).toMatchObject({ reason: 'connect' });
  });

  test('is measured around the probe, which stays up in a warning', async () => {
    await using server = await startTcpServer((socket) => {
      socket.once('data', (bytes) => socket.end(bytes));
    });
    const options = v.parse(tcpBlock, { query_response: [{ send: 'hello' }, { expect: 'hello' }] });
    const target = `127.0.0.1:${server.port}`;
    const slow = await run(probeTcp, target, options, { latency: { warning: 0.001 } });
    expect(slow).toMatchObject({ status: 'warning', reason: 'threshold' });
    expect(slow.detail.at(-1)).toMatch(/^connected to 127/);
    expect(metric(slow, 'probe_failed_due_to_regex')).toBe(0);
    const swift = await run(probeTcp, target, options, { latency: { warning: 60_000 } });
    expect(swift.status).toBe('ok');
  });
});

describe('the certificate', () => {
  const certificate = { warning: 14 * dayMs, critical: 3 * dayMs };
  test.each([
    [15, 'ok', 'all is well'],
    [13.5, 'warning', 'the probe saw a certificate that expires in 13d 12h, limit 14d for warning'],
    [3, 'critical', 'the probe saw a certificate that expires in 3d, limit 3d for critical'],
    [-2, 'critical', 'the probe saw a certificate that expires 2d ago, limit 3d for critical'],
  ] as const)('with %d days left is %s', (daysLeft, status, summary) => {
    const result = judgeThresholds(found(daysLeft), 1, { certificate });
    expect(result).toMatchObject({ status, summary });
    expect(result.values[1]).toMatchObject({ warning: '14d', critical: '3d' });
  });

  test('that nobody saw is a warning, since it is not watched', () => {
    const result = judgeThresholds(found(), 1, { certificate });
    expect(result).toMatchObject({ status: 'warning', reason: 'threshold' });
    expect(result.summary).toContain('saw no certificate');
  });

  test('and the time together are judged by the worse of both', () => {
    const limits = { certificate, latency: { warning: 5 } };
    const result = judgeThresholds(found(1), 10, limits);
    expect(result.status).toBe('critical');
    expect(result.summary).toBe(
      'the probe took 10ms, limit 5ms for warning, ' +
        'and saw a certificate that expires in 1d, limit 3d for critical',
    );
  });

  test('is the earliest of those that the server sent', async () => {
    const short = authority.again(2);
    const { cert, key } = authority.issue({ days: 9 });
    await using server = await listen(createTlsServer({ cert: cert + short, key }));
    const options = v.parse(tcpBlock, { tls: true, tls_config: { ca: authority.ca } });
    const target = `127.0.0.1:${server.port}`;
    const limits = { certificate: { warning: 3 * dayMs, critical: dayMs } };
    const result = await run(probeTcp, target, options, limits);
    expect(result).toMatchObject({ status: 'warning', reason: 'threshold' });
    const below = { certificate: { warning: dayMs } };
    expect((await run(probeTcp, target, options, below)).status).toBe('ok');
  });
});

describe('the keys', () => {
  const parse = (keys: unknown): boolean =>
    v.safeParse(v.strictObject(thresholdEntries), keys).success;

  test.each([
    [{ latency: { warning: '500ms', critical: '2s' } }, true],
    [{ latency: { critical: '2s' } }, true],
    [{ certificate: { warning: '14d', critical: '3d' } }, true],
    [{ certificate: { warning: '2w' } }, true],
    [{}, true],
    [{ latency: {} }, false],
    [{ latency: { warning: '2s', critical: '500ms' } }, false],
    [{ latency: { warning: '2s', critical: '2s' } }, false],
    [{ latency: { warning: '0s' } }, false],
    [{ latency: { clear: '2s' } }, false],
    [{ latency: { warning: '2s', clear: '1s' } }, true],
    [{ latency: { warning: '2s', clear: '2s' } }, false],
    [{ latency: { critical: '2s', clear: '3s' } }, false],
    [{ latency: '2s' }, false],
    [{ certificate: { warning: '3d', critical: '14d' } }, false],
    [{ certificate: {} }, false],
  ])('%j are fine: %s', (keys, fine) => {
    expect(parse(keys)).toBe(fine);
  });

  test('are there for every prober, but icmp sees no certificate', () => {
    for (const name of proberNames) {
      const wanted = name === 'icmp' ? ['latency'] : ['latency', 'certificate'];
      const keys = Object.keys(checkTypes[name].entries);
      expect(keys.filter((key) => ['latency', 'certificate'].includes(key))).toEqual(wanted);
    }
  });
});
