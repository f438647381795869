import { isFailure } from '../net/failure.ts';
import type { HttpAnswer } from './http-get.ts';
import type { Finding } from './finding.ts';
import type { Asked, ThroughOptions } from './through-proxy.ts';

interface ComparedBy {
  readonly type: boolean;
  readonly body: boolean;
}

/** A good answer, and what it is compared by. */
interface Alike {
  readonly asked: Asked;
  /** For people: `200 application/json`. */
  readonly kind: string;
  readonly body: string;
}

/**
 * Good answers that are not alike: one upstream that says something else than most, or a proxy that says
 * something else than all of them. Redirects and the like are not compared: a proxy may well send elsewhere.
 */
export function differingAnswers(
  proxy: string,
  front: Asked | undefined,
  behind: readonly Asked[],
  compare: ThroughOptions['compare'],
): readonly Finding[] {
  if (compare === 'none') return [];
  const all = front === undefined ? behind : [front, ...behind];
  // Proxies add a type where there is none.
  const by = {
    type: compare !== 'status' && !all.some(lacksType),
    body: compare === 'body',
  };
  const upstreams = behind.flatMap((one) => alikeOf(one, by));
  const groups = groupsOf(upstreams);
  const [most = [], second] = groups;
  if (second !== undefined) return [warning(oddOnes(groups))];
  const [through] = front === undefined ? [] : alikeOf(front, by);
  const [usual] = most;
  if (through === undefined || usual === undefined || keyOf(through) === keyOf(usual)) return [];
  const what = differing(through, usual);
  const others = most.length === 1 ? 'its upstream gives' : 'its upstreams give';
  return [warning(`${proxy} does not pass on what ${others}: ${what}`)];
}

function warning(sentence: string): Finding {
  return { status: 'warning', reason: 'body', sentence };
}

function alikeOf(asked: Asked, by: ComparedBy): readonly Alike[] {
  const { answer } = asked;
  if (!asked.isSound || isFailure(answer) || answer.status >= 300) return [];
  const kind = by.type ? `${answer.status} ${typeOf(answer)}` : `${answer.status}`;
  return [{ asked, kind, body: by.body ? answer.body : '' }];
}

/** The media type without its parameters; empty where there is none. */
function typeOf({ headers }: HttpAnswer): string {
  return (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

function lacksType({ answer, isSound }: Asked): boolean {
  return isSound && !isFailure(answer) && typeOf(answer) === '';
}

function keyOf({ kind, body }: Alike): string {
  return `${kind}\n${body}`;
}

/** Answers that are alike together, the largest group first. */
function groupsOf(answers: readonly Alike[]): readonly (readonly Alike[])[] {
  const groups = new Map<string, Alike[]>();
  for (const one of answers) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups.values()].toSorted((a, b) => b.length - a.length);
}

function oddOnes(groups: readonly (readonly Alike[])[]): string {
  const [most = [], ...others] = groups;
  const [usual] = most;
  const odd = others.flat();
  if (usual === undefined || most.length === others[0]?.length) {
    const all = groups.flat().map(({ asked, kind }) => `${asked.url.host} with ${kind}`);
    return `the upstreams answer differently: ${all.join('; ')}`;
  }
  const told = odd.map((one) => `${one.asked.url.host}: ${differing(one, usual)}`).join('; ');
  return `of ${groups.flat().length} upstreams ${odd.length === 1 ? 'one answers' : `${odd.length} answer`} otherwise than the rest (${told})`;
}

function differing(one: Alike, usual: Alike): string {
  return one.kind === usual.kind
    ? `another body, with ${one.kind}`
    : `${one.kind}, not ${usual.kind}`;
}
