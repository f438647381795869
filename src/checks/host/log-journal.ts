import { journalEntriesMax } from '../../model/limits.ts';
import type { RunContext } from '../check-type.ts';
import type { Unreadable } from './host-file.ts';
import { isJournalRefused, journalRight, matchesOf } from './journal-match.ts';
import type { LogLine } from './log-rules.ts';
import { reasonNotRun } from './missing-program.ts';
import type { PatientPrograms } from './patient-programs.ts';

/** How far the journal of a unit has been read. */
export interface JournalPosition {
  /** Unix seconds at which reading began; used until the first entry has come. */
  readonly since: number;
  readonly cursor?: string;
}

export interface FreshEntries {
  readonly lines: readonly LogLine[];
  readonly position: JournalPosition;
}

/**
 * Reads what came into the journal of a unit since `position`, the latest `journalEntriesMax` of it: of a
 * unit of the system or of a user, and what systemd itself said of it.
 */
export async function readJournal(
  unit: string,
  position: JournalPosition,
  programs: PatientPrograms,
  context: RunContext,
): Promise<FreshEntries | Unreadable> {
  const { since, cursor } = position;
  const answer = await programs.ask(
    [
      'journalctl',
      '--output=json',
      '--no-pager',
      `--lines=${journalEntriesMax + 1}`,
      // Not `--after-cursor`: where that entry is gone with its file, it leaves out the first one that came after.
      cursor === undefined ? `--since=@${since}` : `--cursor=${cursor}`,
      ...matchesOf(unit),
    ],
    context,
  );
  if (answer.kind === 'silent') {
    return { unreadable: 'journalctl did not answer in time', reason: 'timeout' };
  }
  const found = parseEntries(answer.output.toString('utf8'));
  const entries = found.filter((entry, at) => at > 0 || entry.cursor !== cursor);
  if (answer.kind === 'failed' && found.length === 0) {
    // A journal that was thrown away has no such place any more.
    if (cursor !== undefined && /cursor/i.test(answer.said)) {
      return { lines: [], position: { since: Math.floor(context.startedAt.wallMs / 1000) } };
    }
    if (isJournalRefused(answer.said)) return refused();
    if (reasonNotRun(answer.message) === 'missing') {
      const unreadable = `${answer.message}: a host without systemd has no journal, watch a file`;
      return { unreadable, reason: 'missing' };
    }
    return { unreadable: `journalctl failed: ${answer.message}`, reason: 'command' };
  }
  if (found.length === 0) {
    const why = await whyEmpty(unit, programs, context);
    if (why !== undefined) return why;
  }
  const last = entries.at(-1)?.cursor ?? cursor;
  return {
    lines: entries,
    position: { since, ...(last === undefined ? {} : { cursor: last }) },
  };
}

function refused(): Unreadable {
  return { unreadable: journalRight(), reason: 'permission' };
}

/**
 * Why nothing is to be seen of a unit: as JSON journalctl says nothing about rights, so it is asked once
 * more in words, until the first entry has come. Undefined if there simply is nothing.
 */
async function whyEmpty(
  unit: string,
  programs: PatientPrograms,
  context: RunContext,
): Promise<Unreadable | undefined> {
  const question = ['journalctl', '--no-pager', '--lines=1', ...matchesOf(unit)] as const;
  const answer = await programs.ask(question, context);
  if (answer.kind === 'silent') return undefined;
  const isSeen = answer.output
    .toString('utf8')
    .split('\n')
    .some((line) => line !== '' && !line.startsWith('-- '));
  if (isSeen) return undefined;
  if (isJournalRefused(answer.said)) return refused();
  if (!/no journal files were found/i.test(answer.said)) return undefined;
  const unreadable = 'there is no journal on this host: systemd-journald does not run here';
  return { unreadable, reason: 'missing' };
}

/** Reads the lines of `journalctl -o json`; what is cut off or makes no sense is left out. */
export function parseEntries(text: string): readonly (LogLine & { readonly cursor: string })[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
      const { __CURSOR: cursor, MESSAGE: message, __REALTIME_TIMESTAMP: micros } = entry;
      const atMs = Number(micros) / 1000;
      if (typeof cursor !== 'string' || !Number.isFinite(atMs)) return [];
      return [{ cursor, atMs, text: textOf(message) }];
    } catch {
      return [];
    }
  });
}

/** The journal gives what is no UTF-8 as a list of bytes, and what is too long as null. */
function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  return Array.isArray(message) && message.every((byte) => typeof byte === 'number')
    ? Buffer.from(message).toString('utf8')
    : '';
}
