import * as v from 'valibot';
import { humanDuration } from '../lib/duration.ts';
import { nonEmptyText, positiveNumber, type OutputOf } from '../lib/schema-atoms.ts';
import { notOk, ok, type CheckResult, type Status } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { formatBytes } from './host/bytes.ts';
import { whyNotStarted } from './host/missing-program.ts';
import { hostPlaces } from './host/places.ts';
import { runProgram, type ProgramCall, type ProgramOutcome } from './host/run-program.ts';
import { parsePluginOutput } from './perfdata.ts';

const entries = {
  /** The program and its arguments. No shell is involved. */
  command: v.pipe(
    v.array(v.string('a text'), 'a list: [program, argument, …]'),
    v.minLength(1, 'a list with at least the program'),
    v.check((words) => words[0] !== '', 'a list that starts with a program'),
  ),
  /** Variables of the environment, besides PATH, HOME, LANG and LC_ALL. */
  env: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(/^[^=\0]+$/, 'a name without =')),
      v.pipe(v.union([v.string(), v.number(), v.boolean()], 'a text'), v.transform(String)),
      'a map of names to values',
    ),
    {},
  ),
  /** Working directory. */
  cwd: v.optional(nonEmptyText),
  /** Characters of the command's output that people are shown. */
  user_output_limit: v.optional(positiveNumber),
};

type Options = OutputOf<typeof entries>;

/**
 * Runs a program and believes its exit code: the contract of Nagios plugins. The first line it prints is
 * the summary, what follows a `|` is performance data, the rest is detail.
 */
export const command = checkType({
  entries,
  target: (options) => options.command[0],
  open(spec, { clock }) {
    const { options } = spec;
    return {
      async run({ signal, timeoutMs }) {
        const call = callOf(options);
        const outcome = await runProgram(call, { signal, clock });
        if (outcome.kind === 'not_started') {
          return notOk('unknown', 'command', await whyNotStarted(call, outcome));
        }
        return judge(call.program, outcome, options.user_output_limit, timeoutMs);
      },
    };
  },
});

function callOf(options: Options): ProgramCall {
  const [program = '', ...words] = options.command;
  return {
    program,
    arguments: words,
    environment: { ...baseEnvironment(), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  };
}

/** Little, and the same everywhere: what works by hand but not here depends on the caller's shell. */
function baseEnvironment(): Record<string, string> {
  return {
    PATH: hostPlaces.programs,
    HOME: process.env['HOME'] ?? '/',
    LANG: 'C.UTF-8',
    LC_ALL: 'C',
  };
}

const statusOfExitCode: readonly Status[] = ['ok', 'warning', 'critical', 'unknown'];

function judge(
  program: string,
  outcome: Exclude<ProgramOutcome, { kind: 'not_started' }>,
  charactersMax: number | undefined,
  timeoutMs: number,
): CheckResult {
  const { summary, longOutput, values } = parsePluginOutput(outcome.stdout);
  const errors = outcome.stderr.trim() === '' ? [] : outcome.stderr.trimEnd().split('\n');
  const printed = summary === '' ? errors : [summary, ...longOutput, ...errors];
  const [first, ...rest] = limited(printed, charactersMax);
  const notes =
    outcome.discardedBytes > 0
      ? [`${formatBytes(outcome.discardedBytes)} of its output were too much and not kept`]
      : [];
  const detail = [...notes, ...rest];
  if (outcome.kind === 'overdue') {
    return notOk('critical', 'timeout', overdue(program, timeoutMs, first), { detail });
  }
  const how = ending(program, outcome);
  const said = first ?? `${how} and printed nothing`;
  const status = statusOfExitCode[outcome.exitCode ?? -1];
  if (status === 'ok') return ok(said, { detail, values });
  return status === undefined
    ? notOk('unknown', 'command', first === undefined ? said : `${how}: ${first}`, {
        detail,
        values,
      })
    : notOk(status, 'command', said, { detail, values });
}

function overdue(program: string, timeoutMs: number, first: string | undefined): string {
  const summary = `${program} did not end within ${humanDuration(timeoutMs)} and was stopped`;
  return first === undefined ? summary : `${summary}; it had printed: ${first}`;
}

function ending(
  program: string,
  { exitCode, exitSignal }: { readonly exitCode?: number; readonly exitSignal?: string },
): string {
  return exitCode === undefined
    ? `${program} was killed by ${exitSignal}`
    : `${program} ended with exit code ${exitCode}`;
}

/** The lines up to a number of characters. */
function limited(lines: readonly string[], charactersMax = Infinity): readonly string[] {
  return lines.length === 0 ? lines : lines.join('\n').slice(0, charactersMax).split('\n');
}
