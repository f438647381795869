import { median, percentile, type Memory } from './measure.ts';
import type { Results, SideResults } from './results.ts';
import { factTable, figure, table } from './table.ts';

/** The results as Markdown, for the terminal and for `README.md`. */
export function report(results: Results): string {
  const { tocsin, peers } = results;
  return [
    `${results.targets} http targets every ${results.intervalSeconds} s on loopback, both sides at the`,
    `same time, ${results.windowSeconds} s after ${results.warmUpSeconds} s of warming up; ` +
      `${tocsin.probes} probes by tocsin, ${peers?.probes ?? 0} by the peers.`,
    '',
    ...table([
      ['', 'tocsin', 'the three peers', 'ratio'],
      ...rows(tocsin, peers),
      ['`/metrics` at this many checks', scrape(results), '', ''],
    ]),
    '',
    ...processTable(results),
    '',
    ...factTable(results.facts),
  ].join('\n');
}

function rows(tocsin: SideResults, peers: SideResults | undefined): string[][] {
  const row = (name: string, pick: (side: SideResults) => number, unit: string): string[] =>
    compared(name, pick(tocsin), peers === undefined ? undefined : pick(peers), unit);
  const memory = (name: string, pick: (memory: Memory) => number): string[] =>
    row(name, (side) => pick(side.total.memory), 'MiB');
  return [
    row('CPU per probe', (side) => side.total.cpuMsPerProbe, 'ms'),
    memory('resident memory', (size) => size.resident),
    memory('proportional (PSS)', (size) => size.proportional),
    memory('private (USS)', (size) => size.private),
    memory('anonymous', (size) => size.anonymous),
    row('resident after the messages', (side) => side.memoryAfterMessages.resident, 'MiB'),
    row('executable', (side) => side.executableBytes / 2 ** 20, 'MiB'),
    row('ready (peers: blackbox_exporter alone)', (side) => median(side.startMs), 'ms'),
    [
      'failing answer to message on the wire, median / p95 / first',
      latencies(tocsin),
      peers === undefined ? '' : `${latencies(peers)} (10 s of them by their rule)`,
      '',
    ],
  ];
}

function compared(name: string, ours: number, theirs: number | undefined, unit: string): string[] {
  const shown = (value: number): string => `${figure(value)} ${unit}`;
  if (theirs === undefined) return [name, shown(ours), '', ''];
  return [name, shown(ours), shown(theirs), (ours / theirs).toFixed(2)];
}

function latencies({ latenciesMs }: SideResults): string {
  const [first = Number.NaN] = latenciesMs;
  const list = [median(latenciesMs), percentile(latenciesMs, 0.95), first].map(figure);
  return `${list.join(' / ')} ms of ${latenciesMs.length}`;
}

function scrape({ scrape: { medianMs, bytes } }: Results): string {
  return `${figure(medianMs)} ms, ${figure(bytes / 1024)} KiB`;
}

function processTable({ tocsin, peers }: Results): string[] {
  const processes = [...tocsin.processes, ...(peers?.processes ?? [])];
  return table([
    ['process', 'CPU per probe', 'resident', 'PSS', 'USS', 'anonymous'],
    ...processes.map(({ name, cpuMsPerProbe, memory }) => [
      name,
      `${figure(cpuMsPerProbe)} ms`,
      ...[memory.resident, memory.proportional, memory.private, memory.anonymous].map(
        (size) => `${figure(size)} MiB`,
      ),
    ]),
  ]);
}
