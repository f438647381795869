import * as v from 'valibot';
import {
  defaultedKey,
  flag,
  optionalKey,
  type OutputOf,
  positiveDuration,
} from '../lib/schema-atoms.ts';
import { linesInOneGoMax, logCountMax, logLineLengthMax } from '../model/limits.ts';
import { notOk, ok, type CheckResult } from '../model/result.ts';
import { checkType, type RunContext } from './check-type.ts';
import { couldNotLook, isUnreadable, type Unreadable } from './host/host-file.ts';
import { fromTheStart, readAppended, type FilePosition } from './host/log-file.ts';
import { readJournal, type JournalPosition } from './host/log-journal.ts';
import {
  brokenRules,
  countLines,
  type LogLine,
  type LogRule,
  type RuleMemory,
} from './host/log-rules.ts';
import { createPatientPrograms, type PatientPrograms } from './host/patient-programs.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { pattern } from './net/pattern.ts';

const countMessage = `a whole number from 1 to ${logCountMax}`;

const rule = v.strictObject(
  {
    pattern: v.pipe(pattern, v.description('What the lines have that are counted (RE2).')),
    status: defaultedKey(
      'What the check becomes.',
      v.picklist(['warning', 'critical'], 'warning or critical'),
      'critical',
    ),
    count: defaultedKey(
      'So many such lines …',
      v.pipe(
        v.number(countMessage),
        v.integer(countMessage),
        v.minValue(1, countMessage),
        v.maxValue(logCountMax, countMessage),
      ),
      1,
    ),
    within: defaultedKey(
      '… within so long; for as long the check stays so.',
      positiveDuration,
      '15m',
    ),
  },
  'a map of pattern, status, count and within',
);

const entries = {
  file: optionalKey(
    'The log file. It may be rotated or cut off.',
    v.pipe(
      v.string('a path that starts with /'),
      v.regex(/^\/[^\0]*$/, 'a path that starts with /'),
    ),
  ),
  unit: optionalKey(
    'The unit of systemd whose journal is read, such as nginx.service; of the system or of a user.',
    v.pipe(
      v.string('a unit such as nginx.service'),
      v.regex(/^[\w:.@\\-]+\.[a-z]+$/, 'a unit such as nginx.service'),
    ),
  ),
  rules: v.pipe(
    v.array(rule, 'a list of rules'),
    v.minLength(1, 'at least one rule'),
    v.description('Which lines are counted, and what so many of them mean.'),
  ),
  ignore: optionalKey('Lines that match this are not counted, whatever the rules say.', pattern),
  show_lines: defaultedKey('Whether people are shown the last line that was counted.', flag, true),
};

type Options = OutputOf<typeof entries>;

/** What is known from one run to the next, and over a restart. */
interface Known {
  /** The file or unit that it is about. */
  readonly source: string;
  readonly file?: FilePosition;
  readonly journal?: JournalPosition;
  readonly rules: readonly RuleMemory[];
}

/** Judges the lines that come into a log. */
export const logOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse: ({ file, unit }) =>
      (file === undefined) === (unit === undefined) ? 'a log check needs file or unit' : undefined,
    target: ({ file, unit }) => file ?? unit,
    open({ name, options }, { clock, memory }) {
      const programs = createPatientPrograms({ clock, programs: places.programs });
      const source = options.file ?? options.unit ?? '';
      let known = knownFrom(memory?.recall(name), source);
      return {
        async run(context) {
          // A run of the check before a reload may have gone on after this one was opened.
          known = knownFrom(memory?.recall(name) ?? known, source);
          const fresh = await readFresh(options, known, programs, context);
          const isFresh = !isUnreadable(fresh);
          const lines = isFresh ? fresh.lines.filter((line) => isCounted(line, options)) : [];
          const { memories, matches } = await count(lines, options.rules, known.rules);
          const next: Known = isFresh
            ? { source, ...fresh.position, rules: memories }
            : { ...positionWithout(known, fresh), rules: memories };
          if (JSON.stringify(next) !== JSON.stringify(known)) memory?.keep(name, next);
          known = next;
          if (!isFresh) return couldNotLook(fresh);
          const found = { lines: fresh.lines.length, matches, skippedBytes: fresh.skippedBytes };
          return judge(options, source, memories, found, clock.now().wallMs);
        },
        close: () => programs.close(),
      };
    },
  });

export const log = logOf(hostPlaces);

interface Fresh {
  readonly lines: readonly LogLine[];
  readonly skippedBytes: number;
  readonly position: Pick<Known, 'file' | 'journal'>;
}

async function readFresh(
  { file, unit = '' }: Options,
  known: Known,
  programs: PatientPrograms,
  context: RunContext,
): Promise<Fresh | Unreadable> {
  const nowMs = context.startedAt.wallMs;
  if (file === undefined) {
    const since = { since: Math.floor(nowMs / 1000) };
    const read = await readJournal(unit, known.journal ?? since, programs, context);
    if (isUnreadable(read)) return read;
    return { lines: read.lines, skippedBytes: 0, position: { journal: read.position } };
  }
  const read = await readAppended(file, known.file);
  if (isUnreadable(read)) return read;
  const { text, skippedBytes, position } = read;
  const texts = text.split('\n').filter((line) => line !== '');
  return {
    lines: texts.map((line) => ({ text: line, atMs: nowMs })),
    skippedBytes,
    position: { file: position },
  };
}

/** A file that was not there is read from its start once it is. */
function positionWithout(known: Known, { reason }: Unreadable): Known {
  return reason === 'missing' && known.file === undefined && known.journal === undefined
    ? { ...known, file: fromTheStart }
    : known;
}

function isCounted({ text }: LogLine, { ignore }: Options): boolean {
  return ignore === undefined || !ignore.matches(text.slice(0, logLineLengthMax));
}

/** Counts some lines at a time, so that a flood of them does not hold up everything else. */
async function count(
  lines: readonly LogLine[],
  rules: readonly LogRule[],
  before: readonly RuleMemory[],
): Promise<{ readonly memories: readonly RuleMemory[]; readonly matches: number }> {
  let memories: readonly (RuleMemory | undefined)[] = before;
  let matches = 0;
  for (let at = 0; at === 0 || at < lines.length; at += linesInOneGoMax) {
    const some = lines
      .slice(at, at + linesInOneGoMax)
      .map((line) => ({ ...line, text: line.text.slice(0, logLineLengthMax) }));
    const counted = rules.map((each, position) => countLines(each, memories[position], some));
    memories = counted.map(({ memory }) => memory);
    matches += counted.reduce((sum, each) => sum + each.matches, 0);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return { memories: memories.filter((each) => each !== undefined), matches };
}

function judge(
  { rules, show_lines: shows }: Options,
  source: string,
  memories: readonly RuleMemory[],
  found: { readonly lines: number; readonly matches: number; readonly skippedBytes: number },
  nowMs: number,
): CheckResult {
  const values = [
    { metric: 'new_lines', value: found.lines },
    { metric: 'new_matches', value: found.matches },
    // More than a run can read, and left out to keep up.
    { metric: 'skipped_bytes', value: found.skippedBytes, unit: 'B' },
  ];
  const broken = brokenRules(rules, memories, source, nowMs);
  const [worst] = broken;
  if (worst === undefined) return ok(`nothing in ${source} is over a limit`, { values });
  const quote = shows && worst.last !== '' ? `: ${worst.last}` : '';
  const detail =
    broken.length === 1
      ? []
      : broken.map(({ sentence, last }) => (shows ? `${sentence}: ${last}` : sentence));
  return notOk(worst.status, 'body', `${worst.sentence}${quote}`, { values, detail });
}

function knownFrom(saved: unknown, source: string): Known {
  const known = saved as Partial<Known> | undefined | null;
  return known?.source === source && Array.isArray(known.rules)
    ? (known as Known)
    : { source, rules: [] };
}
