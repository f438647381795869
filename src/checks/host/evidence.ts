import type { Clock } from '../../lib/clock.ts';
import { humanDuration } from '../../lib/duration.ts';
import {
  evidenceDeadlineMs,
  evidenceLineLengthMax,
  evidenceLinesMax,
  evidenceLogLines,
} from '../../model/command-limits.ts';
import { unitJournalsMax } from '../../model/limits.ts';
import { dayMs } from '../net/probe-thresholds.ts';
import { beforeAbort } from './before-abort.ts';
import { busiestProcesses } from './busiest-processes.ts';
import { describeGrowth, lookAtFiles, type FileSizes } from './file-growth.ts';
import { isUnreadable } from './host-file.ts';
import { lastPackageChange } from './package-changes.ts';
import type { HostPlaces } from './places.ts';
import { judgeUnit, parseUnits, unitProperties } from './systemd-unit.ts';
import { askTool } from './system-tool.ts';
import { lastUnitChange } from './unit-changes.ts';
import { unitJournals } from './unit-journal.ts';

interface Looking {
  readonly places: HostPlaces;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Gives what was found under a name a moment ago, or looks now: many checks often fail at the same time. */
export type ShareLook = (
  name: string,
  look: () => Promise<readonly string[]>,
) => Promise<readonly string[]>;

/** What somebody who is woken would look up first. */
export interface EvidenceQuestion {
  /** Services whose state and log are told. */
  readonly units: Promise<readonly string[]>;
  /** A file system that has filled up, by a path on it, and what was seen there earlier. */
  readonly disk?: { readonly path: string; readonly earlier: FileSizes | undefined };
}

/**
 * Looks around on this host while something fails: state and end of the log of the unit, what has grown on
 * the disk, who uses memory and processor, what was installed or changed. Everything at once, within
 * `evidenceDeadlineMs`; what is not there by then, or may not be read, is left out. Never throws.
 */
export async function collectEvidence(
  question: EvidenceQuestion,
  { places, clock }: Omit<Looking, 'signal'>,
  share: ShareLook = async (_name, look) => look(),
): Promise<readonly string[]> {
  const deadline = new AbortController();
  // What a program has printed until then counts: it is stopped before the deadline throws it away.
  const early = new AbortController();
  const cancels = [
    clock.after(evidenceDeadlineMs, () => deadline.abort()),
    clock.after(evidenceDeadlineMs * 0.75, () => early.abort()),
  ];
  const looking = { places, clock, signal: deadline.signal };
  const { units, disk } = question;
  const parts = [
    unitsPart(units, looking, share),
    ...(disk === undefined ? [] : [growthPart(disk, { ...looking, signal: early.signal })]),
    share('processes', async () => busiestProcesses(places, clock, looking.signal)),
    share('package', async () => packagePart(looking)),
    share('unit change', async () => unitChangePart(looking)),
  ];
  const found = await Promise.all(
    parts.map(async (part) =>
      beforeAbort(
        part.catch(() => []),
        deadline.signal,
      ),
    ),
  );
  for (const cancel of cancels) cancel();
  return found
    .flatMap((lines) => lines ?? [])
    .map((line) => line.replaceAll(/\p{Cc}+/gu, ' ').slice(0, evidenceLineLengthMax))
    .slice(0, evidenceLinesMax);
}

async function unitsPart(
  units: EvidenceQuestion['units'],
  looking: Looking,
  share: ShareLook,
): Promise<readonly string[]> {
  const first = (await units).slice(0, unitJournalsMax);
  const name = `units ${first.join(' ')}`;
  return first.length === 0 ? [] : share(name, async () => stateAndLog(first, looking));
}

async function stateAndLog(units: readonly string[], looking: Looking): Promise<readonly string[]> {
  const [states, logs] = await Promise.all([
    unitStates(units, looking),
    unitJournals(units, evidenceLogLines, looking.places, looking),
  ]);
  return [...states, ...logs];
}

/** What systemd says of the units; a unit of a user is not known to the manager of the system. */
async function unitStates(units: readonly string[], looking: Looking): Promise<readonly string[]> {
  const words = ['systemctl', 'show', `--property=${unitProperties.join(',')}`, '--'] as const;
  const shown = await askTool([...words, ...units], looking.places, looking);
  const found = isUnreadable(shown) ? [] : parseUnits(shown.output);
  return found
    .filter((unit) => unit.get('LoadState') !== 'not-found')
    .map((unit) => judgeUnit(unit, looking.clock.now().wallMs).sentence);
}

async function growthPart(
  { path, earlier }: { readonly path: string; readonly earlier: FileSizes | undefined },
  { places, clock, signal }: Looking,
): Promise<readonly string[]> {
  const now = await lookAtFiles(path, places, { clock, signal });
  return now === undefined ? [] : describeGrowth(now, earlier);
}

async function packagePart({ places, clock }: Looking): Promise<readonly string[]> {
  const last = await lastPackageChange(places);
  if (last === undefined) return [];
  const ago = within(dayMs, last.atMs, clock);
  return ago === undefined ? [] : [`last package change, ${ago} ago: ${last.sentence}`];
}

async function unitChangePart({ places, clock }: Looking): Promise<readonly string[]> {
  const last = await lastUnitChange(places);
  const ago = last === undefined ? undefined : within(dayMs, last.atMs, clock);
  return ago === undefined ? [] : [`last change of a unit, ${ago} ago: ${last?.name}`];
}

/** How long ago it was, if no longer than so. */
function within(spanMs: number, atMs: number, clock: Clock): string | undefined {
  const ageMs = clock.now().wallMs - atMs;
  return ageMs >= 0 && ageMs < spanMs ? humanDuration(ageMs) : undefined;
}
