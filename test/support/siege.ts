import type { Socket } from 'node:net';
import { expect } from 'vitest';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { detailLinesMax, lineLengthMax } from '../../src/model/limits.ts';
import { failureReasons } from '../../src/model/result.ts';
import { eventually } from './eventually.ts';
import { startTcpServer, type TestServer } from './tcp-server.ts';
import { watchTurns } from './turns.ts';

/** What the end of a probe may take after its deadline, on a machine that has other things to do. */
export const graceMs = 3000;

/** The longest that nothing else may run, the hostile server in the same process included. */
export const blockedMaxMs = 1500;

/** Bytes of all label values of one outcome: certificates may hold this much, nothing else comes near. */
const labelBytesMax = 128 * 1024;

const plainLine = /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u;

/** What holds for every outcome, whatever the peer did. */
export function expectSound(outcome: ProbeOutcome): void {
  const { status, reason, summary, detail, families } = outcome;
  expect(['ok', 'critical']).toContain(status);
  expect(reason === undefined).toBe(status === 'ok');
  if (reason !== undefined) expect(failureReasons).toContain(reason);
  expect(summary).toMatch(plainLine);
  expect(detail.length).toBeLessThanOrEqual(detailLinesMax);
  for (const line of [summary, ...detail]) {
    expect(line.length).toBeLessThanOrEqual(lineLengthMax);
    if (line !== '') expect(line).toMatch(plainLine);
  }
  const samples = families.flatMap((family) => family.samples);
  expect(samples.every((sample) => Number.isFinite(sample.value))).toBe(true);
  const labels = samples.flatMap((sample) => Object.values(sample.labels));
  expect(Buffer.byteLength(labels.join(''))).toBeLessThan(labelBytesMax);
}

/** Runs a probe and holds it to its deadline, by its own clock, and to never stopping everything else. */
export async function heldToTime(
  timeoutMs: number,
  run: () => Promise<ProbeOutcome>,
): Promise<ProbeOutcome> {
  const stopWatching = watchTurns();
  const outcome = await run();
  const blockedMs = stopWatching();
  expect(outcome.values[0]?.metric).toBe('response_time');
  expect((outcome.values[0]?.value ?? Infinity) * 1000).toBeLessThan(timeoutMs + graceMs);
  expect(blockedMs).toBeLessThan(blockedMaxMs);
  expectSound(outcome);
  return outcome;
}

/** Lets a probe loose on a server, and expects it to end in time, soundly, and with nothing left open. */
export async function besiege(
  serve: ((socket: Socket) => void) | TestServer,
  run: (address: string, timeoutMs: number) => Promise<ProbeOutcome>,
  timeoutMs = 5000,
): Promise<ProbeOutcome> {
  await using server = typeof serve === 'function' ? await startTcpServer(serve) : serve;
  const outcome = await heldToTime(timeoutMs, async () =>
    run(`127.0.0.1:${server.port}`, timeoutMs),
  );
  // A server that does not read would not see the end either.
  for (const socket of server.open) socket.resume();
  await eventually(() => server.open.size === 0, 'the probe closes its connections');
  return outcome;
}
