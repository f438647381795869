import { counted } from '../model/counted.ts';
import { jsonOf } from '../lib/json-of.ts';
import * as v from 'valibot';
import { defaultedKey, nonEmptyText, optionalKey, type OutputOf } from '../lib/schema-atoms.ts';
import { checkType } from './check-type.ts';
import { isFailure, type Failure } from './net/failure.ts';
import type { ProbeContext } from './net/probe.ts';
import { findingOf, sumUp, type Finding } from './service/finding.ts';
import { httpGet, type HttpAnswer, type HttpPlace } from './service/http-get.ts';
import {
  caddyUpstreams,
  judgeUpstreams,
  opinionsOf,
  type CaddyUpstream,
} from './service/caddy-upstreams.ts';
import { judgeThrough } from './service/through-proxy-finding.ts';
import {
  askThrough,
  doesAnswer,
  targetOf,
  throughEntries,
  throughValues,
  type ThroughProxy,
} from './service/through-proxy.ts';

const entries = {
  target: defaultedKey(
    'The admin API: host:port, or the path of a Unix socket.',
    nonEmptyText,
    '127.0.0.1:2019',
  ),
  ...throughEntries,
  expect_upstreams: optionalKey(
    'Addresses, such as 127.0.0.1:8080, that must be among the upstreams of reverse_proxy.',
    v.array(nonEmptyText, 'a list of addresses such as [127.0.0.1:8080]'),
  ),
};

type Options = OutputOf<typeof entries>;

/** Judges Caddy: what its admin API says, and the answer through it beside those of its upstreams. */
export const caddy = checkType({
  entries,
  target: ({ target, through }) => targetOf(through) ?? target,
  open({ options }, { clock }) {
    return {
      async run(run) {
        const context: ProbeContext = { ...run, clock, log: (line) => run.log(line) };
        const [seen, config, upstreams, health] = await Promise.all([
          askThrough(options, context),
          ask('/config/', options, context),
          ask('/reverse_proxy/upstreams', options, context),
          ask('/metrics', options, context),
        ]);
        const seenConfig = configOf(config);
        const behind = caddyUpstreams(upstreams, health);
        const findings = [
          ...judgeThrough('Caddy', seen, options, opinionsOf(behind)),
          ...judgeConfig(config, seenConfig, doesAnswer(seen)),
          // What the first of the two answers said is not told twice.
          ...(seenConfig === undefined ? [] : judgeSeen(upstreams, behind, seen, options)),
        ];
        const servers = counted(seenConfig?.servers ?? 0, 'server');
        const reaches = counted(behind?.length ?? 0, 'upstream');
        const healthy = `Caddy is configured with ${servers}, and reaches ${reaches}`;
        return sumUp({ healthy, findings, values: throughValues(seen) });
      },
    };
  },
});

function judgeSeen(
  answer: HttpAnswer | Failure,
  upstreams: readonly CaddyUpstream[] | undefined,
  { behind }: ThroughProxy,
  { expect_upstreams: expected = [] }: Options,
): readonly Finding[] {
  if (upstreams === undefined) return [findingOf(unseen(answer, '/reverse_proxy/upstreams'))];
  return judgeUpstreams(upstreams, expected, new Set(behind.map(({ address }) => address)));
}

async function ask(
  path: string,
  { target }: Options,
  context: ProbeContext,
): Promise<HttpAnswer | Failure> {
  const isPath = target.startsWith('/');
  // Caddy refuses other hosts than those it listens on, so that no web page can ask it.
  const host = isPath ? '' : target.includes(':') ? target : `${target}:2019`;
  const place: HttpPlace = { target, defaultPort: 2019, host, tls: false };
  return httpGet(place, path, context);
}

/** The configuration that Caddy runs with; `servers` is 0 where there is none. */
interface SeenConfig {
  readonly isThere: boolean;
  readonly servers: number;
}

const configAnswer = v.nullable(
  v.object({
    apps: v.optional(
      v.object({
        http: v.optional(v.object({ servers: v.optional(v.record(v.string(), v.unknown()), {}) })),
      }),
    ),
  }),
);

function configOf(answer: HttpAnswer | Failure): SeenConfig | undefined {
  if (isFailure(answer) || answer.status !== 200) return undefined;
  const parsed = v.safeParse(configAnswer, jsonOf(answer.body));
  if (!parsed.success) return undefined;
  const servers = Object.keys(parsed.output?.apps?.http?.servers ?? {}).length;
  return { isThere: parsed.output !== null, servers };
}

function judgeConfig(
  answer: HttpAnswer | Failure,
  seen: SeenConfig | undefined,
  serves: boolean | undefined,
): readonly Finding[] {
  if (seen === undefined) return [findingOf(unseen(answer, '/config/', serves))];
  if (seen.servers > 0) return [];
  const sentence = seen.isThere
    ? 'the configuration of Caddy has no HTTP server: it serves nothing'
    : 'Caddy runs without a configuration: it serves nothing';
  return [{ status: 'critical', reason: 'missing', sentence }];
}

/** Why there is no answer of the admin API. While Caddy serves, only the agent is in the dark. */
function unseen(answer: HttpAnswer | Failure, path: string, serves?: boolean): Failure {
  if (isFailure(answer)) {
    if (serves !== true || answer.unknown) return answer;
    const summary = `the admin API of Caddy cannot be asked (${answer.summary}): is it switched off, or elsewhere?`;
    return { reason: answer.reason, summary, unknown: true };
  }
  const { status, peer } = answer;
  if (status === 401 || status === 403) {
    const summary = `the admin API at ${peer} answers ${status}: add this address to origins of the option admin`;
    return { reason: 'permission', summary, unknown: true };
  }
  const summary = `${peer} does not answer GET ${path} as the admin API of Caddy does`;
  return { reason: 'protocol', summary };
}
