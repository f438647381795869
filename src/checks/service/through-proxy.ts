import * as v from 'valibot';
import { hostOf, portOf, shownUrl } from '../../lib/http-url.ts';
import { defaultedKey, nonEmptyText, optionalKey, type OutputOf } from '../../lib/schema-atoms.ts';
import { tlsBlock } from '../../lib/tls-options.ts';
import type { MeasuredValue } from '../../model/result.ts';
import { isFailure, type Failure } from '../net/failure.ts';
import { formatHostPort } from '../net/host-port.ts';
import { pattern } from '../net/pattern.ts';
import type { ProbeContext } from '../net/probe.ts';
import { getUrl, httpAddress, said } from './http-address.ts';
import type { HttpAnswer } from './http-get.ts';

const listMessage = 'a list of URLs such as [http://127.0.0.1:8080/health]';
const comparisons = ['none', 'status', 'type', 'body'] as const;

/** The keys by which a proxy is held against what is behind it. */
export const throughEntries = {
  through: optionalKey('A URL that the proxy serves, asked as its users ask.', httpAddress),
  through_host: optionalKey(
    'The Host header for through, where its URL names an address.',
    nonEmptyText,
  ),
  upstreams: defaultedKey(
    'The same question put to each upstream itself, past the proxy.',
    v.array(httpAddress, listMessage),
    [],
  ),
  expect_body: optionalKey('A pattern that must be found in each of these answers.', pattern),
  compare: defaultedKey(
    'How far good answers must be alike: none, status, type (and status) or body (and both).',
    v.picklist(comparisons, 'none, status, type or body'),
    'type',
  ),
  tls_config: optionalKey('How TLS is verified for https:// URLs; keys as for http.', tlsBlock),
};

export type ThroughOptions = OutputOf<typeof throughEntries>;

/** A URL that was asked, and what came of it. */
export interface Asked {
  readonly url: URL;
  /** `host:port`, as a proxy names an upstream. */
  readonly address: string;
  readonly answer: HttpAnswer | Failure;
  /** Answered with neither an error nor another body than is wanted. */
  readonly isSound: boolean;
  /** How people are told of it. */
  readonly told: string;
}

/** What came of asking the proxy and what is behind it. */
export interface ThroughProxy {
  /** Undefined where the proxy was not asked. */
  readonly front: Asked | undefined;
  readonly behind: readonly Asked[];
}

/** Judges one answer; `wanted` must be found in the body of a good one. */
export function askedOf(
  url: URL,
  answer: HttpAnswer | Failure,
  wanted: ThroughOptions['expect_body'],
): Asked {
  const isWell = !isFailure(answer) && answer.status < 400;
  const isOther = isWell && wanted !== undefined && !wanted.matches(answer.body);
  const told = said(url, answer);
  return {
    url,
    address: formatHostPort(hostOf(url), portOf(url)),
    answer,
    isSound: isWell && !isOther,
    told: isOther ? `${told}, and nothing in its body matches ${wanted.source}` : told,
  };
}

/** Asks through the proxy and past it, all at the same time. */
export async function askThrough(
  options: Omit<ThroughOptions, 'compare'>,
  context: ProbeContext,
): Promise<ThroughProxy> {
  const { through, through_host: host, upstreams, tls_config, expect_body: wanted } = options;
  const ask = async (url: URL, host?: string): Promise<Asked> =>
    askedOf(url, await getUrl(url, { host, tls_config }, context), wanted);
  const [front, behind] = await Promise.all([
    through === undefined ? undefined : ask(through, host),
    Promise.all(upstreams.map(async (url) => ask(url))),
  ]);
  return { front, behind };
}

/** Whether the proxy gave any answer at all; undefined where it was not asked. */
export function doesAnswer({ front }: ThroughProxy): boolean | undefined {
  return front === undefined ? undefined : !isFailure(front.answer);
}

/** Figures of the proxy and each upstream: whether it is up, and how long its answer took. */
export function throughValues({ front, behind }: ThroughProxy): readonly MeasuredValue[] {
  return [
    ...(front === undefined ? [] : measured('through', front)),
    ...behind.flatMap((one) => measured(`upstream ${one.url.host}`, one)),
  ];
}

function measured(name: string, { answer, isSound }: Asked): readonly MeasuredValue[] {
  const up = { metric: `${name} up`, value: isSound ? 1 : 0 };
  if (isFailure(answer)) return [up];
  return [up, { metric: `${name} response_time`, value: answer.tookMs / 1000, unit: 's' }];
}

/** Names a URL as people are shown it. */
export function targetOf(url: URL | undefined): string | undefined {
  return url === undefined ? undefined : shownUrl(url);
}
