import type { Random } from '../../../sim/random.ts';

/*
 * Random lives of a few alerts. Everything happens at whole seconds and group_wait is half a second more
 * than a whole one, so that groups are looked at half a second away from whatever changes them: what both
 * programs say does not depend on which of them is a little faster.
 */

/** What a history is about; each keeps to what can be compared exactly. */
export type HistoryKind =
  /** Silences and inhibition come and go; nothing is repeated. */
  | 'muted'
  /** Alerts may be over before anybody was told; nothing is repeated. */
  | 'quick'
  /** Everything is told and repeated. */
  | 'repeated';

/** One thing that a history does, so many seconds after it began. */
export type HistoryEvent =
  | { readonly at: number; readonly kind: 'post'; readonly post: HistoryPost }
  | {
      readonly at: number;
      readonly kind: 'silence';
      readonly label: string;
      readonly value: string;
      readonly ends: number;
    }
  | { readonly at: number; readonly kind: 'unsilence' };

export interface HistoryPost {
  readonly alertname: string;
  readonly zone: string;
  readonly note: string;
  readonly starts: number;
  readonly ends?: number;
}

export interface History {
  readonly name: string;
  readonly kind: HistoryKind;
  readonly groupBy: readonly string[];
  readonly intervalSeconds: number;
  readonly sendResolved: boolean;
  readonly events: readonly HistoryEvent[];
}

/** When the last thing happens, and when the last message has come. */
export const lastEventAt = 11;
export const overAt = 16.8;

/** Seconds within which something that fires has been told, at the latest. */
const toldWithin = 5;

/** Sources of inhibition are called a, their targets b. */
const names: readonly [string, ...string[]] = ['a', 'b', 'c'];
const zones: readonly [string, ...string[]] = ['x', 'y'];

/** The labels by which a history is grouped; `history` puts all its alerts together. */
type Grouping = 'alertname' | 'zone' | 'each' | 'history';

const groupings: Readonly<Record<Grouping, readonly string[]>> = {
  alertname: ['alertname'],
  zone: ['zone', 'history'],
  each: ['...'],
  history: ['history'],
};

interface Firing {
  readonly since: number;
  readonly ends: number;
}

export function randomHistory(random: Random, name: string, kind: HistoryKind): History {
  const grouping = random.pick<Grouping>(['alertname', 'zone', 'each', 'history']);
  const sendResolved = kind !== 'repeated' || random.chance(0.5);
  const firing = new Map<string, Firing>();
  const events: HistoryEvent[] = [];
  let silencedUntil = 0;
  for (let at = 0; at < lastEventAt; at += 1) {
    for (let turn = random.between(0, 2); turn > 0; turn -= 1) {
      const key = `${random.pick(names)}/${random.pick(zones)}`;
      if (events.some((event) => event.at === at && isAbout(event, key))) continue;
      if (isOver(firing, grouping, key, at, sendResolved)) continue;
      // What fires has to be told before it ends, and everything ends soon.
      const isNew = (firing.get(key)?.ends ?? 0) <= at;
      if (kind === 'repeated' && isNew && at > lastEventAt - toldWithin) continue;
      events.push(randomPost(random, kind, firing, key, at));
    }
    if (kind !== 'muted') continue;
    const event = randomSilence(random, silencedUntil, at);
    if (event === undefined) continue;
    silencedUntil = event.kind === 'silence' ? event.ends : at;
    events.push(event);
  }
  for (const [key, { since, ends }] of firing) {
    if (ends > lastEventAt) events.push(post(key, 'end', lastEventAt, since, lastEventAt));
  }
  return {
    name,
    kind,
    groupBy: groupings[grouping],
    intervalSeconds: random.pick([1, 2]),
    sendResolved,
    events,
  };
}

/**
 * Whether an alert may not fire again. Alertmanager keeps a group that has emptied for up to half a minute,
 * with its timer; tocsin begins a new one. And without ends being told Alertmanager takes a second failure,
 * while others go on, for the first one.
 */
function isOver(
  firing: ReadonlyMap<string, Firing>,
  grouping: Grouping,
  key: string,
  at: number,
  sendResolved: boolean,
): boolean {
  const known = firing.get(key);
  if (!sendResolved) return known !== undefined && known.ends <= at;
  const group = [...firing].filter(
    ([other]) => groupOf(grouping, other) === groupOf(grouping, key),
  );
  return group.length > 0 && group.every(([, { ends }]) => ends <= at);
}

function groupOf(grouping: Grouping, key: string): string {
  const [alertname = '', zone = ''] = key.split('/');
  return { alertname, zone, each: key, history: '' }[grouping];
}

function randomPost(
  random: Random,
  kind: HistoryKind,
  firing: Map<string, Firing>,
  key: string,
  at: number,
): HistoryEvent {
  const known = firing.get(key);
  const isFiring = known !== undefined && known.ends > at;
  const note = random.pick(['', '1', '2']);
  if (isFiring && random.chance(0.5) && (kind !== 'repeated' || at - known.since >= toldWithin)) {
    firing.set(key, { ...known, ends: at });
    return post(key, note, at, known.since, at);
  }
  // An end ahead of time: the alert ends by itself, unless it is posted again.
  const ends = kind !== 'repeated' && random.chance(0.3) ? at + random.between(2, 4) : undefined;
  const until = ends ?? Number.POSITIVE_INFINITY;
  const laterOf = isFiring && Number.isFinite(known.ends) && ends !== undefined;
  firing.set(key, {
    since: isFiring ? known.since : at,
    ends: laterOf ? Math.max(known.ends, until) : until,
  });
  return post(key, note, at, at, ends);
}

function post(
  key: string,
  note: string,
  at: number,
  starts: number,
  ends: number | undefined,
): HistoryEvent {
  const [alertname = '', zone = ''] = key.split('/');
  const end = ends === undefined ? {} : { ends };
  return { at, kind: 'post', post: { alertname, zone, note, starts, ...end } };
}

function randomSilence(
  random: Random,
  silencedUntil: number,
  at: number,
): Exclude<HistoryEvent, { kind: 'post' }> | undefined {
  if (silencedUntil > at) return random.chance(0.2) ? { at, kind: 'unsilence' } : undefined;
  if (!random.chance(0.3)) return undefined;
  const [label, value] = random.chance(0.5)
    ? ['alertname', random.pick(names)]
    : ['zone', random.pick(zones)];
  return { at, kind: 'silence', label, value, ends: at + random.between(2, 4) };
}

function isAbout(event: HistoryEvent, key: string): boolean {
  return event.kind === 'post' && `${event.post.alertname}/${event.post.zone}` === key;
}

/** Whether a silence or the rule of inhibition keeps an alert back at a time, by the history alone. */
export function isMuted(history: History, alertname: string, zone: string, at: number): boolean {
  const past = history.events.filter((event) => event.at < at);
  const silence = past.findLast((event) => event.kind !== 'post');
  if (silence?.kind === 'silence' && silence.ends > at) {
    if ((silence.label === 'zone' ? zone : alertname) === silence.value) return true;
  }
  if (history.kind !== 'muted' || alertname !== 'b') return false;
  let ends = 0;
  for (const event of past) {
    if (!isAbout(event, `a/${zone}`) || event.kind !== 'post') continue;
    const next = event.post.ends ?? Number.POSITIVE_INFINITY;
    const bothSaid = Number.isFinite(ends) && ends > event.at && event.post.ends !== undefined;
    ends = bothSaid && next > event.at ? Math.max(ends, next) : next;
  }
  return ends > at;
}
