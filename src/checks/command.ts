import * as v from 'valibot';
import { humanDuration } from '../lib/duration.ts';
import {
  defaultedKey,
  nonEmptyText,
  optionalKey,
  type OutputOf,
  positiveNumber,
} from '../lib/schema-atoms.ts';
import { byWorst, notOk, ok, type CheckResult, type Status, fromWorst } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { formatBytes } from './host/bytes.ts';
import { couldNotLook, isUnreadable, type Unreadable } from './host/host-file.ts';
import { whyNotStarted } from './host/missing-program.ts';
import { killsInOwnGroup } from './host/own-memory.ts';
import { hostPlaces } from './host/places.ts';
import { asUser, withAllowedProgram } from './host/program-guard.ts';
import { runProgram, type ProgramCall, type ProgramOutcome } from './host/run-program.ts';
import { judgePerfdata, perfdataLimits } from './perfdata-limits.ts';
import { parsePluginOutput } from './perfdata.ts';

const entries = {
  command: v.pipe(
    v.array(v.string('a text'), 'a list: [program, argument, …]'),
    v.minLength(1, 'a list with at least the program'),
    v.check((words) => words[0] !== '', 'a list that starts with a program'),
    v.description('The program and its arguments. No shell is involved.'),
  ),
  env: defaultedKey(
    'Variables of the environment, besides PATH, HOME, LANG and LC_ALL.',
    v.record(
      v.pipe(v.string(), v.regex(/^[^=\0]+$/, 'a name without =')),
      v.pipe(v.union([v.string(), v.number(), v.boolean()], 'a text'), v.transform(String)),
      'a map of names to values',
    ),
    {},
  ),
  cwd: optionalKey('Its working directory.', nonEmptyText),
  user: optionalKey(
    'The user to run it as, a name or number of /etc/passwd. Only an agent that runs as root may.',
    v.pipe(
      v.union([nonEmptyText, v.number('the name of a user, or its number')]),
      v.transform(String),
    ),
  ),
  allow: optionalKey(
    'The sha256 of each file that the program may be: another one is not started.',
    v.pipe(
      v.array(
        v.pipe(
          v.string('a sha256 of 64 hexadecimal digits'),
          v.regex(/^[\da-f]{64}$/i, 'a sha256 of 64 hexadecimal digits'),
          v.toLowerCase(),
        ),
        'a list of sha256 hashes',
      ),
      v.minLength(1, 'a list with at least one sha256'),
    ),
  ),
  limits: optionalKey(
    'Limits of values that it prints, in base units: the worse of these and its exit code counts.',
    perfdataLimits,
  ),
  timeout_status: defaultedKey(
    'What it means when it does not end in time.',
    v.picklist(['unknown', 'warning', 'critical'], 'one of unknown, warning, critical'),
    'unknown',
  ),
  user_output_limit: optionalKey('Characters of its output that people are shown.', positiveNumber),
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
        const call = await callOf(options, signal);
        if (isUnreadable(call)) return couldNotLook(call);
        const killsBefore = await killsInOwnGroup(hostPlaces);
        const outcome = await runProgram(call, { signal, clock });
        if (outcome.kind === 'not_started') {
          return outcome.code === 'EACCES' && options.user !== undefined
            ? couldNotLook(forbiddenTo(options.user, call.program))
            : notOk('unknown', 'command', await whyNotStarted(call, outcome));
        }
        const tookTooMuch =
          outcome.kind === 'ended' &&
          outcome.exitSignal === 'SIGKILL' &&
          (await killsInOwnGroup(hostPlaces)) > killsBefore;
        return judge(call.program, { ...outcome, tookTooMuch }, options, timeoutMs);
      },
    };
  },
});

async function callOf(options: Options, signal: AbortSignal): Promise<ProgramCall | Unreadable> {
  const [program = '', ...words] = options.command;
  const plain: ProgramCall = {
    program,
    arguments: words,
    environment: { ...baseEnvironment(), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  };
  const call =
    options.allow === undefined ? plain : await withAllowedProgram(plain, options.allow, signal);
  if (isUnreadable(call) || options.user === undefined) return call;
  const changed = await asUser(call, options.user, hostPlaces);
  // What the configuration says of the environment counts more than what the user's would be.
  return isUnreadable(changed)
    ? changed
    : { ...changed, environment: { ...changed.environment, ...options.env } };
}

/** The agent's own rights say nothing about those of another user. */
function forbiddenTo(user: string, program: string): Unreadable {
  const unreadable = `the user ${user} may not start ${program}: grant the right to read and execute it, and to enter its folders`;
  return { unreadable, reason: 'permission' };
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

/** How a program that was started has ended. */
type Ending = Exclude<ProgramOutcome, { kind: 'not_started' }> & {
  /** The kernel killed it, as the service of the agent may take no more memory. */
  readonly tookTooMuch: boolean;
};

const statusOfExitCode: readonly Status[] = ['ok', 'warning', 'critical', 'unknown'];

function judge(program: string, outcome: Ending, options: Options, timeoutMs: number): CheckResult {
  const { summary, longOutput, values: printedValues } = parsePluginOutput(outcome.stdout);
  const errors = outcome.stderr.trim() === '' ? [] : outcome.stderr.trimEnd().split('\n');
  const printed = summary === '' ? [...errors, ...longOutput] : [summary, ...longOutput, ...errors];
  const [first, ...rest] = limited(printed, options.user_output_limit);
  const notes =
    outcome.discardedBytes > 0
      ? [`${formatBytes(outcome.discardedBytes)} of its output were too much and not kept`]
      : [];
  const detail = [...notes, ...rest];
  if (outcome.kind === 'overdue') {
    const sentence = overdue(program, timeoutMs, first);
    return notOk(options.timeout_status, 'timeout', sentence, { detail });
  }
  const { values, findings } = judgePerfdata(printedValues, options.limits ?? {});
  const how = ending(program, outcome);
  const said = first ?? (outcome.tookTooMuch ? how : `${how} and printed nothing`);
  const status = statusOfExitCode[outcome.exitCode ?? -1];
  if (status === undefined) {
    const sentence = first === undefined ? said : `${how}: ${first}`;
    return notOk('unknown', 'command', sentence, { detail, values });
  }
  const [worst] = fromWorst(findings);
  if (worst !== undefined && worst.status !== 'ok' && byWorst(worst.status, status) < 0) {
    const sentences = findings.slice(1).map(({ sentence }) => sentence);
    const reason = worst.status === 'unknown' ? 'command' : 'threshold';
    const sentence = `${worst.sentence}: ${said}`;
    return notOk(worst.status, reason, sentence, { detail: [...sentences, ...detail], values });
  }
  if (status === 'ok') return ok(said, { detail, values });
  return notOk(status, 'command', said, { detail, values });
}

function overdue(program: string, timeoutMs: number, first: string | undefined): string {
  const summary = `${program} did not end within ${humanDuration(timeoutMs)} and was stopped`;
  return first === undefined ? summary : `${summary}; it had printed: ${first}`;
}

function ending(program: string, outcome: Extract<Ending, { kind: 'ended' }>): string {
  const { exitCode, exitSignal, tookTooMuch } = outcome;
  if (exitCode !== undefined) return `${program} ended with exit code ${exitCode}`;
  return tookTooMuch
    ? `${program} was killed by the kernel: the service of the agent may take no more memory (MemoryMax= of its unit)`
    : `${program} was killed by ${exitSignal}`;
}

/** The lines up to a number of characters. */
function limited(lines: readonly string[], charactersMax = Infinity): readonly string[] {
  return lines.length === 0 ? lines : lines.join('\n').slice(0, charactersMax).split('\n');
}
