import * as v from 'valibot';
import type { Gate } from '../../src/checks/net/gate.ts';
import { httpBlock, httpModuleBlock } from '../../src/checks/net/http/http-options.ts';
import { probeHttp } from '../../src/checks/net/http/http-probe.ts';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { probeContext } from './probe-context.ts';

/** What a test changes of the context of a probe. */
interface Circumstances {
  readonly timeoutMs?: number;
  readonly gate?: Gate;
  readonly debug?: (line: string) => void;
}

/** Runs an http probe with a block as a user writes it. */
export async function runHttp(
  target: string,
  block: v.InferInput<typeof httpBlock> = {},
  changed: number | Circumstances = {},
): Promise<ProbeOutcome> {
  const { timeoutMs, ...rest } = typeof changed === 'number' ? { timeoutMs: changed } : changed;
  using context = probeContext(timeoutMs);
  return await probeHttp(target, v.parse(httpBlock, block), { ...context, ...rest });
}

/** The same with the block of a module, which takes whatever blackbox_exporter takes. */
export async function runHttpModule(
  target: string,
  block: v.InferInput<typeof httpModuleBlock> = {},
): Promise<ProbeOutcome> {
  using context = probeContext();
  return await probeHttp(target, v.parse(httpModuleBlock, block), context);
}
