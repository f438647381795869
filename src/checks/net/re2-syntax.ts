/**
 * RE2 syntax (https://github.com/google/re2/wiki/Syntax) said in JavaScript's: the same texts match. What
 * RE2 refuses (look-around, back references) is refused as well, so that an expression which loads here
 * is one that blackbox_exporter loads.
 */
interface Translation {
  readonly body: string;
  readonly flags: string;
}

const posixClasses: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Escapes that mean the same in both, outside and inside a bracket expression. */
const sharedEscapes = /^[dDwWfnrtv]/;
const codePoint = /^x(?:([\da-fA-F]{2})|\{([\da-fA-F]{1,6})\})/;
const propertyName = /^([pP])(?:([A-Z])|\{(\^?)(\w+)\})/;
const repetition = /^\{\d+(?:,\d*)?\}/;
const groupHead = /^\(\?(?:P?<(\w+)>|([ims]*(?:-[ims]+)?):)/;

/** The translation of the beginning of an expression, and how many characters of it that takes up. */
interface Piece {
  readonly text: string;
  readonly length: number;
}

function literal(character: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character;
}

function outsideLiteral(character: string): string {
  return character === '-' ? character : literal(character);
}

/** What follows a backslash. `length` counts from after the backslash. */
function escape(rest: string, inClass: boolean): Piece {
  const [first = ''] = rest;
  if (sharedEscapes.test(first)) return { text: `\\${first}`, length: 1 };
  if (first === 's') return { text: inClass ? '\\t\\n\\f\\r ' : '[\\t\\n\\f\\r ]', length: 1 };
  if (first === 'S') return { text: inClass ? '\\S' : '[^\\t\\n\\f\\r ]', length: 1 };
  if (first === 'a') return { text: '\\x07', length: 1 };
  const point = codePoint.exec(rest);
  if (point !== null)
    return { text: `\\u{${point[1] ?? point[2] ?? ''}}`, length: point[0].length };
  const property = propertyName.exec(rest);
  if (property !== null) {
    const [whole, letter = 'p', short, negated, long] = property;
    const flipped = letter === 'p' ? 'P' : 'p';
    const sign = negated === '^' ? flipped : letter;
    return { text: `\\${sign}{${short ?? scriptOf(long ?? '')}}`, length: whole.length };
  }
  if (!inClass && /^[bB]/.test(first)) return { text: `\\${first}`, length: 1 };
  if (!inClass && first === 'A') return { text: '(?<![\\s\\S])', length: 1 };
  if (!inClass && first === 'z') return { text: '(?![\\s\\S])', length: 1 };
  if (first === '' || /^[\w]/.test(first)) throw new SyntaxError(`unknown escape \\${first}`);
  return { text: inClass ? literal(first) : outsideLiteral(first), length: first.length };
}

/** RE2 names scripts without saying that they are one; categories have one or two letters. */
function scriptOf(name: string): string {
  return name.length <= 2 ? name : `Script=${name}`;
}

/** A bracket expression, from its `[` to its `]`. */
function bracket(rest: string): Piece {
  let text = '[';
  let at = 1;
  if (rest[at] === '^') {
    text += '^';
    at += 1;
  }
  const first = at;
  for (;;) {
    const character = rest[at];
    if (character === undefined) throw new SyntaxError('missing closing ]');
    if (character === ']' && at > first) return { text: `${text}]`, length: at + 1 };
    const posix = /^\[:(\^?)(\w+):\]/.exec(rest.slice(at));
    if (posix !== null) {
      const members = posixClasses[posix[2] ?? ''];
      if (members === undefined || posix[1] === '^') {
        throw new SyntaxError(`unknown character class ${posix[0]}`);
      }
      text += members;
      at += posix[0].length;
    } else if (character === '\\') {
      const escaped = escape(rest.slice(at + 1), true);
      text += escaped.text;
      at += 1 + escaped.length;
    } else {
      // A hyphen keeps its meaning: a range in the middle, itself at either end.
      const edge = at === first || rest[at + 1] === ']';
      text += character === '-' && !edge ? '-' : literal(character);
      at += 1;
    }
  }
}

function group(rest: string): Piece {
  if (!rest.startsWith('(?')) return { text: '(', length: 1 };
  const head = groupHead.exec(rest);
  if (head === null) {
    throw new SyntaxError(
      `${rest.slice(0, 4)} is not supported: no look-around, flags only in front`,
    );
  }
  const [whole, name, flags] = head;
  if (name !== undefined) return { text: `(?<${name}>`, length: whole.length };
  return { text: `(?${flags ?? ''}:`, length: whole.length };
}

/**
 * Translates an expression. Throws a `SyntaxError` for what RE2 does not know; what else is wrong with it
 * is found when it is compiled.
 */
export function translate(source: string): Translation {
  const inline = /^\(\?([ims]+)\)/.exec(source);
  const flags = [...new Set(inline?.[1] ?? '')].join('');
  const dot = flags.includes('s') ? '.' : '[^\\n]';
  let rest = source.slice(inline?.[0].length ?? 0);
  let body = '';
  while (rest !== '') {
    const piece = next(rest, dot);
    body += piece.text;
    rest = rest.slice(piece.length);
  }
  return { body, flags: `u${flags}` };
}

function next(rest: string, dot: string): Piece {
  const [character = ''] = rest;
  const repeated = repetition.exec(rest);
  if (repeated !== null) return { text: repeated[0], length: repeated[0].length };
  if (rest.startsWith('\\Q')) {
    const end = rest.indexOf('\\E', 2);
    const quoted = rest.slice(2, end < 0 ? undefined : end);
    const text = Array.from(quoted, outsideLiteral).join('');
    return { text, length: end < 0 ? rest.length : end + 2 };
  }
  switch (character) {
    case '\\': {
      const escaped = escape(rest.slice(1), false);
      return { text: escaped.text, length: 1 + escaped.length };
    }
    case '[':
      return bracket(rest);
    case '(':
      return group(rest);
    case '.':
      return { text: dot, length: 1 };
    case '{':
    case '}':
    case ']':
      return { text: `\\${character}`, length: 1 };
    default:
      return { text: character, length: character.length };
  }
}
