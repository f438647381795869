import * as v from 'valibot';
import { jsonOf } from '../../lib/json-of.ts';
import { counted } from '../../model/counted.ts';
import { isFailure, type Failure } from '../net/failure.ts';
import type { Finding } from './finding.ts';
import type { HttpAnswer } from './http-get.ts';
import type { OpinionOf } from './through-proxy-finding.ts';

/** Source: Caddy, "API", GET /reverse_proxy/upstreams: active requests, and failures remembered of each. */
const upstreamsAnswer = v.nullable(
  v.array(
    v.object({
      address: v.string(),
      num_requests: v.optional(v.number(), 0),
      fails: v.optional(v.number(), 0),
    }),
  ),
);

/** One upstream as Caddy sees it. */
export interface CaddyUpstream {
  readonly address: string;
  readonly requests: number;
  /** Failed requests that it remembers for `fail_duration`. */
  readonly fails: number;
  /** What its own health checks say; undefined where this version does not tell. */
  readonly isHealthy: boolean | undefined;
}

/** Source: Caddy, "Monitoring Caddy with Prometheus metrics"; noted every ten seconds. */
const healthPattern = /^caddy_reverse_proxy_upstreams_healthy\{upstream="([^"]+)"\} ([01])$/gm;

/** What the admin API says of the upstreams, with the health among its metrics; undefined if it says nothing. */
export function caddyUpstreams(
  answer: HttpAnswer | Failure,
  metrics: HttpAnswer | Failure,
): readonly CaddyUpstream[] | undefined {
  if (isFailure(answer) || answer.status !== 200) return undefined;
  const parsed = v.safeParse(upstreamsAnswer, jsonOf(answer.body));
  if (!parsed.success) return undefined;
  const text = isFailure(metrics) || metrics.status !== 200 ? '' : metrics.body;
  const health = new Map(
    [...text.matchAll(healthPattern)].map(([, address = '', value]) => [address, value === '1']),
  );
  return (parsed.output ?? []).map(({ address, num_requests: requests, fails }) => ({
    address,
    requests,
    fails,
    isHealthy: health.get(address),
  }));
}

function isDown({ fails, isHealthy }: CaddyUpstream): boolean {
  return fails > 0 || isHealthy === false;
}

/** What Caddy thinks of each upstream, to be held against what that answers itself. */
export function opinionsOf(upstreams: readonly CaddyUpstream[] | undefined): OpinionOf {
  const byAddress = new Map((upstreams ?? []).map((one) => [one.address, one]));
  return (address) => {
    const one = byAddress.get(address);
    if (one === undefined) return undefined;
    if (one.fails > 0) {
      return { isDown: true, words: `Caddy could not reach it (${counted(one.fails, 'time')})` };
    }
    if (one.isHealthy === undefined) return undefined;
    return one.isHealthy
      ? { isDown: false, words: 'Caddy still takes it as up' }
      : {
          isDown: true,
          words: 'the health check of Caddy takes it as down: is its health_uri right?',
        };
  };
}

/** Judges what Caddy says of its upstreams; those that were asked themselves are told of elsewhere. */
export function judgeUpstreams(
  upstreams: readonly CaddyUpstream[],
  expected: readonly string[],
  asked: ReadonlySet<string>,
): readonly Finding[] {
  const findings = expected
    .filter((address) => !upstreams.some((one) => one.address === address))
    .map((address): Finding => {
      const sentence = `${address} is not among the upstreams of Caddy`;
      return { status: 'critical', reason: 'missing', sentence };
    });
  const down = upstreams.filter(isDown);
  const untold = down.filter(({ address }) => !asked.has(address));
  if (untold.length > 0) {
    const told = untold
      .map(({ address, fails }) =>
        fails > 0
          ? `${address} (${counted(fails, 'time')})`
          : `${address} (its health check fails)`,
      )
      .join(', ');
    const sentence = `of ${counted(upstreams.length, 'upstream')} Caddy could not reach ${untold.length}: ${told}`;
    const status = down.length === upstreams.length ? 'critical' : 'warning';
    findings.push({ status, reason: 'status', sentence });
  }
  const values = upstreams.flatMap(({ address, fails, requests, isHealthy }) => [
    { metric: `fails ${address}`, value: fails },
    { metric: `requests ${address}`, value: requests },
    ...(isHealthy === undefined
      ? []
      : [{ metric: `healthy ${address}`, value: isHealthy ? 1 : 0 }]),
  ]);
  return [...findings, { status: 'ok', reason: 'status', sentence: '', values }];
}
