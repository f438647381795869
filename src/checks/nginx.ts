import { counted } from '../model/counted.ts';
import { defaultedKey, nonEmptyText, optionalKey, type OutputOf } from '../lib/schema-atoms.ts';
import type { MeasuredValue } from '../model/result.ts';
import { elapsedMs, type Instant } from '../model/time.ts';
import { checkType } from './check-type.ts';
import { isFailure, type Failure } from './net/failure.ts';
import type { ProbeContext } from './net/probe.ts';
import { judgeFigure, numberLimits } from './service/figure.ts';
import { findingOf, sumUp, type Finding } from './service/finding.ts';
import { getUrl, httpAddress, said } from './service/http-address.ts';
import type { HttpAnswer } from './service/http-get.ts';
import { judgeThrough, type OpinionOf } from './service/through-proxy-finding.ts';
import {
  askThrough,
  doesAnswer,
  targetOf,
  throughEntries,
  throughValues,
  type ThroughProxy,
} from './service/through-proxy.ts';

const entries = {
  target: optionalKey(
    'The URL of stub_status, such as http://127.0.0.1/nginx_status.',
    httpAddress,
  ),
  ...throughEntries,
  upstream_header: optionalKey(
    'The header of the answer through nginx in which it says whom it asked ($upstream_addr).',
    nonEmptyText,
  ),
  connections: optionalKey('Connections of clients that are open at the moment.', numberLimits),
  dropped: defaultedKey(
    'Connections that nginx dropped since the run before, for want of worker_connections.',
    numberLimits,
    { warning: 1 },
  ),
};

type Options = OutputOf<typeof entries>;

/** Judges nginx: what stub_status says, and the answer through it beside the answers of its upstreams. */
export const nginx = checkType({
  entries,
  refuse: ({ target, through }) =>
    target === undefined && through === undefined
      ? 'at least one of target (the URL of stub_status) and through'
      : undefined,
  target: ({ target, through }) => targetOf(through ?? target),
  open({ options }, { clock }) {
    let before: Reading | undefined;
    return {
      async run(run) {
        const context: ProbeContext = { ...run, clock, log: (line) => run.log(line) };
        const { target } = options;
        const [seen, answer] = await Promise.all([
          askThrough(options, context),
          target === undefined ? undefined : getUrl(target, options, context),
        ]);
        const status = answer && readStatus(answer);
        const opinionOf = opinionsOf(seen, options.upstream_header);
        const findings = [...judgeThrough('nginx', seen, options, opinionOf)];
        if (target !== undefined && answer !== undefined && status === undefined) {
          findings.push(findingOf(unseen(target, answer, doesAnswer(seen))));
        }
        if (status !== undefined) {
          const reading = { ...status, at: run.startedAt };
          findings.push(...judgeStatus(reading, options, before));
          before = reading;
        }
        return sumUp({ healthy: describe(options, status), findings, values: throughValues(seen) });
      },
    };
  },
});

/**
 * Whom nginx asked in vain before somebody answered: all but the last of the list. Source: nginx,
 * ngx_http_upstream_module, `$upstream_addr`.
 */
function opinionsOf({ front }: ThroughProxy, header: string | undefined): OpinionOf {
  const answer = front?.answer;
  const value =
    header === undefined || answer === undefined || isFailure(answer)
      ? undefined
      : answer.headers[header.toLowerCase()];
  const asked = (typeof value === 'string' ? value : '').split(/,\s+|\s+:\s+/);
  const inVain = new Set(asked.slice(0, -1));
  return (address) =>
    inVain.has(address)
      ? { isDown: true, words: 'nginx has just asked it in vain, and then another one' }
      : undefined;
}

/** The numbers of stub_status. Source: nginx, ngx_http_stub_status_module. */
interface Status {
  readonly active: number;
  readonly accepts: number;
  readonly handled: number;
  readonly requests: number;
}

interface Reading extends Status {
  readonly at: Instant;
}

const statusPattern =
  /^Active connections:\s*(\d+)\s*\nserver accepts handled requests\s*\n\s*(\d+)\s+(\d+)\s+(\d+)/;

function readStatus(answer: HttpAnswer | Failure): Status | undefined {
  if (isFailure(answer) || answer.status !== 200) return undefined;
  const match = statusPattern.exec(answer.body);
  if (match === null) return undefined;
  const [active = 0, accepts = 0, handled = 0, requests = 0] = match.slice(1).map(Number);
  return { active, accepts, handled, requests };
}

/** Why there are no numbers. While nginx serves, only the agent is in the dark. */
function unseen(target: URL, answer: HttpAnswer | Failure, serves: boolean | undefined): Failure {
  if (isFailure(answer)) return serves === true ? { ...answer, unknown: true } : answer;
  const found = said(target, answer);
  if (answer.status === 401 || answer.status === 403) {
    const summary = `${found}: allow the address of the agent at stub_status, such as allow 127.0.0.1`;
    return { reason: 'permission', summary, unknown: true };
  }
  if (answer.status === 404) {
    const summary = `${found}: there is no stub_status; add a location with stub_status`;
    return { reason: 'missing', summary, unknown: true };
  }
  const what =
    answer.status === 200 ? 'and its body is not that of stub_status' : 'instead of stub_status';
  return { reason: 'protocol', summary: `${found} ${what}`, unknown: true };
}

function judgeStatus(
  now: Reading,
  { connections, dropped: limits }: Options,
  before: Reading | undefined,
): readonly Finding[] {
  const { active, accepts, handled, requests } = now;
  const sentence = `nginx has ${counted(active, 'open connection')}`;
  const findings = [judgeFigure({ metric: 'connections', value: active, sentence }, connections)];
  const values: MeasuredValue[] = [{ metric: 'requests_total', value: requests, unit: 'c' }];
  // A counter that went back is that of an nginx that was started anew.
  if (before !== undefined && requests >= before.requests) {
    const seconds = elapsedMs(before.at, now.at) / 1000;
    if (seconds > 0) {
      values.push({ metric: 'requests_per_second', value: (requests - before.requests) / seconds });
    }
    const value = Math.max(0, accepts - handled - (before.accepts - before.handled));
    const told = `nginx dropped ${counted(value, 'connection')} since the run before: raise worker_connections`;
    findings.push(judgeFigure({ metric: 'dropped', value, sentence: told }, limits));
  }
  return [...findings, { status: 'ok', reason: 'threshold', sentence: '', values }];
}

function describe({ through, upstreams }: Options, status: Status | undefined): string {
  const parts = [
    ...(through === undefined ? [] : [`nginx answers at ${targetOf(through)}`]),
    ...(upstreams.length === 0
      ? []
      : [upstreams.length === 1 ? 'its upstream too' : `its ${upstreams.length} upstreams too`]),
    ...(status === undefined ? [] : [counted(status.active, 'open connection')]),
  ];
  return parts.join(', ');
}
