import type { Fact } from './facts.ts';
import type { AlertPlan, AlertResults } from './measure-alerts.ts';
import { median, percentile } from './measure.ts';
import { factTable, figure, table } from './table.ts';

/** The bench of alerts as Markdown, for the terminal and for `README.md`. */
export function alertReport(measured: {
  readonly plan: AlertPlan;
  readonly results: readonly AlertResults[];
  readonly facts: readonly Fact[];
}): string {
  const { plan, results, facts } = measured;
  const [first, second] = results;
  const rows = rowsOf.map(([name, value, unit]) => {
    const shown = results.map((result) => `${figure(value(result))}${unit}`);
    if (first === undefined || second === undefined) return [name, ...shown];
    return [name, ...shown, (value(first) / value(second)).toFixed(2)];
  });
  const ratio = second === undefined ? [] : ['ratio'];
  return [
    `${plan.active} alerts active in ${plan.groups} groups; ${plan.changing} of them begin and end, ` +
      `${plan.perSecond} changes a second for ${plan.seconds} s; then ${plan.single} alerts one by one, ` +
      'each a group of its own.',
    '',
    ...table([['', ...results.map(({ name }) => name), ...ratio], ...rows]),
    '',
    ...factTable(facts),
  ].join('\n');
}

type Row = readonly [name: string, value: (result: AlertResults) => number, unit: string];

const rowsOf: readonly Row[] = [
  ['change to request, median', ({ changeMs }) => median(changeMs), ' ms'],
  ['change to request, p95', ({ changeMs }) => percentile(changeMs, 0.95), ' ms'],
  ['change to request, longest', ({ changeMs }) => percentile(changeMs, 1), ' ms'],
  ['one alert to request, median', ({ singleMs }) => median(singleMs), ' ms'],
  ['one alert to request, p95', ({ singleMs }) => percentile(singleMs, 0.95), ' ms'],
  ['messages', ({ messages }) => messages, ''],
  ['CPU per change', ({ cpuMsPerChange }) => cpuMsPerChange, ' ms'],
  ['resident, all active', ({ memory }) => memory.resident, ' MiB'],
  ['resident after the changes', ({ memoryAfter }) => memoryAfter.resident, ' MiB'],
];
