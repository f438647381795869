import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { ProberName } from '../../../src/model/check.ts';
import { startAgent, type TestAgent } from '../../support/agent.ts';
import { ask } from '../../support/ask.ts';
import type { RandomCase } from '../../support/random-case.ts';
import { differences, implausibleTimes } from './kit/compare.ts';
import { startOracle, type Oracle } from './kit/oracle.ts';
import { readPage, type Page } from './kit/page.ts';

/** How many probes are under way at the same time. */
const abreast = 4;

/** Cases that are printed in full when they fail. */
const shownMax = Number(process.env['TOCSIN_SHOWN'] ?? 3);

const scrapeTimeout = { 'X-Prometheus-Scrape-Timeout-Seconds': '10' };

/** Both programs with the modules of all cases. */
interface Arena {
  readonly agent: TestAgent;
  readonly oracle: Oracle;
}

/** How many cases there are, and the seed of the first: both can be asked for. */
export function seeds(casesDefault: number): readonly number[] {
  const first = Number(process.env['TOCSIN_SEED'] ?? 1);
  const count = process.env['TOCSIN_CASES'] ?? (process.env['TOCSIN_SEED'] ? 1 : casesDefault);
  return Array.from({ length: Number(count) }, (_, index) => first + index);
}

/** The modules as YAML of which only one reading is possible: in the notation of JSON, beyond ASCII escaped. */
function modulesText(cases: readonly RandomCase[]): string {
  const modules = Object.fromEntries(cases.map(({ seed, module }) => [`case_${seed}`, module]));
  return JSON.stringify({ modules }, null, 1).replaceAll(
    /[^\0-~]/gu,
    (character) => `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
  );
}

/** Modules that one process is started with. */
const modulesMax = 200;

/** Sends the same probes to tocsin and to blackbox_exporter; fails with every case that differs. */
export async function compareAll(cases: readonly RandomCase[]): Promise<void> {
  const reports: (readonly [seed: number, report: string])[] = [];
  for (let at = 0; at < cases.length; at += modulesMax) {
    reports.push(...(await compareSome(cases.slice(at, at + modulesMax))));
  }
  const odd = reports.map(([seed]) => seed);
  const title = `${odd.length} of ${cases.length} cases differ: TOCSIN_SEED=${odd.join(', ')}`;
  const shown = reports.slice(0, shownMax).map(([, report]) => report);
  expect(odd, [title, ...shown].join('\n\n')).toEqual([]);
}

async function compareSome(
  cases: readonly RandomCase[],
): Promise<readonly (readonly [seed: number, report: string])[]> {
  const modules = modulesText(cases);
  await using oracle = await startOracle({ modules });
  if (oracle === undefined) return [];
  await using agent = await startAgent({
    config: { modules_file: 'blackbox.yml' },
    files: { 'blackbox.yml': modules },
    waitUntilReady: false,
  });
  // So many modules take their time to be read on a busy machine.
  const readiness = async (): Promise<number> =>
    agent.get('/-/ready').then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(readiness, { timeout: 60_000 }).toBe(200);
  const reports: (readonly [seed: number, report: string])[] = [];
  const waiting = [...cases];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const arena = { agent, oracle };
      let report = await compareOne(next, arena);
      if (report !== undefined && next.isTimed === true) report = await compareOne(next, arena);
      if (report !== undefined) reports.push([next.seed, report]);
    }
  };
  await Promise.all(Array.from({ length: abreast }, work));
  return reports;
}

async function compareOne(one: RandomCase, arena: Arena): Promise<string | undefined> {
  await using server = await one.start();
  const probe = async (url: string): Promise<Page> => {
    const query = new URLSearchParams({ module: `case_${one.seed}`, target: server.target });
    const asked = `${url}/probe?${query.toString()}`;
    const { status, body } = await ask(asked, { headers: scrapeTimeout });
    return readPage(status, body);
  };
  const ours = await probe(arena.agent.url);
  const oursSeen = (await server.seen()).map(inspected);
  const theirs = await probe(arena.oracle.url);
  const theirsSeen = (await server.seen()).map(inspected);
  const lines = [
    ...differences(one.module.prober as ProberName, ours, theirs),
    ...implausibleTimes(ours),
  ];
  const isLost = (index: number): boolean => one.losesEnd === true && index >= sharedLength;
  const sharedLength = Math.min(oursSeen.length, theirsSeen.length);
  const longer = oursSeen.length > theirsSeen.length ? oursSeen : theirsSeen;
  const at = [...longer.keys()].find((at) => oursSeen[at] !== theirsSeen[at] && !isLost(at));
  if (at !== undefined) lines.push(`${at}. arrived ${oursSeen[at]}, not ${theirsSeen[at]}`);
  if (lines.length === 0) return undefined;
  return [
    `TOCSIN_SEED=${one.seed}: ${server.target}`,
    ...lines,
    `module: ${inspected(one.module)}`,
    `behaviour: ${inspected(one.behaviour)}`,
    `tocsin: ${samples(ours)}`,
    `blackbox_exporter: ${samples(theirs)}`,
  ].join('\n');
}

function inspected(value: unknown): string {
  return inspect(value, { depth: 9, maxStringLength: 300, maxArrayLength: 60, breakLength: 120 });
}

function samples({ status, text }: Page): string {
  return `${status}\n${text.replaceAll(/^#.*\n/gm, '')}`;
}
