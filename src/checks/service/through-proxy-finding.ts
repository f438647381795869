import { counted } from '../../model/counted.ts';
import { isFailure } from '../net/failure.ts';
import type { Finding } from './finding.ts';
import { differingAnswers } from './differing-answers.ts';
import type { Asked, ThroughOptions, ThroughProxy } from './through-proxy.ts';

/** What the proxy itself makes of one upstream. */
export interface Opinion {
  readonly isDown: boolean;
  /** As a clause, such as `Caddy takes it as down`. */
  readonly words: string;
}

/** By the address of an upstream, such as `127.0.0.1:8080`; undefined where the proxy does not say. */
export type OpinionOf = (address: string) => Opinion | undefined;

/**
 * Says which layer is broken: the proxy, the way from it, or what is behind it. As long as its users are
 * served, a lost upstream is a warning, and so is a proxy that is wrong about one.
 */
export function judgeThrough(
  proxy: string,
  { front, behind }: ThroughProxy,
  { compare }: Pick<ThroughOptions, 'compare'>,
  opinionOf: OpinionOf = () => undefined,
): readonly Finding[] {
  const wrong = wrongOpinions(behind, opinionOf, front === undefined);
  if (front === undefined) {
    return [
      ...judgeBehind('', behind, opinionOf),
      ...wrong,
      ...differingAnswers(proxy, undefined, behind, compare),
    ];
  }
  if (!front.isSound)
    return [{ status: 'critical', ...brokenLayer(proxy, front, behind) }, ...wrong];
  return [
    ...judgeBehind(proxy, behind, opinionOf),
    ...wrong,
    ...differingAnswers(proxy, front, behind, compare),
  ];
}

function failingOf(behind: readonly Asked[]): readonly Asked[] {
  return behind.filter(({ isSound }) => !isSound);
}

/** What fails behind a proxy that serves, or that was not asked (no name). */
function judgeBehind(
  proxy: string,
  behind: readonly Asked[],
  opinionOf: OpinionOf,
): readonly Finding[] {
  const failing = failingOf(behind);
  if (failing.length === 0) return [];
  const told = failing
    .map(({ address, told: one }) => {
      const opinion = opinionOf(address);
      return opinion === undefined || opinion.isDown ? one : `${one}, and ${opinion.words}`;
    })
    .join('; ');
  const fails = `${failing.length} fail${failing.length === 1 ? 's' : ''}`;
  const isAll = failing.length === behind.length;
  const count = counted(behind.length, 'upstream');
  if (proxy === '') {
    const sentence = `of ${count} ${fails}: ${told}`;
    return [{ status: isAll ? 'critical' : 'warning', reason: 'status', sentence }];
  }
  const sentence = isAll
    ? `${proxy} answers, but no upstream does (from a cache, or from others than these): ${told}`
    : `${proxy} answers, but of its ${count} ${fails}: ${told}`;
  return [{ status: 'warning', reason: 'status', sentence }];
}

/** Upstreams that the proxy takes as down, and that answer when they are asked. */
function wrongOpinions(
  behind: readonly Asked[],
  opinionOf: OpinionOf,
  isAllThatIsKnown: boolean,
): readonly Finding[] {
  const isTakenAsDown = ({ address }: Asked): boolean => opinionOf(address)?.isDown === true;
  const nobodyLeft = isAllThatIsKnown && behind.every(isTakenAsDown);
  return behind
    .filter((one) => one.isSound && isTakenAsDown(one))
    .map(({ address, told }) => ({
      status: nobodyLeft ? 'critical' : 'warning',
      reason: 'status',
      sentence: `${told} when asked past the proxy, but ${opinionOf(address)?.words}`,
    }));
}

/** Why the users of a proxy are not served. */
interface Outage {
  readonly reason: Finding['reason'];
  /** Which layer it is, as a clause; undefined where nothing was asked past the proxy. */
  readonly layer?: string;
  /** The answer through the proxy, beside those past it. */
  readonly told: string;
}

/** Why the users of the proxy are not served: which layer is broken, by what answers past it. */
export function outageOf(proxy: string, front: Asked, behind: readonly Asked[]): Outage {
  const { answer } = front;
  const failing = failingOf(behind);
  const sound = behind.length - failing.length;
  const reason = reasonOf(front);
  const through = `${front.told}${ownWords(proxy, front, behind)}`;
  const failed = failing.map((one) => one.told).join('; ');
  if (behind.length === 0) return { reason, told: through };
  if (sound === 0) {
    const [first = front] = failing;
    const layer = `the upstreams behind ${proxy} are broken`;
    return { reason: reasonOf(first), layer, told: `${failed}; ${through}` };
  }
  const told = `${through}, while ${answering(sound, behind.length)} when asked past it`;
  // It took the question, so that it is the way from there on that fails.
  const isTaken = !isFailure(answer) || answer.reason === 'timeout';
  if (!isTaken) return { reason, layer: `${proxy} itself is broken`, told };
  if (failing.length === 0) return { reason, layer: wayFrom(proxy), told };
  const layer = `${proxy} does not get round an upstream that fails (${failed})`;
  return { reason, layer, told };
}

/** The layer between a proxy and upstreams that are well. */
export function wayFrom(proxy: string): string {
  return `the way from ${proxy} to its upstreams is broken`;
}

function brokenLayer(
  proxy: string,
  front: Asked,
  behind: readonly Asked[],
): Pick<Finding, 'reason' | 'sentence'> {
  const { reason, layer, told } = outageOf(proxy, front, behind);
  return { reason, sentence: layer === undefined ? told : `${layer}: ${told}` };
}

function answering(sound: number, count: number): string {
  if (count === 1) return 'its upstream answers';
  if (sound === count) return `all ${count} of its upstreams answer`;
  return `${sound} of its ${count} upstreams ${sound === 1 ? 'answers' : 'answer'}`;
}

function reasonOf({ answer }: Asked): Finding['reason'] {
  if (isFailure(answer)) return answer.reason;
  return answer.status < 400 ? 'body' : 'status';
}

/** Answers that a proxy gives in the place of an upstream. */
const ofProxy: Readonly<Record<number, string>> = {
  502: 'no upstream gave it a sound answer',
  503: 'it takes no upstream as up, or turns requests away',
  504: 'it waited for an upstream in vain',
};

/** Says of such an answer that it is the proxy's own, unless an upstream gives it as well. */
function ownWords(proxy: string, { answer }: Asked, behind: readonly Asked[]): string {
  if (isFailure(answer)) return '';
  const words = ofProxy[answer.status];
  const isPassedOn = behind.some(
    (one) => !isFailure(one.answer) && one.answer.status === answer.status,
  );
  return words === undefined || isPassedOn ? '' : ` (by ${proxy} itself: ${words})`;
}
