import type { CheckCost } from './check-cost.ts';
import type { Fact } from './facts.ts';
import { factTable, figure, table } from './table.ts';
import type { HostResults, UnitCost } from './typical-host.ts';

export interface CostRow extends CheckCost {
  /** Tells several uses of a type apart. */
  readonly use?: string | undefined;
}

interface CheckResults {
  readonly plan: { readonly batches: number; readonly runsPerBatch: number };
  readonly rows: readonly CostRow[];
  readonly host: HostResults | undefined;
  readonly facts: readonly Fact[];
}

/** The results as Markdown, for the terminal and for `README.md`. */
export function checkReport({ plan, rows, host, facts }: CheckResults): string {
  const { batches, runsPerBatch } = plan;
  return [
    `Each check type in a process of its own, ${batches} batches of ${runsPerBatch} runs after as many to warm up; the`,
    'medians of the batches. Memory is what the process has more than before the check was opened.',
    '',
    ...table([
      ['check', 'CPU of a run', 'of it programs', 'takes', 'anonymous, first run', 'after all', ''],
      ...rows.map(costRow),
    ]),
    '',
    ...(host === undefined ? [] : [...hostTables(host), '']),
    ...factTable(facts),
  ].join('\n');
}

function costRow({
  type,
  use,
  ownMs,
  programsMs,
  tookMs,
  first,
  after,
  ...rest
}: CostRow): string[] {
  return [
    use === undefined ? type : `${type}, ${use}`,
    `${figure(ownMs + programsMs)} ms`,
    programsMs === 0 ? '' : `${figure(programsMs)} ms`,
    `${figure(tookMs)} ms`,
    `${figure(first.anonymous)} MiB`,
    `${figure(after.anonymous)} MiB`,
    rest.status === 'ok' ? '' : `${rest.status}: ${rest.summary.replaceAll('|', '/')}`,
  ];
}

function hostTables({ seconds, checks, unwell, units, system }: HostResults): string[] {
  const { init, empty, node, blackbox, monit } = units;
  const share = (cost: UnitCost): string => `${figure(cost.share * 100)} %`;
  const row = (name: string, cost: UnitCost): string[] => [
    name,
    share(cost),
    `${figure(cost.resident)} MiB`,
    `${figure(cost.anonymous)} MiB`,
  ];
  const added: UnitCost = {
    name: 'added',
    share: init.share - empty.share,
    resident: init.resident - empty.resident,
    anonymous: init.anonymous - empty.anonymous,
  };
  return [
    `A Debian 12 with systemd, in a guest: the ${checks.length} checks that \`tocsin init\` writes there`,
    `(${checks.join(', ')}), all side by side for ${seconds} s.`,
    ...(unwell.length === 0 ? [] : ['', `Not well at the end: ${unwell.join('; ')}.`]),
    '',
    ...table([
      ['', 'CPU, of one core', 'resident', 'anonymous'],
      row('tocsin with these checks', init),
      row('tocsin without checks', empty),
      row('what the checks add', added),
      row('node_exporter', node),
      row('blackbox_exporter', blackbox),
      row('Monit', monit),
      ...system.map((cost) => row(`for all of them together: ${cost.name}`, cost)),
    ]),
  ];
}
