import { counted } from '../model/counted.ts';
import * as v from 'valibot';
import { humanDuration } from '../lib/duration.ts';
import {
  defaultedKey,
  flag,
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
import { durationLimits, shareLimits } from './service/figure.ts';
import { findingOf, sumUp, type Finding } from './service/finding.ts';
import {
  isRefusal,
  openPostgres,
  secureAsPostgres,
  type PostgresRefusal,
  type PostgresSession,
} from './service/postgres-session.ts';
import { judgeState, parseState, stateStatement } from './service/postgres-state.ts';

const entries = {
  target: defaultedKey(
    'host:port, or the path of a Unix socket such as /run/postgresql/.s.PGSQL.5432.',
    nonEmptyText,
    '127.0.0.1:5432',
  ),
  username: defaultedKey(
    'The role that logs in; any role will do that may connect.',
    nonEmptyText,
    'tocsin',
  ),
  ...passwordEntries,
  database: defaultedKey('The database that is connected to.', nonEmptyText, 'postgres'),
  ...tlsEntries,
  query: optionalKey(
    'One statement, run in a transaction that only reads, whose answer is judged by expect_answer.',
    nonEmptyText,
  ),
  expect_answer: optionalKey(
    'What the first value of the first row of the query must be like, and how many rows there must be.',
    v.strictObject(
      {
        ...expectationEntries,
        min_rows: optionalKey('There must be at least so many rows.', wholeNumber),
        max_rows: optionalKey('There must be at most so many rows.', wholeNumber),
      },
      'a map of equals, matches, number, min_rows and max_rows',
    ),
  ),
  in_recovery: optionalKey('Whether it must be a standby (true) or a primary (false).', flag),
  min_replicas: optionalKey('A primary must have at least so many replicas.', wholeNumber),
  replication_lag: optionalKey(
    'How far a standby is behind its primary, or the slowest replica behind this primary.',
    durationLimits,
  ),
  connections: defaultedKey(
    'Connections in use, as a share of those there are for users that are no superuser.',
    shareLimits,
    { warning: '80%', critical: '95%' },
  ),
};

type Options = OutputOf<typeof entries>;

/** Looks into a PostgreSQL server: logs in, runs a query, and reads what the server says of itself. */
export const postgres = checkType({
  entries,
  refuse: (options) =>
    refusePasswords(options) ??
    (options.expect_answer !== undefined && options.query === undefined
      ? 'expect_answer needs query'
      : undefined),
  target: (options) => options.target,
  open({ options }, { clock }) {
    return {
      async run(run) {
        const context: ProbeContext = { ...run, clock, log: (line) => run.log(line) };
        const look = async (password: string | undefined) => lookInto(options, password, context);
        return withPassword(options, look, resultOf);
      },
    };
  },
});

function resultOf(
  { reason, summary, unknown }: Failure,
  phases: readonly Phase[] = [],
): CheckResult {
  return notOk(unknown ? 'unknown' : 'critical', reason, summary, { phases });
}

async function lookInto(
  options: Options,
  password: string | undefined,
  context: ProbeContext,
): Promise<CheckResult> {
  const { target, username: user, database, tls } = options;
  const connected = await connectTo({ target, defaultPort: 5432 }, context);
  if (isFailure(connected)) return resultOf(connected);
  const { peer, socket, phases } = connected;
  const upgrade = async () => connected.secure(options.tls_config);
  const secured = tls ? await secureAsPostgres(connected, upgrade, context) : socket;
  if (isFailure(secured)) return resultOf(secured, phases);
  const startMs = context.clock.now().steadyMs;
  const since = (): Phase => ({ name: 'login', ms: context.clock.now().steadyMs - startMs });
  const session = await openPostgres(secured, peer, { user, database, password }, context);
  if (isFailure(session)) return resultOf(explained(session, options, peer), [...phases, since()]);
  try {
    return await inspect(session, options, { peer, phases: [...phases, since()] }, context);
  } finally {
    session.close();
  }
}

/** Says what a refusal means, and what would help. Source: PostgreSQL, "Error Codes". */
function explained(refusal: PostgresRefusal, options: Options, peer: string): Failure {
  const { username: user, database } = options;
  const { summary } = refusal;
  const unknown = true as const;
  switch (refusal.code ?? '') {
    case '28P01':
      return {
        reason: 'auth',
        summary: `${peer} refuses the password of the role ${user}`,
        unknown,
      };
    case '28000':
      return { reason: 'auth', summary, unknown };
    case '3D000':
      return { reason: 'missing', summary: `${peer} has no database ${database}` };
    case '53300':
      return {
        reason: 'threshold',
        summary: `${peer} has no connection left for the role ${user}`,
      };
    case '57P03':
      return { reason: 'status', summary: `${peer} is not ready: it starts, stops or recovers` };
    case '57014':
      return { reason: 'timeout', summary: `${peer} did not finish the query in time` };
    case '42501':
      return { reason: 'permission', summary: `${summary}: GRANT it to "${user}"`, unknown };
    case '25006':
      return { reason: 'permission', summary: `${summary}: a check only reads`, unknown };
    default:
      return refusal;
  }
}

interface Place {
  readonly peer: string;
  readonly phases: readonly Phase[];
}

/** What stays of the deadline for the way back, so that the server itself says that it was too slow. */
const statementShare = 0.9;

async function inspect(
  session: PostgresSession,
  options: Options,
  { peer, phases }: Place,
  { timeoutMs }: ProbeContext,
): Promise<CheckResult> {
  const limitMs = Math.max(1, Math.floor(timeoutMs * statementShare));
  const failed = (refusal: PostgresRefusal): CheckResult =>
    resultOf(explained(refusal, options, peer), phases);
  for (const statement of ['BEGIN READ ONLY', `SET LOCAL statement_timeout = ${limitMs}`]) {
    const answer = await session.ask(statement);
    if (isRefusal(answer)) return failed(answer);
  }
  const answer = await session.ask(stateStatement);
  if (isRefusal(answer)) return failed(answer);
  const state = parseState(answer);
  if (state === undefined) {
    return failed({
      reason: 'protocol',
      summary: `${peer} says nothing about itself that makes sense`,
    });
  }
  const findings = judgeState(state, options, options.username).map((finding) =>
    finding.sentence === ''
      ? finding
      : { ...finding, sentence: `PostgreSQL at ${peer}: ${finding.sentence}` },
  );
  const kind = state.inRecovery ? 'standby' : 'primary';
  return sumUp({
    healthy:
      `PostgreSQL ${state.version} at ${peer} answers: ${kind}, up ` +
      `${humanDuration(state.uptime * 1000)}, ${state.connections} of ${state.connectionsMax} connections`,
    findings: [...findings, ...(await judgeQuery(session, options, peer))],
    phases,
    facts: [{ name: 'version', text: state.version }],
    subjectAgeMs: state.uptime * 1000,
  });
}

/** The configured query. It is sent as one prepared statement: a second one after a `;` is refused. */
async function judgeQuery(
  session: PostgresSession,
  options: Options,
  peer: string,
): Promise<readonly Finding[]> {
  const { query, expect_answer: wanted = {} } = options;
  if (query === undefined) return [];
  const answer = await session.ask(query);
  if (isRefusal(answer)) return [findingOf(explained(answer, options, peer))];
  const { rows } = answer;
  const { min_rows: min = 0, max_rows: max = Infinity, ...rest } = wanted;
  const findings: Finding[] = [
    {
      status: 'ok',
      reason: 'body',
      sentence: '',
      values: [{ metric: 'rows', value: rows.length }],
    },
    ...judgeAnswer('the query', rows[0]?.[0] ?? undefined, rest),
  ];
  if (rows.length >= min && rows.length <= max) return findings;
  const limit = rows.length < min ? `at least ${min}` : `at most ${max}`;
  const sentence = `the query gave ${counted(rows.length, 'row')}, wanted ${limit}`;
  return [...findings, { status: 'critical', reason: 'body', sentence }];
}
