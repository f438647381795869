import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { ProberName } from '../../../../src/model/check.ts';
import { ask } from '../../../support/ask.ts';
import { commonFamilies, differences, implausibleTimes } from './compare.ts';

import { readPage, sampleOf, type Page } from './page.ts';
import { probePath, startPair, type Pair, type PairSetup } from './pair.ts';

/** A module in the format of `blackbox.yml`. */
export interface Module {
  readonly prober: ProberName;
  readonly [key: string]: unknown;
}

/** Something to probe; closed after one probe. */
export interface Served extends AsyncDisposable {
  readonly target: string;
  /** Looks at what arrived: fails the test if it was not what it should be. */
  readonly verify?: () => void;
}

/** One line of the conformance list, or one case of it. */
export interface ProbeCase {
  /** Begins with the id of the line. */
  readonly title: string;
  readonly module: Module;
  /** Started anew for each program that probes it. */
  readonly server?: () => Promise<Served>;
  /** What is probed; made of the server's own target where there is a server. */
  readonly target?: string | ((base: string) => string);
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expect: Expectation;
  /** A closer look at the answer of tocsin. */
  readonly judge?: (page: Page) => void;
  /** Why blackbox_exporter 0.23.0 is not asked: it lacks the feature, or has a defect. */
  readonly beyond?: string;
}

export interface Expectation {
  readonly success: 0 | 1;
  /** Values by sample as it is written on the page. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Families that must not be there. */
  readonly absent?: readonly string[];
  /** All families there are, but for those that tocsin adds and the three of the handler. */
  readonly families?: readonly string[];
}

const handlerFamilies = ['probe_duration_seconds', 'probe_success', 'probe_timeout_seconds'];

/** Longest probe where neither the module nor the request says so. */
const scrapeTimeout = { 'X-Prometheus-Scrape-Timeout-Seconds': '10' };

/**
 * Makes a test of each case, by topic: one agent, and one blackbox_exporter, have the modules of all of
 * them and are asked the same.
 */
export function contest(
  topics: Readonly<Record<string, readonly ProbeCase[]>>,
  surroundings: Pick<PairSetup, 'env' | 'config' | 'within'> = {},
): void {
  const named = new Map(
    Object.values(topics)
      .flat()
      .map((one, index) => [one, nameOf(one, index)]),
  );
  let pair: Pair;
  beforeAll(async () => {
    const isCommon = ({ beyond }: ProbeCase): boolean => beyond === undefined;
    const oracleModules = [...named.keys()].some(isCommon)
      ? modulesText(named, isCommon)
      : undefined;
    pair = await startPair({ modules: modulesText(named), oracleModules, ...surroundings });
  });
  afterAll(async () => pair?.[Symbol.asyncDispose]());
  describe.each(Object.entries(topics))('%s', (_topic, cases) => {
    for (const one of cases) {
      const name = named.get(one) ?? '';
      test(one.title, async () => {
        const ours = await probe(pair.agent.url, one, name);
        meetsExpectation(ours, one.expect);
        one.judge?.(ours);
        expect(implausibleTimes(ours)).toEqual([]);
        if (pair.oracle === undefined || one.beyond !== undefined) return;
        const theirs = await probe(pair.oracle.url, one, name);
        expect(differences(one.module.prober, ours, theirs), theirs.text).toEqual([]);
      });
    }
  });
}

/** The modules of the cases as `blackbox.yml`. */
function modulesText(
  named: ReadonlyMap<ProbeCase, string>,
  isWanted: (one: ProbeCase) => boolean = () => true,
): string {
  const wanted = [...named].filter(([one]) => isWanted(one));
  return blackboxYaml(Object.fromEntries(wanted.map(([one, name]) => [name, one.module])));
}

/** Modules as `blackbox.yml`; bytes become `!!binary`. */
export function blackboxYaml(modules: Readonly<Record<string, unknown>>): string {
  return stringify({ modules }, { customTags: ['binary'] });
}

function nameOf({ title }: ProbeCase, index: number): string {
  return `${title.slice(0, title.indexOf(' ')).toLowerCase()}_${index}`;
}

async function probe(url: string, one: ProbeCase, name: string): Promise<Page> {
  await using server = await one.server?.();
  const base = server?.target ?? '';
  const target = typeof one.target === 'function' ? one.target(base) : (one.target ?? base);
  const path = probePath({ module: name, target, ...one.query });
  const headers = { ...scrapeTimeout, ...one.headers };
  const { status, body } = await ask(url + path, { headers });
  server?.verify?.();
  return readPage(status, body);
}

function meetsExpectation(page: Page, wanted: Expectation): void {
  expect(page.status, page.text).toBe(200);
  const samples = { probe_success: wanted.success, ...wanted.metrics };
  const found = Object.keys(samples).map((name) => [name, sampleOf(page, name)]);
  expect(Object.fromEntries(found), page.text).toEqual(samples);
  expect((wanted.absent ?? []).filter((name) => page.families.has(name))).toEqual([]);
  if (wanted.families === undefined) return;
  const families = [...handlerFamilies, ...wanted.families].toSorted();
  expect(commonFamilies(page)).toEqual(families);
}
