import * as v from 'valibot';
import { basicOf } from '../lib/http-basic.ts';
import { hostOf, isSecure, portOf, shownUrl } from '../lib/http-url.ts';
import { jsonOf } from '../lib/json-of.ts';
import { defaultedKey, nonEmptyText, optionalKey, type OutputOf } from '../lib/schema-atoms.ts';
import { tlsBlock } from '../lib/tls-options.ts';
import { failureReasons, notOk, statuses, type CheckResult } from '../model/result.ts';
import { checkType } from './check-type.ts';
import { isFailure, type Failure } from './net/failure.ts';
import { formatHostPort } from './net/host-port.ts';
import type { ProbeContext } from './net/probe.ts';
import { passwordEntries, refusePasswords, withPassword } from './service/credentials.ts';
import { httpAddress, said } from './service/http-address.ts';
import { httpCall, type HttpAnswer } from './service/http-get.ts';

const entries = {
  target: v.pipe(
    httpAddress,
    v.description('The address of the other tocsin, such as http://web-2.internal:9860.'),
  ),
  check: v.pipe(nonEmptyText, v.description('The name that the check has there.')),
  username: optionalKey('A user of its web_config_file, where it has users.', nonEmptyText),
  ...passwordEntries,
  unreachable: defaultedKey(
    'What it means when the other tocsin cannot be reached: critical, for its host may be gone, or unknown.',
    v.picklist(['critical', 'unknown'], 'critical or unknown'),
    'critical',
  ),
  tls_config: optionalKey(
    'How TLS is verified for an https:// address; keys as for http.',
    tlsBlock,
  ),
};

type Options = OutputOf<typeof entries>;

/** Takes over what another tocsin found with one of its checks, figures, facts and parts included. */
export const remote = checkType({
  entries,
  refuse: (options) =>
    refusePasswords(options) ??
    (options.username !== undefined && (options.password ?? options.password_file) === undefined
      ? 'username needs password or password_file'
      : undefined),
  target: ({ target, check }) => `${shownUrl(target)} ${check}`,
  open({ options }, { clock }) {
    return {
      async run(run) {
        const context: ProbeContext = { ...run, clock, log: (line) => run.log(line) };
        return withPassword(
          options,
          async (password) => judge(await ask(options, password, context), options),
          ({ reason, summary }) => notOk('unknown', reason, summary),
        );
      },
    };
  },
});

async function ask(
  { target, check, username, tls_config }: Options,
  password: string | undefined,
  context: ProbeContext,
): Promise<HttpAnswer | Failure> {
  const place = {
    target: formatHostPort(hostOf(target), portOf(target)),
    defaultPort: portOf(target),
    host: target.host,
    tls: isSecure(target),
    tls_config,
  };
  const path = `${target.pathname.replace(/\/$/, '')}/api/v1/checks/${encodeURIComponent(check)}?limit=1`;
  const headers =
    username === undefined ? {} : { authorization: basicOf(username, password ?? '') };
  return httpCall(place, { method: 'GET', path, headers }, context);
}

const status = v.picklist(statuses);
const reason = v.optional(v.fallback(v.picklist(failureReasons), 'internal'));
const facts = v.optional(v.array(v.object({ name: v.string(), text: v.string() })), []);

/** Source: docs/api.md, `GET /api/v1/checks/NAME`. */
const shape = v.object({
  state: v.object({
    stalledSince: v.nullable(v.string()),
    latest: v.nullable(
      v.object({
        status,
        reason,
        summary: v.string(),
        detail: v.optional(v.array(v.string()), []),
        values: v.array(
          v.object({ metric: v.string(), value: v.number(), unit: v.optional(v.string()) }),
        ),
        facts,
        parts: v.optional(
          v.array(
            v.object({
              part: v.string(),
              status,
              reason,
              summary: v.string(),
              notSeen: v.optional(v.literal(true)),
            }),
          ),
        ),
      }),
    ),
  }),
});

function judge(answer: HttpAnswer | Failure, options: Options): CheckResult {
  const { target, check, unreachable } = options;
  const who = `the tocsin at ${target.host}`;
  if (isFailure(answer)) {
    const kind = answer.unknown ? 'unknown' : unreachable;
    return notOk(kind, answer.reason, `${who} cannot be asked: ${answer.summary}`);
  }
  if (answer.status === 401 || answer.status === 403) {
    const wants = `${who} wants a login (${answer.status}): add username and password of a user of its web_config_file`;
    return notOk('unknown', 'auth', wants);
  }
  if (answer.status === 404) {
    return notOk('unknown', 'missing', `${who} has no check called ${check}`);
  }
  const parsed = v.safeParse(shape, jsonOf(answer.body));
  if (answer.status !== 200 || !parsed.success) {
    const what = `${said(target, answer)}, and not as a tocsin of this version does`;
    return notOk('unknown', 'protocol', what);
  }
  const { latest, stalledSince } = parsed.output.state;
  if (latest === null) return notOk('unknown', 'missing', `${who} has not looked yet`);
  if (stalledSince !== null) {
    const since = `${stalledSince.slice(0, 16).replace('T', ' ')} UTC`;
    return notOk('unknown', 'stale', `${who} could not look since ${since}: ${latest.summary}`);
  }
  return takenOver(latest);
}

type Latest = NonNullable<v.InferOutput<typeof shape>['state']['latest']>;

function takenOver({ parts, reason, values, ...latest }: Latest): CheckResult {
  return {
    ...latest,
    ...(latest.status === 'ok' ? {} : { reason: reason ?? 'internal' }),
    phases: [],
    families: [],
    values: values.map(({ metric, value, unit }) => ({
      metric,
      value,
      ...(unit === undefined ? {} : { unit }),
    })),
    ...(parts === undefined
      ? {}
      : {
          findings: parts.map(({ part, status: found, reason: why, summary, notSeen }) => ({
            part,
            status: found,
            ...(found === 'ok' ? {} : { reason: why ?? 'internal' }),
            summary,
            values: [],
            ...(notSeen === undefined ? {} : { notSeen }),
          })),
        }),
  };
}
