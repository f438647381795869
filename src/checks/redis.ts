import { counted } from '../model/counted.ts';
import * as v from 'valibot';
import { humanDuration } from '../lib/duration.ts';
import {
  defaultedKey,
  nonEmptyText,
  optionalKey,
  type OutputOf,
  wholeNumber,
} from '../lib/schema-atoms.ts';
import { notOk, type CheckResult, type Phase } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { isFailure, type Failure } from './net/failure.ts';
import type { ProbeContext } from './net/probe.ts';
import { expectationEntries, judgeAnswer } from './service/answer.ts';
import { passwordEntries, refusePasswords, withPassword } from './service/credentials.ts';
import { connectTo, tlsEntries } from './service/endpoint.ts';
import { durationLimits, numberLimits, shareLimits } from './service/figure.ts';
import { findingOf, sumUp, type Finding } from './service/finding.ts';
import { infoNumber, judgeInfo, parseInfo, roleOf } from './service/redis-info.ts';
import { openRedis, type RedisAnswer, type RedisSession } from './service/redis-session.ts';

/** Commands that change nothing and give one value. */
const readCommands =
  `BITCOUNT DBSIZE EXISTS GET GETRANGE HEXISTS HGET HLEN HSTRLEN LASTSAVE LINDEX LLEN
  PTTL SCARD SISMEMBER STRLEN TTL TYPE XLEN ZCARD ZCOUNT ZSCORE`.split(/\s+/);

const commandMessage = 'a list such as [LLEN, jobs]';

const entries = {
  target: defaultedKey('host:port, or the path of a Unix socket.', nonEmptyText, '127.0.0.1:6379'),
  username: optionalKey('A user of the ACL; without it the user `default`.', nonEmptyText),
  ...passwordEntries,
  ...tlsEntries,
  role: optionalKey(
    'Which role the server must have.',
    v.picklist(['master', 'replica'], 'master or replica'),
  ),
  min_replicas: optionalKey('A master must have at least so many replicas.', wholeNumber),
  replication_lag: optionalKey(
    'How long ago a replica last heard from its master, or a master from the slowest of its replicas.',
    durationLimits,
  ),
  clients: defaultedKey('Connected clients, as a share of maxclients.', shareLimits, {
    warning: '80%',
    critical: '95%',
  }),
  memory: optionalKey(
    'Memory in use, as a share of maxmemory; 85% and 95% where the server then refuses writes (noeviction).',
    shareLimits,
  ),
  rejected_connections: defaultedKey(
    'Connections refused since the run before, because maxclients was reached.',
    numberLimits,
    { warning: 1 },
  ),
  last_save: defaultedKey(
    'What it means that the last save to disk failed.',
    v.picklist(['ignore', 'warning', 'critical'], 'one of ignore, warning, critical'),
    'critical',
  ),
  command: optionalKey(
    'A command that reads one value, whose answer is judged by expect_answer.',
    v.pipe(
      v.array(v.string('a text'), commandMessage),
      v.minLength(1, commandMessage),
      v.check(
        ([command = '']) => readCommands.includes(command.toUpperCase()),
        `a list that begins with a command that only reads: ${readCommands.join(', ')}`,
      ),
    ),
  ),
  expect_answer: optionalKey(
    'What the answer to command must be like.',
    v.strictObject(expectationEntries, 'a map of equals, matches and number'),
  ),
};

type Options = OutputOf<typeof entries>;

/** Looks into a Redis server: logs in, sends PING and INFO, and perhaps one command that reads. */
export const redis = checkType({
  entries,
  refuse: (options) =>
    refusePasswords(options) ??
    (options.username !== undefined && !hasPassword(options)
      ? 'username needs password or password_file'
      : undefined) ??
    (options.expect_answer !== undefined && options.command === undefined
      ? 'expect_answer needs command'
      : undefined),
  target: (options) => options.target,
  open({ options }, { clock }) {
    let rejectedBefore: number | undefined;
    return {
      async run(run) {
        const context: ProbeContext = { ...run, clock, log: (line) => run.log(line) };
        const look = async (password: string | undefined) => {
          const found = await lookInto(options, password, context, rejectedBefore);
          rejectedBefore = found.rejected ?? rejectedBefore;
          return found.result;
        };
        return withPassword(options, look, resultOf);
      },
    };
  },
});

function hasPassword({ password, password_file: file }: Options): boolean {
  return password !== undefined || file !== undefined;
}

function resultOf(
  { reason, summary, unknown }: Failure,
  phases: readonly Phase[] = [],
): CheckResult {
  return notOk(unknown ? 'unknown' : 'critical', reason, summary, { phases });
}

interface Found {
  readonly result: CheckResult;
  /** Connections rejected since the server was started. */
  readonly rejected?: number | undefined;
}

async function lookInto(
  options: Options,
  password: string | undefined,
  context: ProbeContext,
  rejectedBefore: number | undefined,
): Promise<Found> {
  const connected = await connectTo({ target: options.target, defaultPort: 6379 }, context);
  if (isFailure(connected)) return { result: resultOf(connected) };
  const { peer } = connected;
  const secured = options.tls ? await connected.secure(options.tls_config) : connected.socket;
  if (isFailure(secured)) return { result: resultOf(secured, connected.phases) };
  const session = await openRedis(secured, peer, context);
  try {
    const startMs = context.clock.now().steadyMs;
    const refused = await greet(session, options, password, peer);
    const ms = context.clock.now().steadyMs - startMs;
    const phases = [...connected.phases, { name: 'ping', ms }];
    if (refused !== undefined) return { result: resultOf(refused, phases) };
    return await inspect(session, options, { peer, phases, rejectedBefore });
  } finally {
    session.close();
  }
}

/** Logs in and sends PING; gives why the server does not let the agent look, if it does not. */
async function greet(
  session: RedisSession,
  { username }: Options,
  password: string | undefined,
  peer: string,
): Promise<Failure | undefined> {
  if (password !== undefined) {
    const words = username === undefined ? [password] : [username, password];
    const answer = await session.ask('AUTH', ...words);
    if (isFailure(answer)) return explained(answer, 'AUTH', username, peer);
  }
  const answer = await session.ask('PING');
  if (isFailure(answer)) return explained(answer, 'PING', username, peer);
  if (answer.text === 'PONG') return undefined;
  return { reason: 'protocol', summary: `${peer} does not answer PING with PONG` };
}

/** Says what a refusal of the server means, and what would help. Source: the errors of Redis. */
function explained(
  answer: Extract<RedisAnswer, Failure>,
  command: string,
  username: string | undefined,
  peer: string,
): Failure {
  const user = username ?? 'default';
  const unknown = true as const;
  switch (answer.refusal ?? '') {
    case 'WRONGPASS':
      return {
        reason: 'auth',
        summary: `${peer} refuses the password of the user ${user}`,
        unknown,
      };
    case 'NOAUTH':
      return {
        reason: 'auth',
        summary: `${peer} wants a password, and none is configured`,
        unknown,
      };
    case 'NOPERM': {
      const right = `+${command.toLowerCase()}`;
      const grant = `grant it with ACL SETUSER ${user} ${right}`;
      const summary = `the user ${user} may not send ${command} to ${peer}: ${grant}`;
      return { reason: 'permission', summary, unknown };
    }
    case 'LOADING':
      return { reason: 'status', summary: `${peer} is still loading its data from disk` };
    default:
      if (command !== 'AUTH' || answer.refusal === undefined) return answer;
      return { reason: 'auth', summary: answer.summary, unknown };
  }
}

interface Place {
  readonly peer: string;
  readonly phases: readonly Phase[];
  readonly rejectedBefore: number | undefined;
}

async function inspect(session: RedisSession, options: Options, place: Place): Promise<Found> {
  const { peer, phases, rejectedBefore } = place;
  const { username, command, expect_answer: wanted } = options;
  const answer = await session.ask('INFO');
  const findings: Finding[] = [];
  const info = isFailure(answer) ? undefined : parseInfo(answer.text ?? '');
  if (isFailure(answer)) findings.push(findingOf(explained(answer, 'INFO', username, peer)));
  else if (info === undefined) {
    findings.push(
      findingOf({ reason: 'protocol', summary: `${peer} answers INFO with something else` }),
    );
  } else
    findings.push(
      ...judgeInfo(info, options, rejectedBefore).map((finding) => named(finding, peer)),
    );
  if (command !== undefined) {
    const [word = '', ...rest] = command;
    const said = await session.ask(...command);
    if (isFailure(said))
      findings.push(findingOf(explained(said, word.toUpperCase(), username, peer)));
    else findings.push(...judgeAnswer([word, ...rest].join(' '), said.text, wanted ?? {}));
  }
  const uptime = info && infoNumber(info, 'uptime_in_seconds');
  const version = info?.get('redis_version');
  const healthy = info === undefined ? `${peer} answers` : describe(info, peer);
  return {
    rejected: info && infoNumber(info, 'rejected_connections'),
    result: sumUp({
      healthy,
      findings,
      phases,
      ...(version === undefined ? {} : { facts: [{ name: 'version', text: version }] }),
      ...(uptime === undefined ? {} : { subjectAgeMs: uptime * 1000 }),
    }),
  };
}

function named(finding: Finding, peer: string): Finding {
  return finding.sentence === ''
    ? finding
    : { ...finding, sentence: `Redis at ${peer}: ${finding.sentence}` };
}

function describe(info: ReadonlyMap<string, string>, peer: string): string {
  const uptime = infoNumber(info, 'uptime_in_seconds');
  const clients = infoNumber(info, 'connected_clients');
  return [
    `Redis ${info.get('redis_version') ?? ''} at ${peer} answers: ${roleOf(info)}`,
    ...(uptime === undefined ? [] : [`up ${humanDuration(uptime * 1000)}`]),
    ...(clients === undefined ? [] : [counted(clients, 'client')]),
  ].join(', ');
}
