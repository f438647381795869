import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  initialState,
  judge,
  severityOf,
  type AlertState,
  type Judgement,
} from '../../src/alerts/debounce.ts';
import { explain } from '../../src/alerts/explain.ts';
import type { DebouncePolicy } from '../../src/model/check.ts';
import type { Status } from '../../src/model/result.ts';
import { instant } from '../../src/model/time.ts';
import { policy } from '../support/policy.ts';

const statusOf: Record<string, Status> = { f: 'critical', w: 'warning', s: 'ok', u: 'unknown' };

/** Judges one letter a second; gives the judgements in order. */
function run(history: string, of: DebouncePolicy, from: AlertState = initialState): Judgement[] {
  let state = from;
  return history.split('').map((letter, second) => {
    const status = statusOf[letter] ?? 'ok';
    const judgement = judge(state, status, of, instant(second * 1000, 5_000_000 - second));
    state = judgement.state;
    return judgement;
  });
}

/** One letter a result: i, p or f for the phase, upper case where a transition happened. */
function phases(history: string, of: DebouncePolicy): string {
  return run(history, of)
    .map(({ state, transition }) => {
      const letter = state.phase.slice(0, 1);
      return transition === undefined ? letter : letter.toUpperCase();
    })
    .join('');
}

const inARow = (failures: number) => ({ kind: 'consecutive', failures }) as const;

describe('debounce', () => {
  test('fires at the third failure in a row and resolves at the second success', () => {
    const three = policy({ failAfter: inARow(3), recoverAfter: 2 });
    expect(phases('sffsfffffss', three)).toBe('ippippFfffI');
  });

  test('a success breaks the row of failures, a failure the row of successes', () => {
    const two = policy({ failAfter: inARow(2), recoverAfter: 2 });
    expect(phases('fsfsffsfsss', two)).toBe('pipipFfffIi');
  });

  test('m of the last n fires without a row, and stays pending while a failure is in sight', () => {
    const window = policy({ failAfter: { kind: 'window', failures: 3, of: 5 }, recoverAfter: 2 });
    expect(phases('fsfsf', window)).toBe('ppppF');
    expect(phases('fsssss', window)).toBe('pppppi');
  });

  test('after a resolve the window begins anew', () => {
    const window = policy({ failAfter: { kind: 'window', failures: 2, of: 5 }, recoverAfter: 1 });
    expect(phases('ffsfsf', window)).toBe('pFIppF');
  });

  test('for: must have been failing for that long since the first failure', () => {
    expect(phases('fffff', policy({ forMs: 3000 }))).toBe('pppFf');
    expect(phases('ffsffff', policy({ forMs: 3000 }))).toBe('ppipppF');
  });

  test('keep_firing_for: must have been sound for that long since the first success', () => {
    expect(phases('fsssss', policy({ keepFiringForMs: 3000 }))).toBe('FfffIi');
    expect(phases('fssfsssss', policy({ keepFiringForMs: 3000 }))).toBe('FffffffIi');
  });

  test('unknown counts for nothing: neither fires, nor resolves, nor breaks a row', () => {
    const two = policy({ failAfter: inARow(2), recoverAfter: 2 });
    expect(phases('fuuufususu', two)).toBe('ppppFfffIi');
    expect(phases('uuuu', two)).toBe('iiii');
  });

  test('failures of the start period do not count until the first success', () => {
    const now = instant(0, 0);
    const held = judge(initialState, 'critical', policy(), now, true);
    expect(held).toMatchObject({ rule: 'start_period', state: { phase: 'inactive' } });
    const sound = judge(held.state, 'ok', policy(), now, true);
    const after = judge(sound.state, 'critical', policy(), now, true);
    expect(after).toMatchObject({ rule: 'fired', transition: 'fired' });
  });

  test('flapping fires once, holds the alert, and ends in one outcome', () => {
    const flappy = policy({
      failAfter: inARow(3),
      recoverAfter: 2,
      flap: { window: 5, high: 1, low: 0.25 },
    });
    expect(phases('sfsfs', flappy)).toBe('ipipF');
    expect(phases('sfsfsfsf', flappy)).toBe('ipipFfff');
    // Settles as sound: one resolve.
    expect(phases('sfsfsssss', flappy)).toBe('ipipFffIi');
    // Settles as failing: told once more that it is simply down, then resolves as usual.
    expect(phases('sfsfsfffffss', flappy)).toBe('ipipFfffFffI');
  });

  test('while flapping, what the usual rules would have told is known, with for and from the first failure', () => {
    const flappy = policy({
      failAfter: inARow(2),
      forMs: 3000,
      recoverAfter: 2,
      flap: { window: 12, high: 0.5, low: 0 },
    });
    const spared = run('sfsfsfsssfffff', flappy).map((judgement) => judgement.spared ?? '-');
    expect(spared.slice(7)).toEqual(['resolved', '-', '-', '-', '-', 'fired', '-']);
  });

  test('severity: fires as warning, rises after as many critical results, falls slower than it rose', () => {
    const two = policy({ failAfter: inARow(2), recoverAfter: 3 });
    const levels = run('wwwffwwwss', two).map(({ state, transition }) => [
      state.level,
      transition ?? '-',
    ]);
    expect(levels).toEqual([
      ['warning', '-'],
      ['warning', 'fired'],
      ['warning', '-'],
      ['warning', '-'],
      ['critical', 'changed'],
      ['critical', '-'],
      ['critical', '-'],
      ['warning', 'changed'],
      ['warning', '-'],
      ['warning', '-'],
    ]);
  });

  test('a warning never makes an alert worse than the check was configured', () => {
    expect(severityOf('critical', 'warning')).toBe('warning');
    expect(severityOf('critical', 'critical')).toBe('critical');
    expect(severityOf('warning', 'critical')).toBe('warning');
    expect(severityOf('warning', 'info')).toBe('info');
  });

  test('undecided while pending and while recovering, so that retry_interval applies', () => {
    const two = policy({ failAfter: inARow(2), recoverAfter: 2 });
    expect(run('sffss', two).map(({ undecided }) => undecided)).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  test('every judgement explains itself in one sentence', () => {
    const three = policy({ failAfter: inARow(3), recoverAfter: 2, forMs: 4000 });
    const texts = run('ffffffss', three).map((judgement, second) =>
      explain(judgement, three, instant(second * 1000, 0)),
    );
    expect(texts).toEqual([
      'pending: 1 of 3 failures in a row (fail_after)',
      'pending: 2 of 3 failures in a row (fail_after)',
      'pending: for 2s more (for)',
      'pending: for 1s more (for)',
      'fired: 5 of 3 failures in a row (fail_after)',
      'firing: still failing',
      'firing: 1 of 2 successes in a row (recover_after)',
      'resolved: 2 successes in a row (recover_after)',
    ]);
  });
});

describe('properties of debounce', () => {
  const anyPolicy: fc.Arbitrary<DebouncePolicy> = fc
    .record({
      failures: fc.integer({ min: 1, max: 5 }),
      extra: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
      forMs: fc.integer({ min: 0, max: 5000 }),
      recoverAfter: fc.integer({ min: 1, max: 4 }),
      keepFiringForMs: fc.integer({ min: 0, max: 5000 }),
      flap: fc.option(
        fc.record({
          window: fc.integer({ min: 4, max: 12 }),
          high: fc.constant(0.6),
          low: fc.constant(0.3),
        }),
        { nil: undefined },
      ),
    })
    .map(({ failures, extra, flap, ...rest }) => ({
      ...rest,
      ...(flap === undefined ? {} : { flap }),
      failAfter:
        extra === undefined
          ? { kind: 'consecutive', failures }
          : { kind: 'window', failures, of: failures + extra },
    }));
  const history = fc.string({ unit: fc.constantFrom('f', 'w', 's', 'u'), maxLength: 80 });

  test('fired and resolved alternate, beginning with fired', () => {
    fc.assert(
      fc.property(history, anyPolicy, (letters, of) => {
        const told = run(letters, of).flatMap(({ transition }) =>
          transition === 'fired' || transition === 'resolved' ? [transition] : [],
        );
        for (const [index, transition] of told.entries()) {
          expect(transition).toBe(index % 2 === 0 ? 'fired' : 'resolved');
        }
      }),
    );
  });

  test('the phase is firing exactly between a fired and a resolved', () => {
    fc.assert(
      fc.property(history, anyPolicy, (letters, of) => {
        let firing = false;
        for (const { state, transition } of run(letters, of)) {
          if (transition === 'fired') firing = true;
          if (transition === 'resolved') firing = false;
          expect(state.phase === 'firing').toBe(firing);
        }
      }),
    );
  });

  test('leaving out every unknown changes nothing but time', () => {
    const timeless = anyPolicy.map((of) => ({ ...of, forMs: 0, keepFiringForMs: 0 }));
    fc.assert(
      fc.property(history, timeless, (letters, of) => {
        const last = run(letters, of).at(-1)?.state ?? initialState;
        const plain = run(letters.replaceAll('u', ''), of).at(-1)?.state ?? initialState;
        const bare = ({
          phase,
          failures,
          successes,
          window,
          outcomes,
          level,
          flapping,
        }: AlertState) => ({
          phase,
          failures,
          successes,
          window,
          outcomes,
          level,
          flapping,
        });
        expect(bare(last)).toEqual(bare(plain));
      }),
    );
  });

  test('steps of the wall clock change no decision', () => {
    fc.assert(
      fc.property(
        history,
        anyPolicy,
        fc.array(fc.integer(), { minLength: 80, maxLength: 80 }),
        (letters, of, walls) => {
          let calm = initialState;
          let jumpy = initialState;
          for (const [second, letter] of letters.split('').entries()) {
            const status = statusOf[letter] ?? 'ok';
            const a = judge(calm, status, of, instant(second * 1000, second * 1000));
            const b = judge(jumpy, status, of, instant(second * 1000, walls[second] ?? 0));
            expect(b.rule).toBe(a.rule);
            expect(b.transition).toBe(a.transition);
            calm = a.state;
            jumpy = b.state;
          }
        },
      ),
    );
  });

  test('enough successes always resolve, enough failures always fire', () => {
    fc.assert(
      fc.property(history, anyPolicy, (letters, of) => {
        const sound = run(letters + 's'.repeat(30), of).at(-1);
        expect(sound?.state.phase).toBe('inactive');
        const failing = run(letters + 'f'.repeat(30), of).at(-1);
        expect(failing?.state.phase).toBe('firing');
      }),
    );
  });
});
