import { describe, expect, test } from 'vitest';
import { partNames, type PartName } from '../../../src/checks/openclaw/part.ts';
import type { RecordedResult, Status } from '../../../src/model/result.ts';
import { valuesOf } from '../../support/host-check.ts';
import { watchGateway } from '../../support/openclaw-watch.ts';
import { readExchange, startRecordedGateway } from '../../support/recorded-gateway.ts';

interface Expected {
  /** How often it is looked at, and the milliseconds between. */
  readonly looks: number;
  readonly everyMs?: number;
  /** Where it has to be looked at for minutes, in which the dates of a recording grow old: only these. */
  readonly parts?: readonly PartName[];
  /** Parts that are not well, with their sentences; all others are. */
  readonly notWell: Partial<Record<PartName, readonly [Status, RegExp]>>;
}

/** What a real gateway said in each state, and what is made of it. */
const recordings: Readonly<Record<string, Expected>> = {
  healthy: { looks: 3, everyMs: 60_000, notWell: {} },
  'channel-down': {
    looks: 6,
    everyMs: 60_000,
    parts: ['handshake', 'readiness', 'channels'],
    notWell: {
      readiness: ['warning', /^telegram has not been ready 6 times in a row$/],
      channels: ['critical', /^telegram \(default\) has been disconnected for 5m$/],
    },
  },
  'auth-cooldown': {
    looks: 1,
    notWell: {
      credentials: [
        'critical',
        /^inline-api-key:fake of agent main is in cooldown for .*\(auth\)$/,
      ],
      tasks: ['critical', /^tasks of the last hour: \d failed, 0 succeeded/],
    },
  },
  'billing-disabled': {
    looks: 1,
    notWell: {
      credentials: [
        'critical',
        /^inline-api-key:fake of agent main is disabled for .*\(billing\)$/,
      ],
    },
  },
  'restart-breaker': {
    looks: 1,
    notWell: {
      boots: ['critical', /^3 starts without a clean stop before them within 5m/],
      readiness: ['critical', /^the restart breaker has switched off telegram/],
    },
  },
  // All probes are green, and nobody is let in: that follows from the database, and is not told beside it.
  'database-dead': {
    looks: 3,
    everyMs: 60_000,
    notWell: {
      storage: ['critical', /openclaw\.sqlite is no SQLite database any more: restore it$/],
    },
  },
  'cron-failing': {
    looks: 1,
    notWell: { cron_jobs: ['warning', /^bad has failed 3 times in a row/] },
  },
  'cron-long-run': { looks: 1, notWell: {} },
  'cron-off': { looks: 1, notWell: { cron: ['critical', /switched off \(OPENCLAW_SKIP_CRON=1/] } },
};

/** Looks at what was recorded, from the moment on at which it was. */
async function look(
  name: string,
  { looks, everyMs = 15_000, parts = partNames }: Expected,
): Promise<RecordedResult> {
  const gateway = await startRecordedGateway(name);
  const wallMs = readExchange(name).recordedAtMs;
  const { look: lookOnce, check } = await watchGateway(parts, {}, { gateway, wallMs });
  let result = await lookOnce(0);
  for (let at = 1; at < looks; at += 1) result = await lookOnce(everyMs);
  check.open.close?.();
  return result;
}

describe('what a real gateway of OpenClaw 2026.9.6 said', () => {
  test.for(Object.entries(recordings))('%s', async ([name, expected]) => {
    const { findings = [] } = await look(name, expected);
    const notWell = findings.filter(({ status }) => status !== 'ok');
    expect(notWell.map(({ part }) => part).toSorted()).toEqual(
      Object.keys(expected.notWell).toSorted(),
    );
    for (const { part, status, summary } of notWell) {
      const [wanted, sentence] = expected.notWell[part as PartName] ?? [];
      expect(status, summary).toBe(wanted);
      expect(summary).toMatch(sentence ?? /^$/);
    }
    const unheard = findings.filter(({ summary }) => /does not offer|not recorded/.test(summary));
    expect(unheard, 'this version offers all').toEqual([]);
  });

  test('the figures of a healthy one are those that it gave', async () => {
    const result = await look('healthy', { looks: 1, notWell: {} });
    expect(valuesOf(result)).toMatchObject({
      'readiness.failing': 0,
      'cron.enabled': 1,
      'cron.jobs': 3,
      'cron_jobs.jobs': 3,
      'cron_jobs.enabled': 3,
      'channels.accounts': 0,
      'plugins.degraded': 0,
      'lanes.queued': 0,
      'boots.unplanned': 0,
    });
    expect(valuesOf(result)['plugins.heap_used_bytes']).toBeGreaterThan(1e8);
  });
});
