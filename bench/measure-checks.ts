import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { lacksGuest } from '../test/support/guest/guest.ts';
import { bundleScript } from './bundle.ts';
import type { CheckCost, CostOrder } from './check-cost.ts';
import { checkReport, type CostRow } from './check-report.ts';
import type { CheckTarget } from './check-targets.ts';
import { machineFacts } from './facts.ts';
import { tell } from './tell.ts';
import { measureHost } from './typical-host.ts';

const plans = {
  quick: { batches: 3, runsPerBatch: 10, warmUpSeconds: 30, seconds: 60 },
  whole: { batches: 5, runsPerBatch: 20, warmUpSeconds: 60, seconds: 180 },
} as const;

/** As the agent is started: see `scripts/build.ts`. */
const flags = ['--single-threaded', '--max-semi-space-size=1', '--expose-gc'];

const run = promisify(execFile);

/** What each check type costs by itself, and what a whole host costs, as tables. */
export async function measureChecks(directory: string, quick: boolean): Promise<string> {
  const plan = quick ? plans.quick : plans.whole;
  const rows = await measureTypes(directory, plan);
  const lacking = lacksGuest();
  if (lacking !== undefined) tell(`without the typical host: ${lacking}`);
  const host = lacking === undefined ? await measureHost(directory, plan) : undefined;
  return checkReport({ plan, rows, host, facts: machineFacts(['tocsin']) });
}

async function measureTypes(
  directory: string,
  { batches, runsPerBatch }: Pick<CostOrder, 'batches' | 'runsPerBatch'>,
): Promise<readonly CostRow[]> {
  const script = await bundleScript('check-cost', directory);
  const targetScript = await bundleScript('check-targets', directory);
  const world = spawn(process.execPath, [targetScript], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(world, 'close');
  const rows: CostRow[] = [];
  try {
    const [line] = (await once(createInterface(world.stdout), 'line')) as [string];
    for (const { use, ...target } of JSON.parse(line) as readonly CheckTarget[]) {
      tell(`runs of ${target.type} ${use ?? ''}`);
      const order: CostOrder = { ...target, batches, runsPerBatch };
      const { stdout } = await run(process.execPath, [...flags, script, JSON.stringify(order)]);
      const cost = JSON.parse(stdout) as CheckCost;
      rows.push({ ...cost, use });
    }
  } finally {
    world.stdin.end();
    await ended;
  }
  return rows;
}
