import { containerLogLinesMax, containerLogsMax, journalPatienceMs } from '../../model/limits.ts';
import { maskLogLines } from '../host/mask-log-lines.ts';
import type { ProbeContext } from '../net/probe.ts';
import { within } from '../within.ts';
import type { Container, ContainerApi } from './container-api.ts';
import { nameOf } from './container-finding.ts';

/**
 * The last lines that the first of these containers wrote, the newest last, without what looks like a secret. Empty
 * where an engine keeps no log, or does not answer soon: nobody is told later for want of them.
 */
export async function containerLogs(
  containers: readonly Container[],
  api: ContainerApi,
  context: ProbeContext,
): Promise<readonly string[]> {
  const shown = containers.slice(0, containerLogsMax);
  const found = await within(journalPatienceMs, context, async (signal) =>
    Promise.all(shown.map(async (one) => logOf(one, api, { ...context, signal }))),
  );
  return found.flat();
}

async function logOf(
  container: Container,
  api: ContainerApi,
  context: ProbeContext,
): Promise<readonly string[]> {
  const log = await api.log(container.Id, containerLogLinesMax, context);
  const lines = linesOf(log).slice(-containerLogLinesMax);
  const told = maskLogLines(lines).map((line) => `  ${line}`);
  return told.length === 0 ? [] : [`log of ${nameOf(container)}:`, ...told];
}

function linesOf(log: Buffer): readonly string[] {
  return textOf(log)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
}

/** Length of the head of a frame: one byte for the stream, three of zeros, four for the length. */
const headBytes = 8;

/**
 * The text of a log as an engine sends it: in frames, but for a container with a terminal, whose text comes as it
 * is. Source: Docker Engine API, "Stream format" of attaching to a container.
 */
function textOf(log: Buffer): string {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + headBytes <= log.length && isHead(log, at)) {
    const end = at + headBytes + log.readUInt32BE(at + 4);
    parts.push(log.subarray(at + headBytes, end));
    at = end;
  }
  return (at === 0 ? log : Buffer.concat(parts)).toString('utf8');
}

function isHead(log: Buffer, at: number): boolean {
  return log.readUInt8(at) <= 2 && log.readUIntBE(at + 1, 3) === 0;
}
