import { seededRandom, type Random } from '../sim/random.ts';

/** A module with a server that it is to probe, both made from one seed. */
export interface RandomCase {
  readonly seed: number;
  /** As it stands in `blackbox.yml`. */
  readonly module: { readonly prober: string; readonly [key: string]: unknown };
  /** How the server behaves, to be printed. */
  readonly behaviour: unknown;
  /** It may end with the deadline, at which blackbox_exporter itself does not always say the same. */
  readonly isTimed?: boolean;
  /** What was sent last may never arrive: whoever hangs up with lines unread breaks the connection. */
  readonly losesEnd?: boolean;
  start(): Promise<RandomServer>;
}

/** A server that behaves as its case says, again and again. */
export interface RandomServer extends AsyncDisposable {
  readonly target: string;
  /** What arrived since the last question: the same from two programs that ask the same. */
  seen(): Promise<readonly unknown[]>;
}

/** More ways to let chance decide. */
export interface Dice extends Random {
  /** A value, or undefined with the rest of the chance. */
  maybe<T>(share: number, value: () => T): T | undefined;
  /** From `min` to `max` values. */
  several<T>(min: number, max: number, value: () => T): T[];
  /** Each item with the same chance; the order is kept. */
  some<T>(list: readonly T[], share?: number): T[];
  /** One of the makers, by weight. */
  weighted<T>(choices: readonly (readonly [weight: number, make: () => T])[]): T;
}

export function diceOf(seed: number): Dice {
  const random = seededRandom(seed);
  return {
    ...random,
    maybe: (share, value) => (random.chance(share) ? value() : undefined),
    several: (min, max, value) => Array.from({ length: random.between(min, max) }, () => value()),
    some: (list, share = 0.5) => list.filter(() => random.chance(share)),
    weighted(choices) {
      const total = choices.reduce((sum, [weight]) => sum + weight, 0);
      let rest = random.next() * total;
      for (const [weight, make] of choices) {
        rest -= weight;
        if (rest < 0) return make();
      }
      throw new Error('weights are positive');
    },
  };
}

/** The object without what is undefined, for a file that knows no such value. */
export function present<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== undefined),
  ) as Partial<T>;
}
