import * as v from 'valibot';
import { httpBlock } from '../../src/checks/net/http-options.ts';
import { probeHttp } from '../../src/checks/net/http-probe.ts';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { probeContext } from './probe-context.ts';

/** Runs an http probe with a block as a user writes it. */
export async function runHttp(
  target: string,
  block: v.InferInput<typeof httpBlock> = {},
  timeoutMs?: number,
): Promise<ProbeOutcome> {
  using context = probeContext(timeoutMs);
  return await probeHttp(target, v.parse(httpBlock, block), context);
}
