import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { partNames } from '../../../src/checks/openclaw/part.ts';

/**
 * What a watcher of a gateway has to see, numbered: S without a login, D over one. For each the limit and how
 * severe it is, the part and the file that see it, the file and the words of the test that proves it.
 */
const table = `
S1 | process of the lock gone or another, 2/2: critical | process | process-part | openclaw | ended badly if its process is gone, or its number belongs to another
S1 | no lock and no answer, 2/2: critical | process | process-part | openclaw | was stopped if its lock is gone
S2 | refused 2/2: critical | health | http-probes | openclaw | is down at the second look that is refused
S2 | silent for 5 s, 3/3: critical | health | http-probes | openclaw | hangs if it takes connections and says nothing
S2 | over 1 s, 3/5: warning | health | http-probes | thresholds | that are slow three times of five are a warning
S3 | foreign answer, 1/1: critical | health | http-probes | openclaw | must be OpenClaw, whatever its status code says
S3 | a probe that an older version lacks: well | startup | http-probes | openclaw | may be an older version that lacks a probe
S4 | starting over 2 min: warning, over 5 min: critical | startup | http-probes | openclaw | that has been starting for too long is told first as a warning
S4 | stopping over 6 min: critical | startup | http-probes | thresholds | that say for over six minutes that it is stopping are critical
S5 | same entry 3/3: warning, half of 15 min: critical | readiness | http-probes | openclaw | that loses a channel is a warning, and critical if it is often so
S5 | a database not usable: critical at once | readiness | http-probes | openclaw | that says its database is unusable is critical at once
S5 | channels left off: critical at once | readiness | http-probes | openclaw | with channels left off after unclean starts is critical
S6 | 1 min: warning, 5 min: critical, shorter: said, not in the first minute | event_loop | event-loop | thresholds | that tell of %i ms of overload, %i s after the start, are %s
S7 | 1.5 GB: warning, 3 GB: critical | memory | memory-use | limits | of %i GB is %s
S7 | 85% of the control group: critical | memory | memory-use | limits | near the limit of its control group is critical
S7 | 100 MB an hour for 6 h: warning | memory | memory-use | limits | that grows for six hours is a warning
S8 | first bytes wrong: critical | storage | storage | openclaw | with a database that is none any more is critical
S8 | write-ahead log over 256 MB: warning | storage | storage | limits | with a write-ahead log over its limit is a warning
S8 | disk below 10%: warning, below 1 GB: critical | storage | storage | limits | on a disk with less than %o is %s
S9 | empty: critical, replaced: warning, changed since the start: said | config | state-files | openclaw | with settings that are empty, cut off or replaced
S10 | 2 unplanned starts in 5 min: warning, 3: critical | boots | boots | openclaw | those after crashes are counted
S10 | the same by the unit | boots | unit-part | units | is a warning at two times, critical at three
S10 | the same by the lock of older versions: warning | boots | boots | units | are told by its lock
S10 | exit 78: critical | boots | unit-part | units | that ended with exit code 78
S11 | a black box: warning with its reason | black_box | state-files | openclaw | with a new black box, and with jobs that are no longer read
S12 | another owner of the port: critical | port | process-part | openclaw | a port that another program holds is critical, and named
S13 | jobs in a file that is not read: warning | leftovers | state-files | openclaw | with a new black box, and with jobs that are no longer read
D1 | nobody let in within 10 s, 2/2: critical | handshake | handshake | inside | that never greets while /health is green
D1 | wrong token: warning | handshake | handshake | inside | with the wrong token is a warning about the token
D2 | no tick for 75 s: critical | ticks | inner-parts | inside | on which no tick comes for 75 seconds is critical
D3 | not well for 5 min: warning, 15 min: critical | channels | channels | inside | is a warning after 5 minutes, critical after 15
D3 | the only one for 5 min: critical | channels | channels | thresholds | the only account, %s for five minutes, is critical
D3 | begun anew 3 times in 1 h: warning | channels | channels | inside | a channel that begins anew again and again is a warning
D3 | silent for 3 times the usual gap: said | channels | channels | diary | that hear nothing for much longer than usual
D4 | switched off unasked, or no next time, or 2 min late: critical; counts differ: warning | cron | cron-status | inside | cron that is switched off, or has no next time
D4 | fewer jobs than before: warning | cron_jobs | cron-jobs | state | that went missing, or is there twice, is a warning
D5 | 5 min late, or 5 min too long: critical; 3 errors: warning; 10: critical | cron_jobs | cron-jobs | state | runs too long
D5 | switched off after 10 errors: critical | cron_jobs | cron-jobs | thresholds | a job that was switched off after ten errors is critical
D5 | skipped 3 times: said | cron_jobs | cron-jobs | diary | that were skipped several times are named
D5 | planned 1.5 intervals ahead: warning | cron_jobs | cron-jobs | state | that was planned far ahead of its interval is a warning
D5 | leaves out a time of its expression: warning | cron_jobs | cron-slots | diary | that leave out a time of their cron expression
D6 | two starts for one time: warning | cron_runs | cron-runs | diary | are twice for one time of a cron expression
D6 | closer than half the interval: warning | cron_runs | cron-runs | diary | are twice if they are closer than half the interval
D6 | equal name and schedule: warning | cron_jobs | cron-jobs | state | that went missing, or is there twice, is a warning
D7 | one with others left: warning, all: critical | credentials | credentials | state | in cooldown are a warning while another is left
D7 | disabled: critical | credentials | credentials | state | that are disabled for billing are critical
D7 | fails 3 times running: critical | credentials | credentials | state | that fail each time they are tried again
D8 | plugins: warning | plugins | inside | inside | plugins, lanes and tasks that are not well
D8 | secrets: warning | plugins | inside | thresholds | plugins whose secrets cannot be read
D8 | tasks lost or stale: warning | plugins | inside | thresholds | tasks that are %o are a warning
D8 | another version on disk: said | plugins | version | units | an update on disk that waits for a restart is said
D9 | critical memory pressure: warning | stability | stability | diary | that tells of critical memory pressure
D9 | stuck session: warning | stability | stability | diary | that tells of a stuck session is a warning
D9 | events dropped: said | stability | stability | diary | that has dropped older events only says so
D10 | full with work waiting for 10 min: warning | lanes | inside | inside | plugins, lanes and tasks that are not well
D11 | 3 failed and none succeeded in an hour: critical | tasks | inside | inside | plugins, lanes and tasks that are not well
D12 | off by default, hourly at most, 5 min, fails 2/2: critical | canary | canary | canary | one answer that is missing is only said, two in a row are critical
D12 | a budget a day | canary | canary | canary | no more questions are asked than the budget of the day allows
`;

const rows = table
  .trim()
  .split('\n')
  .map((line) => line.split(' | '));

const root = join(import.meta.dirname, '../../..');
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('of what a watcher has to see', () => {
  test.each(rows)('%s (%s) is seen by %s and proved', (...row) => {
    const [, , part = '', source = '', file = '', words = '?'] = row;
    expect(textOf('docs/openclaw.md')).toContain(`\`${part}\``);
    expect(textOf(`src/checks/openclaw/${source}.ts`)).toContain('export ');
    const tests = `test/checks/${file === 'openclaw' ? '' : 'openclaw/'}${file}.test.ts`;
    expect(textOf(tests)).toContain(words);
  });

  test('nothing is left out: S1 to S13, D1 to D12, and each part', () => {
    const upTo = (letter: string, last: number): string[] =>
      Array.from({ length: last }, (_, at) => `${letter}${at + 1}`);
    expect([...new Set(rows.map(([number]) => number))]).toEqual([
      ...upTo('S', 13),
      ...upTo('D', 12),
    ]);
    const seen = new Set(rows.map(([, , part]) => part));
    expect(seen).toEqual(new Set(partNames));
  });
});
