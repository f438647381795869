/** A place in a DNS message. What is read ends where `bytes` ends; names may point back into it. */
export interface DnsCursor {
  readonly bytes: Buffer;
  at: number;
  /** What all names of a message may still take, shared by everyone who reads it. */
  readonly names?: { lengthLeft: number };
}

/** Bytes of a name on the wire at most (RFC 1035, 2.3.4). */
const nameBytesMax = 255;

/** A name of so many bytes has no more labels than this, so a longer way through pointers is a loop. */
const pointersMax = 126;

/** What a byte of a name or text is written as where it would not stand for itself: `\007`. */
export function decimalEscape(byte: number): string {
  return `\\${String(byte).padStart(3, '0')}`;
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e;
}

/** Bytes as text, where the characters of `special` get a backslash and what is not printable a number. */
export function escaped(bytes: Buffer, special: string): string {
  const source = bytes.toString('latin1');
  // Nearly every label is like this, and hostile answers have very many.
  if (/^[\w-]*$/.test(source)) return source;
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCodePoint(byte);
    if (!isPrintable(byte)) text += decimalEscape(byte);
    else text += special.includes(character) ? `\\${character}` : character;
  }
  return text;
}

/** Characters of a label that mean something in a zone file. */
const specialInLabel = ` .'@;()"\\`;

/** A character string in quotes (RFC 1035, 5.1). */
export function quoted(bytes: Buffer): string {
  return `"${escaped(bytes, '"\\')}"`;
}

export function isAtEnd({ at, bytes }: DnsCursor): boolean {
  return at >= bytes.length;
}

/** The next bytes. Throws a `RangeError` where there are fewer, as everything here does. */
export function takeBytes(cursor: DnsCursor, length: number): Buffer {
  const end = cursor.at + length;
  if (end > cursor.bytes.length) throw new RangeError('the message ends too early');
  const taken = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return taken;
}

export function takeRest(cursor: DnsCursor): Buffer {
  return takeBytes(cursor, cursor.bytes.length - cursor.at);
}

/** The next number of 1 to 6 bytes. */
export function takeNumber(cursor: DnsCursor, length: number): number {
  return takeBytes(cursor, length).readUIntBE(0, length);
}

/** The bytes of the next character string, which its length stands in front of. */
export function takeText(cursor: DnsCursor): Buffer {
  return takeBytes(cursor, takeNumber(cursor, 1));
}

/**
 * The next domain name in presentation form, with the dot of the root. Pointers may lead anywhere in the
 * message, but not on and on.
 */
export function takeName(cursor: DnsCursor): string {
  const { bytes } = cursor;
  const walk: DnsCursor = { bytes, at: cursor.at };
  let text = '';
  let bytesLeft = nameBytesMax;
  let pointers = 0;
  for (;;) {
    const length = takeNumber(walk, 1);
    if (length === 0) break;
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | takeNumber(walk, 1);
      if (pointers === 0) cursor.at = walk.at;
      pointers += 1;
      if (pointers > pointersMax) throw new RangeError('a name that points in circles');
      walk.at = target;
    } else if (length >= 0x40) {
      throw new RangeError('a label of a kind that does not exist');
    } else {
      bytesLeft -= length + 1;
      if (bytesLeft <= 0) throw new RangeError(`a name of more than ${nameBytesMax} bytes`);
      text += `${escaped(takeBytes(walk, length), specialInLabel)}.`;
    }
  }
  if (pointers === 0) cursor.at = walk.at;
  const { names } = cursor;
  if (names !== undefined) {
    names.lengthLeft -= text.length;
    if (names.lengthLeft < 0) throw new RangeError('its names are too long when written out');
  }
  return text === '' ? '.' : text;
}

/** The byte that a text has at an index, and how many characters stand for it. */
function byteAt(name: Buffer, at: number): { readonly byte: number; readonly length: number } {
  const backslash = 0x5c;
  if (name[at] !== backslash) return { byte: name[at] ?? 0, length: 1 };
  const digits = /^\d{3}/.exec(name.toString('latin1', at + 1, at + 4))?.[0];
  if (digits !== undefined) return { byte: Number(digits) & 0xff, length: 4 };
  if (at + 1 >= name.length) throw new RangeError('it ends in a backslash');
  return { byte: name[at + 1] ?? 0, length: 2 };
}

/**
 * The wire form of a domain name as people write it, with or without the dot at its end; `\.` and `\046`
 * are a dot within a label. Throws a `RangeError` that says why it cannot be one.
 */
export function encodeName(name: string): Buffer {
  const source = Buffer.from(name === '.' ? '' : name);
  const labels: number[][] = [];
  let label: number[] = [];
  const endLabel = (): void => {
    if (label.length === 0) throw new RangeError('it has an empty label');
    if (label.length > 63) throw new RangeError('it has a label of more than 63 bytes');
    labels.push(label);
    label = [];
  };
  for (let at = 0; at < source.length;) {
    const { byte, length } = byteAt(source, at);
    if (length === 1 && byte === 0x2e) endLabel();
    else label.push(byte);
    at += length;
  }
  if (label.length > 0) endLabel();
  const wire = Buffer.from([...labels.flatMap((bytes) => [bytes.length, ...bytes]), 0]);
  if (wire.length > nameBytesMax) {
    throw new RangeError(`it has more than ${nameBytesMax} bytes`);
  }
  return wire;
}
