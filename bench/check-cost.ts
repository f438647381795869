/*
 * What one check costs, in a process of its own: reads a `CostOrder` as its argument, and prints a `CheckCost`.
 * The servers that the check looks at run in other processes. Started with --expose-gc.
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import * as v from 'valibot';
import { viewWithoutAgent } from '../src/app/no-agent.ts';
import type { CheckType } from '../src/checks/check-type.ts';
import { clockOf } from '../src/checks/clock.ts';
import type { HostPlaces } from '../src/checks/host/places.ts';
import { openclawOf } from '../src/checks/openclaw.ts';
import { runCheck } from '../src/checks/run.ts';
import { checkTypes } from '../src/checks/table.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { CheckSpec, CheckTypeName } from '../src/model/check.ts';
import type { AgentView } from '../src/model/view.ts';
import { median } from './measure.ts';

export interface CostOrder {
  readonly type: CheckTypeName;
  readonly keys: object;
  /** For types that look at a host made of files. */
  readonly places?: HostPlaces;
  readonly batches: number;
  readonly runsPerBatch: number;
}

export interface CheckCost {
  readonly type: CheckTypeName;
  /** What the last run found. */
  readonly status: string;
  readonly summary: string;
  readonly runs: number;
  /** Milliseconds of processor of one run, the median of the batches: in the process, and in programs it starts. */
  readonly ownMs: number;
  readonly programsMs: number;
  /** Milliseconds that one run takes. */
  readonly tookMs: number;
  /** Mebibytes more than before the check was opened: after its first run, and after all; garbage collected. */
  readonly first: Size;
  readonly after: Size;
}

interface Size {
  readonly resident: number;
  readonly anonymous: number;
}

const ticksPerSecond = 100;

/** Milliseconds of processor that ended children have used. */
function programsMs(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[13]) + Number(fields[14])) * 1000) / ticksPerSecond;
}

function sizeNow(): Size {
  for (let time = 0; time < 3; time += 1) globalThis.gc?.();
  const rollup = readFileSync('/proc/self/smaps_rollup', 'utf8');
  const of = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
  return { resident: of('Rss'), anonymous: of('Anonymous') };
}

const more = (now: Size, before: Size): Size => ({
  resident: now.resident - before.resident,
  anonymous: now.anonymous - before.anonymous,
});

const view: AgentView = {
  ...viewWithoutAgent(new Map()),
  check: () => ({
    phase: 'inactive',
    up: true,
    known: true,
    latest: { status: 'ok', summary: '', detail: [], phases: [], families: [], values: [] },
  }),
  heartbeat: () => {
    const now = systemClock().now().wallMs;
    return { since: now, lastSuccessAt: now };
  },
};

function typeOf({ type, places }: CostOrder): CheckType {
  if (places === undefined) return checkTypes[type];
  return type === 'openclaw' ? openclawOf(places) : clockOf(places);
}

async function main(order: CostOrder): Promise<CheckCost> {
  const type = typeOf(order);
  const clock = systemClock();
  const options = v.parse(v.strictObject(type.entries), order.keys);
  const spec = {
    name: 'subject',
    type: order.type,
    timeoutMs: 20_000,
    expect: 'up',
    options,
  } as unknown as CheckSpec<never>;
  const kept = new Map<string, unknown>();
  const memory = {
    recall: (check: string): unknown => kept.get(check),
    keep: (check: string, value: unknown): void => void kept.set(check, value),
  };
  const environment = { clock, view, memory };
  await runCheck(checkTypes.agent.open(spec, environment), spec, environment);
  const before = sizeNow();
  const open = type.open(spec, environment);
  const run = async () => runCheck(open, spec, environment);
  let result = await run();
  const first = more(sizeNow(), before);
  for (let warm = 0; warm < order.runsPerBatch; warm += 1) result = await run();
  const batches: { ownMs: number; programsMs: number; tookMs: number }[] = [];
  for (let batch = 0; batch < order.batches; batch += 1) {
    const start = { cpu: process.cpuUsage(), programsMs: programsMs(), ms: performance.now() };
    for (let one = 0; one < order.runsPerBatch; one += 1) result = await run();
    const used = process.cpuUsage(start.cpu);
    const each = (ms: number): number => ms / order.runsPerBatch;
    batches.push({
      ownMs: each((used.user + used.system) / 1000),
      programsMs: each(programsMs() - start.programsMs),
      tookMs: each(performance.now() - start.ms),
    });
  }
  const after = more(sizeNow(), before);
  open.close?.();
  const { status, summary } = result;
  const of = (pick: (batch: (typeof batches)[number]) => number): number =>
    median(batches.map(pick));
  return {
    type: order.type,
    status,
    summary,
    runs: order.batches * order.runsPerBatch,
    ownMs: of((batch) => batch.ownMs),
    programsMs: of((batch) => batch.programsMs),
    tookMs: of((batch) => batch.tookMs),
    first,
    after,
  };
}

void main(JSON.parse(process.argv[2] ?? '') as CostOrder).then((cost) => {
  process.stdout.write(`${JSON.stringify(cost)}\n`, () => process.exit(0));
});
