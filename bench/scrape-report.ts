import type { Fact } from './facts.ts';
import type { ScrapePlan, ScrapeResults } from './measure-scrapes.ts';
import { median, percentile } from './measure.ts';
import { factTable, figure, table } from './table.ts';

/** What a scrape costs a check is compared at these numbers of checks. */
const fewChecks = 100;

/** The bench of scrapes as Markdown, for the terminal and for `README.md`. */
export function scrapeReport(measured: {
  readonly plan: ScrapePlan;
  readonly results: readonly ScrapeResults[];
  readonly facts: readonly Fact[];
}): string {
  const { plan, results, facts } = measured;
  return [
    `${plan.scrapes} scrapes one after the other for each number of checks, and ${plan.healthSeconds} s of`,
    '`/-/healthy` without scrapes and with them.',
    '',
    ...table([
      ['checks', 'median', 'p95', 'first', 'CPU', 'size', 'per check (median)'],
      ...results.map(scrapeRow),
    ]),
    '',
    ...linearity(results),
    '',
    ...table([
      ['checks', 'resident', 'per check', 'resident after the scrapes', 'anonymous then'],
      ...results.map((result) => memoryRow(result, results[0])),
    ]),
    '',
    ...table([
      ['checks', '`/-/healthy` without scrapes, median / p99 / longest', 'with scrapes'],
      ...results.map(({ checks, quietMs, scrapedMs }) => [
        String(checks),
        waits(quietMs),
        waits(scrapedMs),
      ]),
    ]),
    '',
    ...factTable(facts),
  ].join('\n');
}

function scrapeRow({ checks, scrapesMs, cpuMs, bytes }: ScrapeResults): string[] {
  const [first = Number.NaN] = scrapesMs;
  const times = [median(scrapesMs), percentile(scrapesMs, 0.95), first, cpuMs];
  const size = `${figure(bytes / 1024)} KiB`;
  const each = `${figure(perCheckUs({ checks, scrapesMs }))} µs`;
  return [String(checks), ...times.map((time) => `${figure(time)} ms`), size, each];
}

function perCheckUs({ checks, scrapesMs }: Pick<ScrapeResults, 'checks' | 'scrapesMs'>): number {
  return (median(scrapesMs) * 1000) / checks;
}

/** How much more a check costs among many than among few; 1 is linear. */
function linearity(results: readonly ScrapeResults[]): string[] {
  const few = results.find(({ checks }) => checks === fewChecks);
  const many = results.at(-1);
  if (few === undefined || many === undefined || few === many) return [];
  const ratio = perCheckUs(many) / perCheckUs(few);
  return [
    `A check costs a scrape ${ratio.toFixed(2)} times as much among ${many.checks} as among ${few.checks}.`,
  ];
}

function memoryRow(result: ScrapeResults, least: ScrapeResults | undefined): string[] {
  const { checks, memory, memoryAfter } = result;
  const more = checks - (least?.checks ?? checks);
  const grown = memory.resident - (least?.memory.resident ?? memory.resident);
  const sizes = [memoryAfter.resident, memoryAfter.anonymous].map((size) => `${figure(size)} MiB`);
  const each = more === 0 ? '' : `${figure((grown * 1024) / more)} KiB`;
  return [String(checks), `${figure(memory.resident)} MiB`, each, ...sizes];
}

function waits(latenciesMs: readonly number[]): string {
  const list = [median(latenciesMs), percentile(latenciesMs, 0.99), Math.max(...latenciesMs)];
  return `${list.map(figure).join(' / ')} ms`;
}
