import { describe, expect, test } from 'vitest';
import type { DiskFault, WireFault } from '../support/agent-world.ts';
import { liveThroughCrash } from './crash-history.ts';

/** SQLite's own words and codes. */
const diskFull = (): Error => Object.assign(new Error('database or disk is full'), { errcode: 13 });
const diskError = (): Error => Object.assign(new Error('disk I/O error'), { errcode: 10 });

/** How long a disk stays full. */
const fullMs = 60_000;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Lives through the history once for each point; what is wrong is told with the point. */
async function each(
  points: readonly number[],
  faultsAt: (point: number) => Parameters<typeof liveThroughCrash>[0],
): Promise<string[]> {
  const complaints: string[] = [];
  for (const point of points) {
    const life = await liveThroughCrash(faultsAt(point));
    complaints.push(...life.complaints.map((complaint) => `at ${point}: ${complaint}`));
  }
  return complaints;
}

const told = (what: string, count: number): void =>
  void process.stdout.write(`crash points: ${count} ${what}\n`);

describe('a history in which every write and every send is a point where something breaks', () => {
  test('without a fault keeps every promise', async () => {
    const { complaints, world } = await liveThroughCrash({});
    expect(complaints).toEqual([]);
    expect(new Set(world.arrivals.map(({ delivery }) => delivery.receiver))).toEqual(
      new Set(['chat', 'mail', 'pager', 'ledger']),
    );
    const remarks = world.arrivals.flatMap(({ delivery }) => delivery.notification.remarks ?? []);
    expect(remarks).toContainEqual(expect.stringContaining('Sent through mail: chat (slack)'));
    expect(remarks).toContainEqual(expect.stringContaining('Held back'));
  });

  test.each(['kill before', 'kill after'] as const)(
    'a %s each commit loses nothing and repeats each message at most once, under its key',
    { timeout: 300_000 },
    async (kind) => {
      const { commits } = (await liveThroughCrash({})).points;
      told(`commits, ${kind}`, commits);
      const disk =
        (point: number) =>
        (): DiskFault =>
        ({ commit }) =>
          commit === point ? kind : undefined;
      expect(await each(numbers(commits), (point) => ({ disk: disk(point) }))).toEqual([]);
    },
  );

  test.each(['kill before', 'kill with request', 'kill with answer'] as const)(
    'a %s of each send loses nothing and repeats each message at most once, under its key',
    { timeout: 300_000 },
    async (kind) => {
      const { sends } = (await liveThroughCrash({})).points;
      told(`sends, ${kind}`, sends);
      const wire =
        (point: number): WireFault =>
        (send) =>
          send === point ? kind : undefined;
      expect(await each(numbers(sends), (point) => ({ wire: wire(point) }))).toEqual([]);
    },
  );

  test(
    'a disk that is full from any commit on for a while loses and repeats nothing',
    { timeout: 300_000 },
    async () => {
      const { commits } = (await liveThroughCrash({})).points;
      told('commits, disk full for a minute', commits);
      const complaints = await each(numbers(commits), (point) => ({
        disk: (world) => {
          let since: number | undefined;
          return ({ commit }) => {
            if (commit === undefined) return undefined;
            const now = world.clock.now().steadyMs;
            if (commit === point) since = now;
            return since !== undefined && now < since + fullMs ? diskFull() : undefined;
          };
        },
      }));
      expect(complaints).toEqual([]);
    },
  );

  test(
    'an error of SQLite at any of its calls loses and repeats nothing',
    { timeout: 300_000 },
    async () => {
      const { calls } = (await liveThroughCrash({})).points;
      told('calls of SQLite, an error each', calls);
      const complaints = await each(numbers(calls), (point) => ({
        disk:
          () =>
          ({ number }) =>
            number === point ? diskError() : undefined,
      }));
      expect(complaints).toEqual([]);
    },
  );
});
