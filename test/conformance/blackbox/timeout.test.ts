import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blackboxYaml } from './kit/contest.ts';
import { probePath, startPair, type Pair } from './kit/pair.ts';

interface Row {
  /** The timeout of the module; it is its name as well. */
  readonly module: string;
  /** Seconds that the scrape says; undefined if it says nothing. */
  readonly scrape?: string;
  readonly seconds: number;
}

const timeouts = ['0s', '5s', '9.5s', '10s', '20s'];
const modules = blackboxYaml(
  Object.fromEntries(timeouts.map((timeout) => [timeout, { prober: 'tcp', timeout }])),
);

/** Has the rows looked up by agents that take this much off the timeout of the scrape. */
function withOffset(seconds: string, rows: readonly (readonly [title: string, Row])[]): void {
  describe(`with an offset of ${seconds} s`, () => {
    let pair: Pair;
    beforeAll(async () => {
      pair = await startPair({
        modules,
        oracleModules: modules,
        config: { server: { probe: { timeout_offset: `${Number(seconds) * 1000}ms` } } },
        args: [`--timeout-offset=${seconds}`],
      });
    });
    afterAll(async () => pair?.[Symbol.asyncDispose]());

    test.each(rows)('%s', async (_title, row) => {
      const headers =
        row.scrape === undefined ? {} : { 'X-Prometheus-Scrape-Timeout-Seconds': row.scrape };
      const path = probePath({ module: row.module, target: '127.0.0.1:9', debug: 'true' });
      const [ours, theirs] = await pair.ask(path, { headers });
      const shown = /^probe_timeout_seconds (\S+)$/m.exec(ours?.body ?? '')?.[1];
      expect(shown).toBe(String(row.seconds));
      const logged = /timeout_seconds=(\S+)/.exec(theirs?.body ?? '')?.[1];
      if (theirs !== undefined) expect(logged).toBe(String(row.seconds));
    });
  });
}

withOffset('0.5', [
  [
    'BB-H05 a module without a timeout has what the scrape leaves',
    { module: '0s', scrape: '15', seconds: 14.5 },
  ],
  [
    'BB-H07 a module with a longer one has what the scrape leaves',
    { module: '20s', scrape: '15', seconds: 14.5 },
  ],
  ['BB-H10 a module with a shorter one has its own', { module: '5s', scrape: '15', seconds: 5 }],
  ['BB-H11 a scrape that says nothing leaves the module its own', { module: '10s', seconds: 10 }],
  ['BB-H12 the same timeout in both is cut', { module: '10s', scrape: '10', seconds: 9.5 }],
  ['BB-H13 a fraction of a second is kept', { module: '9.5s', seconds: 9.5 }],
  ['BB-H15 without either it is two minutes less the offset', { module: '0s', seconds: 119.5 }],
]);

withOffset('0', [
  [
    'BB-H06 without a timeout of its own it is that of the scrape',
    { module: '0s', scrape: '15', seconds: 15 },
  ],
  [
    'BB-H08 a longer one of the module is that of the scrape',
    { module: '20s', scrape: '15', seconds: 15 },
  ],
  ['BB-H09 a shorter one of the module counts', { module: '5s', scrape: '15', seconds: 5 }],
  ['BB-H16 without either it is two minutes', { module: '0s', seconds: 120 }],
]);

withOffset('1', [
  [
    'BB-H14 the offset is not taken off the timeout of the module',
    { module: '9.5s', seconds: 9.5 },
  ],
]);
