import { secretMask } from '../model/secret.ts';
import { parsePieces } from './reference.ts';
import type { MapEntry, ScalarTree, Tree } from './tree.ts';

const userinfo = /(\w[\w+.-]*:\/\/[^/?#@\s:]*:)[^/?#@\s]+@/g;

/** The password in a URL, which is a secret wherever it stands. */
export function passwordsIn(text: string): readonly string[] {
  return [...text.matchAll(userinfo)].map(([whole, before = '']) => whole.slice(before.length, -1));
}

/** The text with the password of every URL in it masked: `http://user:xxxxx@host`. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(userinfo, '$1xxxxx@');
}

/**
 * The text of a scalar as it may be shown: references as written, since they only name a secret;
 * anything else in a secret field masked, and so are passwords inside URLs.
 */
export function shownText(tree: ScalarTree, hidden: ReadonlySet<ScalarTree>): string {
  if (!hidden.has(tree)) return withoutPasswords(tree.text);
  const pieces = parsePieces(tree.text);
  if ('error' in pieces || pieces.some(({ kind }) => kind === 'text')) return secretMask;
  return pieces
    .map((piece) => (piece.kind === 'reference' ? withoutFallback(piece.written) : ''))
    .join('');
}

function withoutFallback(written: string): string {
  return written.replace(/:-.+\}$/s, `:-${secretMask}}`);
}

/** Texts that need no quotes, also to readers of YAML 1.1, where yes and on are true. */
const plainWord = /^[A-Za-z_/<$][^\p{Cc}\u2028\u2029]*$/u;
const plainDuration = /^\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*$/;
const otherwiseRead = /^(?:true|false|null|yes|no|on|off|y|n)$/i;
const broken = /: | #|[: ]$/;

function quoted(text: string): string {
  const isPlain = plainDuration.test(text) || (plainWord.test(text) && !broken.test(text));
  return isPlain && !otherwiseRead.test(text) ? text : JSON.stringify(text);
}

/** Writes a tree as YAML, with every secret masked. */
export function maskedYaml(tree: Tree, hidden: ReadonlySet<ScalarTree>): string {
  return `${block(tree, hidden, '').trimStart()}\n`;
}

/** What follows a key or a dash: on the same line for a scalar, else indented on the next lines. */
function block(tree: Tree, hidden: ReadonlySet<ScalarTree>, indent: string): string {
  if (tree.kind === 'scalar') return scalar(tree, hidden);
  if (tree.kind === 'list') {
    if (tree.items.length === 0) return '[]';
    const items = tree.items.map((item) => {
      const text = block(item, hidden, `${indent}  `).trimStart();
      return `\n${indent}- ${text}`;
    });
    return items.join('');
  }
  if (tree.entries.size === 0) return '{}';
  return [...tree.entries].map((entry) => pair(entry, hidden, indent)).join('');
}

function pair(
  [key, { value }]: readonly [string, MapEntry],
  hidden: ReadonlySet<ScalarTree>,
  indent: string,
): string {
  const text = block(value, hidden, `${indent}  `);
  return `\n${indent}${quoted(key)}:${text.startsWith('\n') ? text : ` ${text}`}`;
}

function scalar(tree: ScalarTree, hidden: ReadonlySet<ScalarTree>): string {
  const text = shownText(tree, hidden);
  if (tree.value === null) return 'null';
  if (tree.value instanceof Uint8Array) return `!!binary ${tree.text.replaceAll(/\s/g, '')}`;
  return typeof tree.value === 'string' || hidden.has(tree) ? quoted(text) : text;
}
