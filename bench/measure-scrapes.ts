import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startAgent } from './agent.ts';
import { machineFacts } from './facts.ts';
import type { SliceResult } from './load.ts';
import { cpuSeconds, medianMemory, type Memory } from './measure.ts';
import { runSlice } from './run-slice.ts';
import { scrapeReport } from './scrape-report.ts';
import type { Side } from './side.ts';
import type { StandInState } from './stand-in.ts';
import { startScript } from './start-script.ts';
import { tell } from './tell.ts';

/** So long that no check runs again while it is measured. */
const intervalSeconds = 12 * 3600;
/** How long all checks may take to run once. */
const firstRunsSecondsMax = 120;
/** While a scrape has the event loop, this is what others wait for; asked for this often. */
const healthEveryMs = 5;
/** Prometheus scrapes less often; this is so that enough requests meet a scrape. */
const scrapeEveryMs = 500;

export interface ScrapePlan {
  readonly sizes: readonly number[];
  readonly scrapes: number;
  /** How long `/-/healthy` is asked, without scrapes and again with them. */
  readonly healthSeconds: number;
}

const sizes = [10, 100, 1000, 5000];
const plans: Readonly<Record<'quick' | 'whole', ScrapePlan>> = {
  quick: { sizes, scrapes: 21, healthSeconds: 3 },
  whole: { sizes, scrapes: 21, healthSeconds: 15 },
};

export interface ScrapeResults {
  readonly checks: number;
  /** In the order in which they were made. */
  readonly scrapesMs: readonly number[];
  readonly bytes: number;
  /** CPU milliseconds of the agent for each scrape. */
  readonly cpuMs: number;
  /** After all checks have run once, and after the scrapes. */
  readonly memory: Memory;
  readonly memoryAfter: Memory;
  /** What `/-/healthy` took, without scrapes and with them. */
  readonly quietMs: readonly number[];
  readonly scrapedMs: readonly number[];
}

/**
 * `/metrics` with few checks and with many that have all run once, as tables. Uses `directory`; all
 * processes have ended when it resolves. Throws when a check did not succeed.
 */
export async function measureScrapes(directory: string, quick: boolean): Promise<string> {
  const plan = quick ? plans.quick : plans.whole;
  await using worlds = new AsyncDisposableStack();
  const { address: standIn } = worlds.use(await startScript('stand-in', '/state', directory));
  // Two of them: reading a large page must not hold up the clock of the other requests.
  const scraper = worlds.use(await startScript('load', '/', directory));
  const asker = worlds.use(await startScript('load', '/', directory));
  const results: ScrapeResults[] = [];
  for (const targets of plan.sizes) {
    tell(`scraping ${targets} checks`);
    const place = join(directory, `checks-${targets}`);
    mkdirSync(place);
    const seenBefore = await probesSeen(standIn);
    await using agent = await startAgent({ standIn, targets, intervalSeconds, directory: place });
    await allHaveRun(standIn, seenBefore, targets);
    results.push(await measureAgent(agent, targets, [scraper.address, asker.address], plan));
    await assertAllWell(agent.metricsUrl, targets);
  }
  return scrapeReport({ plan, results, facts: machineFacts(['tocsin']) });
}

async function measureAgent(
  agent: Side,
  checks: number,
  [scraper, asker]: readonly [string, string],
  plan: ScrapePlan,
): Promise<ScrapeResults> {
  const { scrapes, healthSeconds } = plan;
  const [pid = 0] = agent.children.map((child) => child.pid);
  const memory = await oneMemory(pid);
  const once = { concurrency: 1, seconds: healthSeconds, everyMs: 0 };
  const scrape = { ...once, url: agent.metricsUrl, expects: '\nprobe_success{' };
  const before = cpuSeconds(pid);
  const made = await runSlice(scraper, { ...scrape, seconds: 60, requestsMax: scrapes });
  const cpuMs = ((cpuSeconds(pid) - before) * 1000) / made.latenciesMs.length;
  const memoryAfter = await oneMemory(pid);
  // Not for longer than it can be asked in time: each request is one under way.
  const health = { ...once, url: agent.readyUrl.replace('ready', 'healthy'), expects: 'healthy' };
  const askHealth = async (): Promise<SliceResult> =>
    runSlice(asker, { ...health, everyMs: healthEveryMs, concurrency: 50, requestsMax: 100_000 });
  const quiet = await askHealth();
  const [scraped] = await Promise.all([
    askHealth(),
    runSlice(scraper, { ...scrape, everyMs: scrapeEveryMs, requestsMax: 1000 }),
  ]);
  return {
    checks,
    scrapesMs: made.latenciesMs,
    bytes: made.bytes,
    cpuMs,
    memory,
    memoryAfter,
    quietMs: quiet.latenciesMs,
    scrapedMs: scraped.latenciesMs,
  };
}

async function oneMemory(pid: number): Promise<Memory> {
  const [memory] = await medianMemory([pid], 3);
  if (memory === undefined) throw new Error('the memory was not read');
  return memory;
}

/** Resolves once every check has run, by the stand-in's account. Throws when that takes too long. */
async function allHaveRun(standIn: string, seenBefore: number, checks: number): Promise<void> {
  const deadlineMs = performance.now() + firstRunsSecondsMax * 1000;
  while ((await probesSeen(standIn)) < seenBefore + checks) {
    if (performance.now() > deadlineMs) throw new Error(`${checks} checks did not all run in time`);
    await wait(200);
  }
  // The last results are on their way to the state and the database.
  await wait(2000);
}

async function probesSeen(standIn: string): Promise<number> {
  const state = (await (await fetch(`${standIn}/state`)).json()) as StandInState;
  return state.tocsin.probes;
}

/** A check that failed has other families than one that is well. */
async function assertAllWell(metricsUrl: string, checks: number): Promise<void> {
  const page = await (await fetch(metricsUrl)).text();
  const well = page.match(/^probe_success\{.*type="http".*\} 1$/gm)?.length ?? 0;
  if (well !== checks) throw new Error(`${well} of ${checks} checks are well in ${metricsUrl}`);
}
