import { counted } from '../model/counted.ts';
import * as v from 'valibot';
import { humanDuration } from '../lib/duration.ts';
import {
  defaultedKey,
  nonEmptyText,
  optionalKey,
  type OutputOf,
  positiveDuration,
  wholeNumber,
} from '../lib/schema-atoms.ts';
import { ok, type MeasuredValue } from '../model/result.ts';
import { checkType, type CheckMemory, type RunContext } from './check-type.ts';
import { formatBytes, parseBytes } from './host/bytes.ts';
import { judgeJson, readChecksum } from './host/file-content.ts';
import { patternOf, readFacts, type FileFacts } from './host/file-facts.ts';
import { ageMs, extremesOf, judgeFacts } from './host/file-finding.ts';
import { resultOfTroubles, type FileTrouble } from './host/file-question.ts';
import { createPatientPrograms, type PatientPrograms } from './host/patient-programs.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';

const pathMessage = 'a path that starts with /; its last part may hold *, ? and [';
const sizeMessage = 'a size such as 10kB or 2GiB';
const ageMessage = 'a map of warning and critical, such as { warning: 26h, critical: 50h }';

const size = v.pipe(
  v.string(sizeMessage),
  v.check((text) => parseBytes(text) !== undefined, sizeMessage),
  v.transform((text) => parseBytes(text) ?? 0),
);

const age = v.pipe(
  v.strictObject(
    { warning: v.optional(positiveDuration), critical: v.optional(positiveDuration) },
    ageMessage,
  ),
  v.check(({ warning, critical }) => (warning ?? critical) !== undefined, ageMessage),
  v.check(
    ({ warning, critical }) =>
      warning === undefined || critical === undefined || warning < critical,
    'a warning below critical',
  ),
);

const entries = {
  path: v.pipe(
    v.string(pathMessage),
    v.regex(/^\/[^\0]*$/, pathMessage),
    v.check((path) => !/[*?[]/.test(path.slice(0, path.lastIndexOf('/'))), pathMessage),
    v.description('The file that must be there, or a pattern for several: /var/backups/*.gz.'),
  ),
  newest: optionalKey('How long ago the newest file may have been written.', age),
  oldest: optionalKey('How long ago the oldest file may have been written.', age),
  min_size: optionalKey('The least that the newest file must have.', size),
  max_size: optionalKey('The most that the newest file may have.', size),
  min_count: defaultedKey('How many files must be there.', wholeNumber, 1),
  max_count: optionalKey('How many files may be there.', wholeNumber),
  json: optionalKey('The newest file must hold valid JSON.', v.literal('valid', 'valid')),
  checksum: optionalKey(
    'The SHA-256 that the newest file must have, or changed: tell when it becomes another.',
    v.pipe(
      v.string('changed, or 64 hexadecimal digits'),
      v.regex(/^(?:changed|[0-9a-fA-F]{64})$/, 'changed, or 64 hexadecimal digits'),
      v.transform((text) => text.toLowerCase()),
    ),
  ),
  changed_hold: defaultedKey('How long a change of the checksum is told.', positiveDuration, '15m'),
  owner: optionalKey(
    'Name or number of the user that the newest file must belong to.',
    v.union([nonEmptyText, wholeNumber], 'a user name or number'),
  ),
  mode: optionalKey(
    'The permissions that the newest file must have, such as "0640".',
    v.pipe(
      v.string('octal digits in quotes, such as "0640"'),
      v.regex(/^[0-7]{3,4}$/, 'octal digits in quotes, such as "0640"'),
      v.transform((text) => text.padStart(4, '0')),
    ),
  ),
};

type Options = OutputOf<typeof entries>;

/** Judges that a file is there, how old and large it is, whose it is, and what it holds. */
export const fileOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse: ({ min_count: least, max_count: most }) =>
      most !== undefined && most < least
        ? `max_count (${most}) is less than min_count (${least})`
        : undefined,
    target: ({ path }) => path,
    open({ name, options }, { clock, memory }) {
      const programs = createPatientPrograms({ clock, programs: places.programs });
      const changes = createChanges(name, memory);
      return {
        async run(context) {
          const found = await readFacts(options.path, programs, context);
          const { wallMs } = clock.now();
          if ('trouble' in found) {
            const isFine = found.reason === 'missing' && options.min_count === 0;
            return isFine ? ok(`${found.trouble}, as wanted`) : resultOfTroubles([found], '', []);
          }
          const tools = { programs, changes, context, wallMs };
          const content = await judgeContent(found, options, tools);
          const troubles = [
            ...judgeFacts(options.path, found, options, wallMs),
            ...content.troubles,
          ];
          const healthy = describe(options, found, wallMs);
          const result = resultOfTroubles(troubles, healthy, valuesOf(found, wallMs));
          const { sha256 } = content;
          if (sha256 === undefined) return result;
          return { ...result, facts: [{ name: 'sha256', text: sha256 }] };
        },
        close: () => programs.close(),
      };
    },
  });

export const file = fileOf(hostPlaces);

interface Change {
  readonly path: string;
  readonly sha256: string;
  /** Unix milliseconds at which it was first seen after another one. */
  readonly changedAt?: number;
}

/** Tells checksums that differ from the one before, also over a restart. */
function createChanges(check: string, memory: CheckMemory | undefined) {
  const saved = memory?.recall(check) as Partial<Change> | undefined;
  let known: Partial<Change> = typeof saved === 'object' && saved !== null ? saved : {};
  return {
    note(path: string, sha256: string, nowMs: number): Partial<Change> {
      if (known.sha256 === sha256 && known.path === path) return known;
      // Another file is the newest now: that is no change of the one before.
      const isChange = known.path === path && known.sha256 !== undefined;
      known = { path, sha256, ...(isChange ? { changedAt: nowMs } : {}) };
      memory?.keep(check, known);
      return known;
    },
  };
}

/** What the newest file holds, by its checksum where that was asked for. */
interface Content {
  readonly troubles: readonly FileTrouble[];
  readonly sha256?: string;
}

async function judgeContent(
  files: readonly FileFacts[],
  { json, checksum, changed_hold: holdMs }: Options,
  tools: {
    readonly programs: PatientPrograms;
    readonly changes: ReturnType<typeof createChanges>;
    readonly context: RunContext;
    readonly wallMs: number;
  },
): Promise<Content> {
  const { programs, changes, context, wallMs } = tools;
  const newest = extremesOf(files)?.newest;
  if (newest === undefined || (json ?? checksum) === undefined) return { troubles: [] };
  if (!newest.isFile) {
    const trouble = `${newest.path} is no regular file`;
    return { troubles: [{ status: 'critical', reason: 'body', trouble }] };
  }
  const noJson = json === undefined ? undefined : await judgeJson(newest, programs, context);
  const troubles = noJson === undefined ? [] : [noJson];
  if (checksum === undefined) return { troubles };
  const sum = await readChecksum(newest, programs, context);
  if ('trouble' in sum) return { troubles: [...troubles, sum] };
  const { sha256 } = sum;
  const wrong = judgeChecksum(newest, sha256, checksum, { changes, holdMs, wallMs });
  return { troubles: wrong === undefined ? troubles : [...troubles, wrong], sha256 };
}

function judgeChecksum(
  newest: FileFacts,
  sha256: string,
  wanted: string,
  {
    changes,
    holdMs,
    wallMs,
  }: {
    readonly changes: ReturnType<typeof createChanges>;
    readonly holdMs: number;
    readonly wallMs: number;
  },
): FileTrouble | undefined {
  if (wanted !== 'changed') {
    if (sha256 === wanted) return undefined;
    const trouble = `${newest.path} has the SHA-256 ${sha256}, wanted ${wanted}`;
    return { status: 'critical', reason: 'body', trouble };
  }
  const { changedAt } = changes.note(newest.path, sha256, wallMs);
  if (changedAt === undefined || wallMs - changedAt >= holdMs) return undefined;
  const trouble = `${newest.path} was changed, last written ${humanDuration(ageMs(newest, wallMs))} ago`;
  return { status: 'warning', reason: 'body', trouble };
}

function describe({ path }: Options, files: readonly FileFacts[], nowMs: number): string {
  const newest = extremesOf(files)?.newest;
  if (newest === undefined) return `${path}: no file, as wanted`;
  const { bytes } = newest;
  const found = `${formatBytes(bytes)}, written ${humanDuration(ageMs(newest, nowMs))} ago`;
  if (patternOf(path) === undefined) return `${path} has ${found}`;
  return `${path}: ${counted(files.length, 'file')}, the newest has ${found}`;
}

function valuesOf(files: readonly FileFacts[], nowMs: number): readonly MeasuredValue[] {
  const extremes = extremesOf(files);
  const count = { metric: 'count', value: files.length };
  if (extremes === undefined) return [count];
  const { newest, oldest } = extremes;
  return [
    count,
    { metric: 'newest_age_seconds', value: ageMs(newest, nowMs) / 1000, unit: 's' },
    { metric: 'oldest_age_seconds', value: ageMs(oldest, nowMs) / 1000, unit: 's' },
    { metric: 'newest_bytes', value: newest.bytes, unit: 'B' },
  ];
}
