import { Secret } from '../model/secret.ts';
import { passwordsIn } from './masked.ts';
import { refuse, type Reading } from './reading.ts';
import { looksSecret, parsePieces, resolveReference, type Piece } from './reference.ts';
import { takesBytes, takesLiteral, takesSecret, takesType, type Schema } from './schema-shape.ts';
import type { ScalarTree } from './tree.ts';

/**
 * The value of a scalar for a schema: references replaced, a `Secret` where one is wanted. A failing
 * reference is told and gives an empty text.
 */
export function readScalar(
  reading: Reading,
  tree: ScalarTree,
  schemas: readonly Schema[],
): unknown {
  const secret = takesSecret(schemas);
  if (secret) reading.hidden.add(tree);
  if (tree.value instanceof Uint8Array) return readBytes(reading, tree.value, schemas, secret);
  if (typeof tree.value !== 'string' && !isMeantAsText(tree, schemas, secret)) return tree.value;
  if (isFlagWord(tree, schemas)) return flagWords[tree.text.toLowerCase()];
  if (tree.isForeign) return readForeign(reading, tree, secret);
  if (takesLiteral(schemas)) return tree.text;
  const pieces = parsePieces(tree.text);
  if ('error' in pieces) {
    refuse(reading, tree, pieces.error);
    return '';
  }
  const resolved = resolvePieces(reading, tree, pieces);
  if (resolved === undefined) return '';
  if (secret) return asSecret(reading, tree, resolved);
  return pieces.length === 1 && resolved.reread !== undefined
    ? fitting(resolved.text, schemas)
    : resolved.text;
}

/** Bytes where raw bytes are wanted, else the text they stand for. */
function readBytes(
  reading: Reading,
  bytes: Uint8Array,
  schemas: readonly Schema[],
  secret: boolean,
): unknown {
  if (takesBytes(schemas)) return bytes;
  const text = Buffer.from(bytes).toString('utf8');
  return secret ? literalSecret(reading, text) : text;
}

/** What YAML 1.1 takes for true and false, where only a boolean can be meant. */
const flagWords: Readonly<Record<string, boolean>> = {
  y: true,
  yes: true,
  on: true,
  n: false,
  no: false,
  off: false,
};

function isFlagWord({ text }: ScalarTree, schemas: readonly Schema[]): boolean {
  const isOnlyFlag = takesType(schemas, 'boolean') && !takesType(schemas, 'string');
  return isOnlyFlag && Object.hasOwn(flagWords, text.toLowerCase());
}

/** A text of a file in the format of another program: nothing in it is a reference. */
function readForeign(reading: Reading, tree: ScalarTree, secret: boolean): string | Secret {
  reading.secrets.push(...passwordsIn(tree.text).map((password) => Secret.of(password)));
  return secret ? literalSecret(reading, tree.text) : tree.text;
}

function literalSecret(reading: Reading, text: string): Secret {
  const secret = Secret.of(text);
  reading.secrets.push(secret);
  return secret;
}

/** A key of nothing but digits is a text to whoever wants a text, with every leading zero. */
function isMeantAsText(tree: ScalarTree, schemas: readonly Schema[], secret: boolean): boolean {
  const type = typeof tree.value === 'number' ? 'number' : 'boolean';
  if (tree.value === null || takesType(schemas, type)) return false;
  return secret || takesType(schemas, 'string');
}

interface ResolvedText {
  readonly text: string;
  /** Reads the value again; only where the whole text is one reference. */
  readonly reread?: () => string;
}

function resolvePieces(
  reading: Reading,
  tree: ScalarTree,
  pieces: readonly Piece[],
): ResolvedText | undefined {
  let text = '';
  let reread: (() => string) | undefined;
  for (const piece of pieces) {
    if (piece.kind === 'text') text += piece.text;
    else {
      const found = resolveReference(piece.reference, reading);
      if (!found.ok) {
        refuse(reading, tree, found.message);
        return undefined;
      }
      text += found.value;
      reread = found.reread;
      if (looksSecret(piece.reference)) reading.secrets.push(Secret.of(found.value));
    }
  }
  reading.secrets.push(...passwordsIn(text).map((password) => Secret.of(password)));
  return { text, ...(pieces.length === 1 && reread !== undefined ? { reread } : {}) };
}

function asSecret(reading: Reading, tree: ScalarTree, { text, reread }: ResolvedText): Secret {
  if (text === '') refuse(reading, tree, 'expected a text that is not empty, found an empty one');
  const secret = reread === undefined ? Secret.of(text) : new Secret(reread, tree.text);
  reading.secrets.push(secret);
  return secret;
}

/** The value of a reference is a text; where only a number or true and false fit, it is read as one. */
function fitting(text: string, schemas: readonly Schema[]): unknown {
  if (takesType(schemas, 'string')) return text;
  if (takesType(schemas, 'boolean') && (text === 'true' || text === 'false'))
    return text === 'true';
  const number = Number(text);
  return takesType(schemas, 'number') && text.trim() !== '' && !Number.isNaN(number)
    ? number
    : text;
}
