import { labelNames, type Labels } from './labels.ts';

const encoder = new TextEncoder();

/** Separates names from values, a byte that UTF-8 never contains. */
const separator = Uint8Array.of(0xff);

/** 64-bit FNV-1a over all chunks in turn, as 16 lower-case hex digits. */
function fnv1a64(chunks: readonly Uint8Array[]): string {
  // The 64-bit state is kept as four 16-bit limbs: BigInt arithmetic allocates for every byte.
  let [a, b, c, d] = [0x2325, 0x8422, 0x9ce4, 0xcbf2];
  for (const chunk of chunks) {
    for (const byte of chunk) {
      a ^= byte;
      // The prime is 0x100000001b3: multiply by 0x1b3 and add the state shifted left by 40 bits.
      const a1 = a * 0x1b3;
      const b1 = b * 0x1b3 + (a1 >>> 16);
      const c1 = c * 0x1b3 + (b1 >>> 16) + ((a << 8) & 0xffff);
      const d1 = d * 0x1b3 + (c1 >>> 16) + ((b << 8) & 0xffff) + (a >>> 8);
      a = a1 & 0xffff;
      b = b1 & 0xffff;
      c = c1 & 0xffff;
      d = d1 & 0xffff;
    }
  }
  return [d, c, b, a].map((limb) => limb.toString(16).padStart(4, '0')).join('');
}

/**
 * The identity of a label set: 64-bit FNV-1a over, for each label in name order, the name, 0xFF, the
 * value and 0xFF, as 16 lower-case hex digits. The same value as Prometheus and Alertmanager compute.
 */
export function fingerprint(labels: Labels): string {
  return fnv1a64(
    labelNames(labels).flatMap((name) => [
      encoder.encode(name),
      separator,
      encoder.encode(labels[name]),
      separator,
    ]),
  );
}

/** 64-bit FNV-1a over one text: a short, stable name for a long key. */
export function hashText(text: string): string {
  return fnv1a64([encoder.encode(text)]);
}
