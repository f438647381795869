import { join } from 'node:path';
import { machineFacts } from './facts.ts';
import type { SliceResult } from './load.ts';
import { cpuSeconds, medianMemory, percentile, type Memory } from './measure.ts';
import { probeReport } from './probe-report.ts';
import {
  benchModules,
  makeCertificate,
  startAgentProber,
  startBlackbox,
  type Exporter,
} from './probe-sides.ts';
import type { ProbeTargets } from './probe-targets.ts';
import { runSlice } from './run-slice.ts';
import { startScript } from './start-script.ts';
import { tell } from './tell.ts';

export interface ProbePlan {
  /** Slices of each side, one side after the other. */
  readonly slices: number;
  readonly sliceSeconds: number;
  readonly warmUpSeconds: number;
  /** Probes under way at the same time. */
  readonly concurrency: number;
}

const plans: Readonly<Record<'quick' | 'whole', ProbePlan>> = {
  quick: { slices: 3, sliceSeconds: 2, warmUpSeconds: 3, concurrency: 4 },
  whole: { slices: 9, sliceSeconds: 5, warmUpSeconds: 10, concurrency: 4 },
};

/** Some 60 s of the fastest; ports of loopback come back after one. */
const requestsMax = 50_000;

/** What one side did in one slice. */
export interface ProbeSlice {
  readonly perSecond: number;
  /** CPU milliseconds of the exporter's process for each probe. */
  readonly cpuMs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
}

export interface ProbeSide {
  readonly slices: readonly ProbeSlice[];
  /** After the last slice. */
  readonly memory: Memory;
}

/** One prober: the slices of the same place in both lists followed each other. */
export interface ProberResults {
  readonly prober: keyof ProbeTargets;
  readonly tocsin: ProbeSide;
  /** Undefined where blackbox_exporter is not installed. */
  readonly blackbox: ProbeSide | undefined;
}

/**
 * Probes on request beside blackbox_exporter, prober by prober, as tables. Uses `directory`; all processes
 * have ended when it resolves. Throws when a probe did not succeed.
 */
export async function measureProbes(
  directory: string,
  quick: boolean,
  withBlackbox: boolean,
): Promise<string> {
  const plan = quick ? plans.quick : plans.whole;
  const { certificateFile, keyFile } = makeCertificate(directory);
  const modules = benchModules(certificateFile);
  await using worlds = new AsyncDisposableStack();
  const files = [certificateFile, keyFile];
  const stand = worlds.use(await startScript('probe-targets', '/', directory, files));
  const load = worlds.use(await startScript('load', '/', directory));
  const targets = (await (await fetch(stand.address)).json()) as ProbeTargets;
  const results: ProberResults[] = [];
  for (const prober of ['http', 'https', 'tcp', 'dns'] as const) {
    tell(`probing ${prober}: ${plan.slices} slices of ${plan.sliceSeconds} s for each side`);
    const place = join(directory, prober);
    await using running = new AsyncDisposableStack();
    const agent = running.use(await startAgentProber(join(place, 'tocsin'), modules));
    const sides = [agent];
    if (withBlackbox) {
      sides.push(running.use(await startBlackbox(join(place, 'blackbox'), modules)));
    }
    const query = `/probe?module=${prober}&target=${encodeURIComponent(targets[prober])}`;
    const [tocsin, blackbox] = await takeTurns(sides, query, load.address, plan);
    if (tocsin === undefined) throw new Error('the agent was not measured');
    results.push({ prober, tocsin, blackbox });
  }
  const facts = machineFacts(['tocsin', 'blackbox_exporter']);
  return probeReport({ plan, results, facts });
}

/** Warms all sides up, then loads one after the other, again and again. */
async function takeTurns(
  sides: readonly Exporter[],
  query: string,
  load: string,
  plan: ProbePlan,
): Promise<ProbeSide[]> {
  const { concurrency, sliceSeconds, warmUpSeconds } = plan;
  const slice = async ({ address }: Exporter, seconds: number): Promise<SliceResult> => {
    const order = { url: address + query, expects: '\nprobe_success 1\n', everyMs: 0 };
    return runSlice(load, { ...order, concurrency, seconds, requestsMax });
  };
  for (const side of sides) await slice(side, warmUpSeconds);
  const slices = sides.map((): ProbeSlice[] => []);
  for (let turn = 0; turn < plan.slices; turn += 1) {
    for (const [index, side] of sides.entries()) {
      const before = cpuSeconds(side.pid);
      const { latenciesMs, seconds } = await slice(side, sliceSeconds);
      const used = cpuSeconds(side.pid) - before;
      slices[index]?.push({
        perSecond: latenciesMs.length / seconds,
        cpuMs: (used * 1000) / latenciesMs.length,
        medianMs: percentile(latenciesMs, 0.5),
        p95Ms: percentile(latenciesMs, 0.95),
      });
    }
  }
  const memory = await medianMemory(
    sides.map(({ pid }) => pid),
    3,
  );
  return slices.flatMap((list, index) => {
    const after = memory[index];
    return after === undefined ? [] : [{ slices: list, memory: after }];
  });
}
