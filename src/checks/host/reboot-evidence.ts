import { open } from 'node:fs/promises';
import type { Clock } from '../../lib/clock.ts';
import { loginRecordsBytesMax } from '../../model/limits.ts';
import { isUnreadable } from './host-file.ts';
import { parseLoginRecords, wasShutDown } from './login-records.ts';
import { runsSystemd } from './look-at-files.ts';
import type { HostPlaces } from './places.ts';
import { askTool } from './system-tool.ts';

/** What tells whether a reboot was announced, and who says so. */
export interface RebootEvidence {
  readonly announced: boolean;
  readonly by: string;
}

/** The agent ended or was seen so shortly before the boot that it was there for the end of the host. */
const shortlyMs = 15 * 60_000;

/** Unix milliseconds throughout. */
export interface AgentBefore {
  readonly seenAt: number;
  /** When the agent was stopped in order; absent if it was not. */
  readonly stoppedAt?: number | undefined;
}

/**
 * Whether the host was shut down in order before it booted at `bootedMs`: by the records of logins, the
 * journal of the boot before, or how the agent itself ended. Undefined where nothing tells.
 */
export async function rebootEvidence(
  bootedMs: number,
  before: AgentBefore,
  places: HostPlaces,
  limits: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<RebootEvidence | undefined> {
  const recorded = wasShutDown(await readRecords(places), bootedMs / 1000);
  if (recorded !== undefined) {
    return { announced: recorded, by: `${places.var}/log/wtmp` };
  }
  if (await journalTellsShutdown(places, limits)) {
    return { announced: true, by: 'the journal of the boot before' };
  }
  const { seenAt, stoppedAt } = before;
  if (stoppedAt !== undefined && bootedMs - stoppedAt < shortlyMs) {
    return { announced: true, by: 'tocsin, which was stopped in order before' };
  }
  return stoppedAt === undefined && bootedMs - seenAt < shortlyMs
    ? { announced: false, by: 'tocsin, which was cut off' }
    : undefined;
}

async function readRecords({ var: folder }: HostPlaces) {
  try {
    await using file = await open(`${folder}/log/wtmp`);
    const { size } = await file.stat();
    const length = Math.min(size, loginRecordsBytesMax);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return parseLoginRecords(buffer.subarray(0, bytesRead));
  } catch {
    return [];
  }
}

/** `SD_MESSAGE_SHUTDOWN` of sd-messages(3), or that systemd went for its target of shutting down. */
async function journalTellsShutdown(
  places: HostPlaces,
  limits: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<boolean> {
  if (!(await runsSystemd(places))) return false;
  const answer = await askTool(
    [
      'journalctl',
      '--boot=-1',
      '--quiet',
      '--no-pager',
      '--lines=1',
      '--output=cat',
      'MESSAGE_ID=98268866d1d54a499c4e98921d93bc40',
      '+',
      'UNIT=shutdown.target',
    ],
    places,
    limits,
  );
  return !isUnreadable(answer) && answer.output.trim() !== '';
}
