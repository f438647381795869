import fc from 'fast-check';
import { expect } from 'vitest';

/** Bytes as such, and text of all kinds, which most parsers are handed in the end. */
export const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

export const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ maxLength, unit: 'binary' }),
    fc.string({ maxLength, unit: 'grapheme' }),
    bytes(maxLength).map((raw) => raw.toString('latin1')),
  );

/** What happened to some bytes on their way. */
type Damage =
  | { readonly kind: 'set'; readonly at: number; readonly byte: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'drop' | 'double'; readonly at: number; readonly length: number };

/** Part of the length; arbitrary doubles would nearly all be close to the start. */
const place = fc.nat(9999).map((part) => part / 10_000);
const damage: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set'), at: place, byte: fc.nat(255) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut'), at: place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('drop', 'double'),
      at: place,
      length: fc.integer({ min: 1, max: 40 }),
    }),
  },
) as fc.Arbitrary<Damage>;

function damaged(sound: Buffer, { at, ...how }: Damage): Buffer {
  const start = Math.floor(at * sound.length);
  const before = sound.subarray(0, start);
  switch (how.kind) {
    case 'set':
      return Buffer.concat([before, Buffer.of(how.byte), sound.subarray(start + 1)]);
    case 'cut':
      return before;
    case 'drop':
      return Buffer.concat([before, sound.subarray(start + how.length)]);
    case 'double':
      return Buffer.concat([sound.subarray(0, start + how.length), sound.subarray(start)]);
    default:
      return how satisfies never;
  }
}

/** One of some sound pieces with one to three bytes replaced, which a lenient reader may still take. */
export function altered(sound: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const change = fc.record({ kind: fc.constant('set' as const), at: place, byte: fc.nat(255) });
  return fc
    .tuple(fc.constantFrom(...sound), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([piece, changes]) => changes.reduce<Buffer>(damaged, piece));
}

/** One of some sound pieces, with a few damages. */
export function mutated(sound: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.constantFrom(...sound), fc.array(damage, { minLength: 1, maxLength: 5 }))
    .map(([piece, damages]) => damages.reduce<Buffer>(damaged, piece));
}

/** The seed of all runs: a failure is the same on every machine. */
export const seed = 20_251_125;

/** Checks a property so many times. */
export function holds<Values extends [unknown, ...unknown[]]>(
  property: fc.IProperty<Values>,
  numRuns: number,
): void {
  fc.assert(property, { seed, numRuns });
}

export async function holdsInTime<Values extends [unknown, ...unknown[]]>(
  property: fc.IAsyncProperty<Values>,
  numRuns: number,
): Promise<void> {
  await fc.assert(property, { seed, numRuns });
}

/** What a parser may take for one input, in processor time of a slow machine. */
const parseMaxMs = 1000;

/** Runs a parser once and holds it to its time. */
export function inTime<Result>(parse: () => Result): Result {
  const before = process.threadCpuUsage();
  const result = parse();
  const { user, system } = process.threadCpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(parseMaxMs);
  return result;
}
