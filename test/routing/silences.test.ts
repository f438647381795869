import { describe, expect, test } from 'vitest';
import type { Matcher } from '../../src/model/route.ts';
import { silencesMax } from '../../src/model/limits.ts';
import { silenceState, type SilenceRequest } from '../../src/model/silence.ts';
import { instant, type Instant, type WallMs } from '../../src/model/time.ts';
import { Silences } from '../../src/routing/silences.ts';
import { at, equal } from '../support/routes.ts';

let ids = 0;

function newId(): string {
  ids += 1;
  return `s${ids}`;
}

function request(changes: Partial<SilenceRequest> = {}): SilenceRequest {
  return {
    matchers: [equal('alertname', 'a')],
    startsAt: at(0).wallMs,
    endsAt: at(3600).wallMs,
    createdBy: 'me',
    comment: 'deploy',
    ...changes,
  };
}

/** Puts a silence that must be accepted; gives its id. */
function put(silences: Silences, changes: Partial<SilenceRequest>, now: Instant): string {
  const answer = silences.put(request(changes), now, newId);
  if (answer.kind !== 'kept') throw new Error(JSON.stringify(answer));
  return answer.id;
}

function stateOf(silences: Silences, id: string, now: Instant): string | undefined {
  const found = silences.list(now).find((silence) => silence.id === id);
  return found === undefined ? undefined : silenceState(found, now.wallMs);
}

const anything: Matcher = { label: 'x', operator: '=~', value: '.*', matches: () => true };

/** A moment at which the date says something else than it should. */
function jumped(seconds: number, dateSeconds: number): Instant {
  return instant(at(seconds).steadyMs, at(dateSeconds).wallMs);
}

describe('AM-S02 what is no silence', () => {
  test.each<[string, Partial<SilenceRequest>, RegExp]>([
    ['no matcher', { matchers: [] }, /needs a matcher/],
    ['only matchers that an absent label satisfies', { matchers: [anything] }, /must not match/],
    ['an empty name', { matchers: [equal('', 'a')] }, /no name/],
    ['a broken name', { matchers: [equal('\uD800', 'a')] }, /no name/],
    ['an end before the start', { endsAt: at(-1).wallMs }, /after the start/],
    ['an end at the start', { endsAt: at(0).wallMs }, /after the start/],
    ['an end in the past', { startsAt: at(-10).wallMs, endsAt: at(-5).wallMs }, /future/],
    ['a missing date', { endsAt: Number.NaN as WallMs }, /dates/],
    ['a comment without end', { comment: 'x'.repeat(20_000) }, /characters/],
  ])('%s', (_name, changes, sentence) => {
    const answer = new Silences().put(request(changes), at(0), newId);
    expect(answer).toEqual({ kind: 'invalid', error: expect.stringMatching(sentence) });
  });

  test('an id that nobody knows', () => {
    expect(new Silences().put(request({ id: 'gone' }), at(0), newId)).toEqual({ kind: 'unknown' });
  });

  test('one more than can be kept', () => {
    const silences = new Silences();
    for (let count = 0; count < silencesMax; count += 1) put(silences, {}, at(0));
    expect(silences.put(request(), at(1), newId).kind).toBe('invalid');
    const [first] = silences.list(at(1));
    silences.expire(first?.id ?? '', at(1));
    expect(silences.put(request(), at(1), newId).kind).toBe('kept');
  });
});

describe('AM-S01 a request that names a silence', () => {
  test('a later end of an active one keeps the id', () => {
    const silences = new Silences();
    const id = put(silences, {}, at(0));
    expect(put(silences, { id, endsAt: at(7200).wallMs }, at(60))).toBe(id);
    expect(stateOf(silences, id, at(7000))).toBe('active');
  });

  test('another start of an active one ends it and begins another', () => {
    const silences = new Silences();
    const id = put(silences, {}, at(0));
    const next = put(silences, { id, startsAt: at(30).wallMs }, at(60));
    expect(next).not.toBe(id);
    expect(stateOf(silences, id, at(60))).toBe('expired');
    expect(silences.list(at(60)).find((one) => one.id === next)?.startsAt).toBe(at(60).wallMs);
  });

  test('other matchers end it and begin another', () => {
    const silences = new Silences();
    const id = put(silences, {}, at(0));
    const next = put(silences, { id, matchers: [equal('alertname', 'b')] }, at(60));
    expect([next === id, stateOf(silences, id, at(60))]).toEqual([false, 'expired']);
    expect(silences.matching({ alertname: 'a' }, at(61))).toEqual([]);
    expect(silences.matching({ alertname: 'b' }, at(61))).toEqual([next]);
  });

  test('a pending one may be moved into the future or to this moment, not into the past', () => {
    const silences = new Silences();
    const id = put(silences, { startsAt: at(600).wallMs }, at(0));
    expect(stateOf(silences, id, at(0))).toBe('pending');
    expect(put(silences, { id, startsAt: at(300).wallMs }, at(10))).toBe(id);
    expect(put(silences, { id, startsAt: at(20).wallMs }, at(20))).toBe(id);
    const other = put(silences, { startsAt: at(600).wallMs }, at(0));
    expect(put(silences, { id: other, startsAt: at(5).wallMs }, at(10))).not.toBe(other);
  });

  test('one that is over is not changed', () => {
    const silences = new Silences();
    const id = put(silences, {}, at(0));
    const next = put(silences, { id, endsAt: at(9000).wallMs }, at(3600));
    expect([next === id, stateOf(silences, id, at(3600))]).toEqual([false, 'expired']);
  });

  test('what is refused leaves it as it was', () => {
    const silences = new Silences();
    const id = put(silences, {}, at(0));
    expect(silences.put(request({ id, endsAt: at(10).wallMs }), at(60), newId).kind).toBe(
      'invalid',
    );
    expect(stateOf(silences, id, at(61))).toBe('active');
  });
});

describe('the life of a silence', () => {
  test('a start in the past is now', () => {
    const silences = new Silences();
    const id = put(silences, { startsAt: at(-500).wallMs }, at(0));
    expect(silences.list(at(0)).find((one) => one.id === id)?.startsAt).toBe(at(0).wallMs);
  });

  test('it silences from its start up to its end', () => {
    const silences = new Silences();
    const id = put(silences, { startsAt: at(10).wallMs, endsAt: at(20).wallMs }, at(0));
    const found = [9, 10, 19.999, 20].map((second) =>
      silences.matching({ alertname: 'a' }, at(second)),
    );
    expect(found).toEqual([[], [id], [id], []]);
  });

  test('deleted, it ends now, also before its start; a second time it was over', () => {
    const silences = new Silences();
    const active = put(silences, {}, at(0));
    const pending = put(silences, { startsAt: at(600).wallMs }, at(0));
    expect([active, pending].map((id) => silences.expire(id, at(5)))).toEqual([
      'expired',
      'expired',
    ]);
    expect(silences.matching({ alertname: 'a' }, at(700))).toEqual([]);
    expect(silences.expire(active, at(6))).toBe('over');
    expect(silences.expire('gone', at(6))).toBe('unknown');
  });

  test('a date that jumps back does not begin again what is over', () => {
    const silences = new Silences();
    const ended = put(silences, { endsAt: at(60).wallMs }, at(0));
    const deleted = put(silences, {}, at(0));
    silences.expire(deleted, at(30));
    expect(silences.list(at(61))).toHaveLength(2);
    const back = jumped(70, -3600);
    expect(silences.matching({ alertname: 'a' }, back)).toEqual([]);
    expect(stateOf(silences, ended, back)).toBe('expired');
    expect(stateOf(silences, deleted, back)).toBe('expired');
    const again = new Silences(silences.all());
    expect(again.matching({ alertname: 'a' }, jumped(80, 10))).toEqual([]);
  });

  test('it is kept for a while once it is over', () => {
    const silences = new Silences();
    const id = put(silences, { endsAt: at(60).wallMs }, at(0));
    silences.settle(at(60));
    silences.prune(at(60).wallMs);
    expect(stateOf(silences, id, at(100))).toBe('expired');
    silences.takeChanges();
    silences.prune(at(61).wallMs);
    expect(silences.list(at(100))).toEqual([]);
    expect(silences.takeChanges()).toEqual([[id, undefined]]);
  });

  test('one that lasts until all is well ends then, and no other', () => {
    const silences = new Silences();
    const id = put(silences, { untilOk: true }, at(0));
    const plain = put(silences, {}, at(0));
    expect(silences.settle(at(10), () => false)).toEqual([]);
    expect(silences.settle(at(20), () => true).map((one) => one.id)).toEqual([id]);
    expect(silences.settle(at(30), () => true)).toEqual([]);
    expect([stateOf(silences, id, at(30)), stateOf(silences, plain, at(30))]).toEqual([
      'expired',
      'active',
    ]);
  });
});
