import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { blockedMaxMs, expectSound, graceMs } from './siege.ts';

/** What a probe in a process of its own is to do. */
export interface ChildOrder {
  readonly kind: 'http' | 'tcp';
  readonly target: string;
  readonly block: object;
  readonly timeoutMs: number;
}

export interface ChildReport {
  readonly outcome: ProbeOutcome;
  /** By how much the largest resident size grew while the probe ran. */
  readonly grownBytes: number;
  /** The longest that nothing else could run, in processor time. */
  readonly blockedMs: number;
}

export const mebibyte = 1024 * 1024;

/** Runs one probe in a process of its own and holds it to its bounds. */
export async function probeAlone(
  order: ChildOrder,
  bounds: { readonly grownBytes: number; readonly blockedMs?: number },
): Promise<ProbeOutcome> {
  const child = join(import.meta.dirname, 'hostile-child.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(order)]);
  const { outcome, grownBytes, blockedMs } = JSON.parse(stdout) as ChildReport;
  expectSound(outcome);
  expect((outcome.values[0]?.value ?? Infinity) * 1000).toBeLessThan(order.timeoutMs + graceMs);
  expect(grownBytes).toBeLessThan(bounds.grownBytes);
  expect(blockedMs).toBeLessThan(bounds.blockedMs ?? blockedMaxMs);
  return outcome;
}
