import type { Alert } from '../model/alert.ts';
import type { AlertPost } from '../model/alert-post.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { labelNames, withoutEmpty, type Labels } from '../model/labels.ts';
import { postedAnnotationsLengthMax, postedLabelsLengthMax } from '../model/limits.ts';
import { laterMs, type Instant, type SteadyMs, type WallMs } from '../model/time.ts';

/** What is remembered of a posted alert; saved as it is. */
export interface PostedAlert {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly generatorURL: string;
  readonly startsAt: WallMs;
  /** Until when it fires unless it is posted again; once ended, since when it does not. */
  readonly endsAt: WallMs;
  /** The same by the steady clock: a step of the date resolves nothing. */
  readonly expiresAt: SteadyMs;
  /** Whether `endsAt` follows from `resolve_timeout` and not from the sender. */
  readonly byTimeout: boolean;
  readonly updatedAt: WallMs;
  readonly ended: boolean;
}

/** Why an alert cannot be taken, in the words of Alertmanager where it has any; undefined if it can. */
export function faultOf({
  labels,
  annotations,
  startsAt,
  endsAt,
}: PostedAlert): string | undefined {
  if (endsAt < startsAt) return 'start time must be before end time';
  const fault = invalidPair(labels);
  if (fault !== undefined) return `invalid label set: ${fault}`;
  if (Object.keys(labels).length === 0) return 'at least one label pair required';
  const noteFault = invalidPair(annotations);
  if (noteFault !== undefined) return `invalid annotations: ${noteFault}`;
  return (
    tooLong('labels', labels, postedLabelsLengthMax) ??
    tooLong('annotations', annotations, postedAnnotationsLengthMax)
  );
}

function tooLong(what: string, pairs: Labels, max: number): string | undefined {
  const length = lengthOf(pairs);
  return length <= max ? undefined : `${what} of ${length} characters, at most ${max} are taken`;
}

function invalidPair(pairs: Labels): string | undefined {
  for (const name of labelNames(pairs)) {
    if (name === '' || !name.isWellFormed()) return `invalid name ${JSON.stringify(name)}`;
    const value = pairs[name] ?? '';
    if (!value.isWellFormed()) return `invalid value ${JSON.stringify(value)}`;
  }
  return undefined;
}

function lengthOf(pairs: Labels): number {
  return Object.entries(pairs).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

/**
 * The alert that a post stands for, by Alertmanager's rules: without a start it starts now, without
 * an end it fires for `resolveTimeoutMs` more, and an end in the past resolves it.
 */
export function postedAlert(post: AlertPost, now: Instant, resolveTimeoutMs: number): PostedAlert {
  const labels = withoutEmpty(post.labels);
  const startsAt = post.startsAt ?? post.endsAt ?? now.wallMs;
  const byTimeout = post.endsAt === undefined;
  const endsAt = post.endsAt ?? ((now.wallMs + resolveTimeoutMs) as WallMs);
  return {
    fingerprint: fingerprint(labels),
    labels,
    annotations: post.annotations,
    generatorURL: post.generatorURL,
    startsAt,
    endsAt,
    expiresAt: laterMs(now.steadyMs, endsAt - now.wallMs),
    byTimeout,
    updatedAt: now.wallMs,
    ended: endsAt <= now.wallMs,
  };
}

/**
 * What is known of an alert once a newer post has come in. As in Alertmanager: the latest annotations and
 * URL; where the two overlap in time the earliest start, of two ends the later one, and an end that the
 * sender gave wins over one by timeout; without overlap the newer post is a new occurrence.
 *
 * One thing differs: an end from before the present start, of an occurrence with a start of its own, is
 * old news and ends nothing. Another sender may repeat it for a quarter of an hour.
 */
export function merged(known: PostedAlert, next: PostedAlert, hasOwnStart: boolean): PostedAlert {
  if (!known.ended && next.ended && hasOwnStart && next.endsAt <= known.startsAt) return known;
  if (!overlaps(known, next)) return next;
  const startsAt = known.startsAt < next.startsAt ? known.startsAt : next.startsAt;
  const keepsEnd =
    known.endsAt > next.endsAt && (next.ended ? known.ended : !known.ended && !known.byTimeout);
  if (!keepsEnd) return { ...next, startsAt };
  const { endsAt, expiresAt, byTimeout, ended } = known;
  return { ...next, startsAt, endsAt, expiresAt, byTimeout, ended };
}

function overlaps(known: PostedAlert, next: PostedAlert): boolean {
  // Both fire at this moment, whatever a step of the date has made of their times.
  if (!known.ended && !next.ended) return true;
  return (
    (next.endsAt > known.startsAt && next.endsAt < known.endsAt) ||
    (next.startsAt > known.startsAt && next.startsAt < known.endsAt)
  );
}

/** The alert once nobody has posted it again in time. */
export function expired(posted: PostedAlert, now: Instant): PostedAlert {
  // The date may have been set back meanwhile: nothing ends in the future, or before it began.
  const endsAt = Math.max(posted.startsAt, Math.min(posted.endsAt, now.wallMs)) as WallMs;
  return { ...posted, endsAt, ended: true };
}

/** The alert as routing sees it. */
export function alertOf(posted: PostedAlert): Alert {
  const { fingerprint, labels, annotations, startsAt, endsAt, generatorURL, ended } = posted;
  return {
    fingerprint,
    labels,
    annotations,
    detail: [],
    startsAt,
    ...(ended ? { endsAt } : {}),
    generatorURL,
    revision: 0,
    dependsOn: [],
  };
}

/** Whether people would be told something else of the two. */
export function sameForRouting(a: PostedAlert, b: PostedAlert): boolean {
  return (
    a.ended === b.ended &&
    (!a.ended || a.endsAt === b.endsAt) &&
    a.startsAt === b.startsAt &&
    a.generatorURL === b.generatorURL &&
    sameLabels(a.annotations, b.annotations)
  );
}

function sameLabels(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}
