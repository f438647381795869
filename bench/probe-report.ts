import type { Fact } from './facts.ts';
import type { ProbePlan, ProberResults, ProbeSlice } from './measure-probes.ts';
import { median, type Memory } from './measure.ts';
import { factTable, figure, table } from './table.ts';

/** The bench of probes as Markdown, for the terminal and for `README.md`. */
export function probeReport(measured: {
  readonly plan: ProbePlan;
  readonly results: readonly ProberResults[];
  readonly facts: readonly Fact[];
}): string {
  const { plan, results, facts } = measured;
  return [
    `${plan.slices} slices of ${plan.sliceSeconds} s for each side in turn, ${plan.concurrency} probes at a`,
    `time, after ${plan.warmUpSeconds} s of warming up. The medians of the slices; the ratio is that of a`,
    'slice of tocsin to the slice of blackbox_exporter after it: median (smallest–largest).',
    '',
    ...table([['', '', 'tocsin', 'blackbox_exporter', 'ratio'], ...results.flatMap(rows)]),
    '',
    ...factTable(facts),
  ].join('\n');
}

function rows(results: ProberResults): string[][] {
  return [
    sliced(results, 'probes per second', (slice) => slice.perSecond, '/s'),
    sliced(results, 'CPU per probe', (slice) => slice.cpuMs, 'ms'),
    sliced(results, 'latency, median', (slice) => slice.medianMs, 'ms'),
    sliced(results, 'latency, p95', (slice) => slice.p95Ms, 'ms'),
    memoryRow(results, 'resident memory after', (memory) => memory.resident),
    memoryRow(results, 'anonymous memory after', (memory) => memory.anonymous),
  ];
}

function sliced(
  { prober, tocsin, blackbox }: ProberResults,
  name: string,
  pick: (slice: ProbeSlice) => number,
  unit: string,
): string[] {
  const ours = tocsin.slices.map(pick);
  const shown = (values: readonly number[]): string => `${figure(median(values))} ${unit}`;
  if (blackbox === undefined) return [prober, name, shown(ours), '', ''];
  const theirs = blackbox.slices.map(pick);
  const ratios = ours.map((value, index) => value / (theirs[index] ?? Number.NaN));
  return [prober, name, shown(ours), shown(theirs), spreadOf(ratios)];
}

function spreadOf(ratios: readonly number[]): string {
  const [middle, least, most] = [median(ratios), Math.min(...ratios), Math.max(...ratios)];
  return `${middle.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;
}

function memoryRow(
  { prober, tocsin, blackbox }: ProberResults,
  name: string,
  pick: (memory: Memory) => number,
): string[] {
  const ours = pick(tocsin.memory);
  const shown = (size: number): string => `${figure(size)} MiB`;
  if (blackbox === undefined) return [prober, name, shown(ours), '', ''];
  const theirs = pick(blackbox.memory);
  return [prober, name, shown(ours), shown(theirs), (ours / theirs).toFixed(2)];
}
