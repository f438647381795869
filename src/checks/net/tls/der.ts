/** One element of DER (X.690): its tag and where its contents lie. */
export interface DerElement {
  readonly tag: number;
  readonly contents: Buffer;
}

export const derTags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  latin1String: 0x14,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/**
 * The elements that stand one after the other in `bytes`. Stops at what is cut short or malformed: the
 * certificates it is used on were parsed by OpenSSL before.
 */
export function derElements(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 0;
    at += 2;
    if (length >= 0x80) {
      const lengthBytes = length & 0x7f;
      if (lengthBytes === 0 || lengthBytes > 4 || at + lengthBytes > bytes.length) break;
      length = bytes.readUIntBE(at, lengthBytes);
      at += lengthBytes;
    }
    if (at + length > bytes.length) break;
    elements.push({ tag, contents: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}

/** An object identifier in dotted notation: `2.5.4.3`. */
export function dottedOid(contents: Buffer): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of contents) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (numbers.length === 0) {
      const root = Math.min(2, Math.floor(value / 40));
      numbers.push(root, value - root * 40);
    } else {
      numbers.push(value);
    }
    value = 0;
  }
  return numbers.join('.');
}

/** The text of one of the string types. */
export function derText({ tag, contents }: DerElement): string {
  if (tag === derTags.utf8String) return contents.toString('utf8');
  if (tag !== derTags.bmpString) return contents.toString('latin1');
  return Buffer.from(contents.subarray(0, contents.length & ~1))
    .swap16()
    .toString('utf16le');
}

/** Encodes a short or long length and puts the tag in front. */
export function derEncode(tag: number, contents: Buffer): Buffer {
  const { length } = contents;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), contents]);
  const digits = length.toString(16);
  const lengthBytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.of(tag, 0x80 | lengthBytes.length), lengthBytes, contents]);
}
