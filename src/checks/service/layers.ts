import { counted } from '../../model/counted.ts';
import * as v from 'valibot';
import { shownUrl } from '../../lib/http-url.ts';
import { defaultedKey, nonEmptyText, optionalKey, type OutputOf } from '../../lib/schema-atoms.ts';
import { tlsBlock } from '../../lib/tls-options.ts';
import type { MeasuredValue } from '../../model/result.ts';
import { isFailure, type Failure } from '../net/failure.ts';
import type { ProbeContext } from '../net/probe.ts';
import type { Finding } from './finding.ts';
import { getUrl, httpAddress, said } from './http-address.ts';
import type { HttpAnswer } from './http-get.ts';

const listMessage = 'a list of URLs such as [http://127.0.0.1:8080/health]';

/** The keys by which a proxy is held against what is behind it. */
export const layerEntries = {
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
  tls_config: optionalKey('How TLS is verified for https:// URLs; keys as for http.', tlsBlock),
};

type LayerOptions = OutputOf<typeof layerEntries>;

/** What came of asking the proxy and what is behind it. */
export interface Layers {
  readonly findings: readonly Finding[];
  readonly values: readonly MeasuredValue[];
  /** Whether the proxy gave any answer at all; undefined where it was not asked. */
  readonly answers: boolean | undefined;
}

interface Asked {
  readonly url: URL;
  readonly answer: HttpAnswer | Failure;
}

/** Asks through the proxy and past it at the same time, and says which layer is broken. */
export async function lookThrough(
  proxy: string,
  options: LayerOptions,
  context: ProbeContext,
): Promise<Layers> {
  const { through, through_host: host, upstreams, tls_config } = options;
  const ask = async (url: URL, host?: string): Promise<Asked> => ({
    url,
    answer: await getUrl(url, { host, tls_config }, context),
  });
  const [front, ...behind] = await Promise.all([
    through === undefined ? undefined : ask(through, host),
    ...upstreams.map(async (url) => ask(url)),
  ]);
  const asked = behind.filter((one) => one !== undefined);
  return {
    findings: judgeLayers(proxy, front, asked),
    values: [
      ...(front === undefined ? [] : measured('through', front)),
      ...asked.flatMap((one) => measured(`upstream ${one.url.host}`, one)),
    ],
    answers: front === undefined ? undefined : !isFailure(front.answer),
  };
}

function isSound({ answer }: Asked): boolean {
  return !isFailure(answer) && answer.status < 400;
}

function measured(name: string, asked: Asked): readonly MeasuredValue[] {
  const up = { metric: `${name} up`, value: isSound(asked) ? 1 : 0 };
  const { answer } = asked;
  if (isFailure(answer)) return [up];
  return [up, { metric: `${name} response_time`, value: answer.tookMs / 1000, unit: 's' }];
}

function judgeLayers(
  proxy: string,
  front: Asked | undefined,
  behind: readonly Asked[],
): readonly Finding[] {
  const failing = behind.filter((one) => !isSound(one));
  const told = failing.map(({ url, answer }) => said(url, answer)).join('; ');
  const sound = behind.length - failing.length;
  if (front === undefined) {
    if (failing.length === 0) return [];
    const status = sound === 0 ? 'critical' : 'warning';
    return [
      {
        status,
        reason: 'status',
        sentence: `of ${counted(behind.length, 'upstream')} ${failing.length} fail${failing.length === 1 ? 's' : ''}: ${told}`,
      },
    ];
  }
  if (isSound(front)) return judgeBehind(proxy, behind.length, failing.length, told);
  return [{ status: 'critical', ...brokenLayer(proxy, front, behind, failing) }];
}

/** The proxy serves its users: what fails behind it costs them nothing yet. */
function judgeBehind(
  proxy: string,
  count: number,
  failing: number,
  told: string,
): readonly Finding[] {
  if (failing === 0) return [];
  const sentence =
    failing === count
      ? `${proxy} answers, but no upstream does (from a cache, or from others than these): ${told}`
      : `${proxy} answers, but of its ${counted(count, 'upstream')} ${failing} fail${failing === 1 ? 's' : ''}: ${told}`;
  return [{ status: 'warning', reason: 'status', sentence }];
}

/** Why the users of the proxy are not served: the layer that is broken comes first. */
function brokenLayer(
  proxy: string,
  { url, answer }: Asked,
  behind: readonly Asked[],
  failing: readonly Asked[],
): Pick<Finding, 'reason' | 'sentence'> {
  const front = said(url, answer);
  const sound = behind.length - failing.length;
  const ofProxy = isFailure(answer) ? answer.reason : 'status';
  if (behind.length === 0) return { reason: ofProxy, sentence: front };
  if (sound === 0) {
    const told = failing.map((one) => said(one.url, one.answer)).join('; ');
    const [first] = failing;
    const reason = first !== undefined && isFailure(first.answer) ? first.answer.reason : 'status';
    return { reason, sentence: `the upstreams behind ${proxy} are broken: ${told}; ${front}` };
  }
  const rest = `of ${counted(behind.length, 'upstream')} ${sound} answer${sound === 1 ? 's' : ''} when asked past it`;
  // It took the question, so that it is the way from there on that fails.
  const isTaken = !isFailure(answer) || answer.reason === 'timeout';
  const layer = isTaken
    ? `the way from ${proxy} to its upstreams is broken`
    : `${proxy} itself is broken`;
  return { reason: ofProxy, sentence: `${layer}: ${front}, while ${rest}` };
}

/** Names a URL as people are shown it. */
export function targetOf(url: URL | undefined): string | undefined {
  return url === undefined ? undefined : shownUrl(url);
}
