/**
 * One probe in a process of its own, so that its memory and its event loop can be told from those of the
 * server. Takes `{"kind", "target", "block", "timeoutMs"}` as its argument and prints a `ChildReport`.
 */
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import './expression-engines.ts';
import { runHttp } from './probe-http.ts';
import { runTcp } from './probe-tcp.ts';
import { watchTurns } from './turns.ts';
import type { ChildOrder, ChildReport } from './hostile-memory.ts';

async function run({ kind, target, block, timeoutMs }: ChildOrder): Promise<ProbeOutcome> {
  return kind === 'http' ? runHttp(target, block, timeoutMs) : runTcp(target, block, timeoutMs);
}

const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;
const order = JSON.parse(process.argv[2] ?? '{}') as ChildOrder;
// The first run loads what is loaded at first use.
await run({ ...order, target: '127.0.0.1:9' });
const before = peakBytes();
const stopWatching = watchTurns();
const outcome = await run(order);
const blockedMs = stopWatching();
const report: ChildReport = {
  outcome,
  grownBytes: peakBytes() - before,
  blockedMs,
};
process.stdout.write(JSON.stringify(report));
