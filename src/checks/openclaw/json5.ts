/**
 * Reads JSON5, in which OpenClaw keeps its settings: comments, trailing commas, names without quotes,
 * single quotes. Numbers are those of JavaScript. Undefined if the text is none, also where it is cut off.
 * Source: the JSON5 data interchange format, 1.0.0.
 */
export function parseJson5(text: string): unknown {
  const tokens = tokensOf(text);
  if (tokens === undefined) return undefined;
  let at = 0;
  const value = (depth: number): string | undefined => {
    const token = tokens[at++];
    if (token === undefined || depth > depthMax) return undefined;
    if (token === '{' || token === '[') return inner(token, depth);
    if (/^["']/.test(token)) return quoted(token);
    if (/^(?:true|false|null)$/.test(token)) return token;
    const number = /^[+-]?[\d.]/.test(token) ? Number(token.replace(/^\+/, '')) : Number.NaN;
    return Number.isFinite(number) ? String(number) : undefined;
  };
  const inner = (open: string, depth: number): string | undefined => {
    const close = open === '{' ? '}' : ']';
    const parts: string[] = [];
    while (tokens[at] !== close) {
      let name = '';
      if (open === '{') {
        const token = tokens[at++] ?? '';
        if (!/^["'\w$]/.test(token) || tokens[at++] !== ':') return undefined;
        name = `${/^["']/.test(token) ? quoted(token) : JSON.stringify(token)}:`;
      }
      const one = value(depth + 1);
      if (one === undefined) return undefined;
      parts.push(`${name}${one}`);
      if (tokens[at] === ',') at += 1;
      else if (tokens[at] !== close) return undefined;
    }
    at += 1;
    return `${open}${parts.join(',')}${close}`;
  };
  const json = value(0);
  if (json === undefined || at !== tokens.length) return undefined;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

/** Settings nest a dozen deep at most; beyond that the stack would be at stake. */
const depthMax = 100;

const token =
  /\s+|\/\/[^\n]*|\/\*[^]*?\*\/|("(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|[{}[\]:,]|[\w$.+-]+)/y;

function tokensOf(text: string): readonly string[] | undefined {
  const tokens: string[] = [];
  const plain = text.replace(/^\uFEFF/, '');
  token.lastIndex = 0;
  while (token.lastIndex < plain.length) {
    const match = token.exec(plain);
    if (match === null) return undefined;
    if (match[1] !== undefined) tokens.push(match[1]);
  }
  return tokens;
}

/** A text in the quotes of JSON. */
function quoted(written: string): string {
  const text = written.slice(1, -1).replaceAll(/\\\r?\n|\\[^]|"/g, (found) => {
    if (found === '"') return '\\"';
    if (found === "\\'") return "'";
    return found.endsWith('\n') ? '' : found;
  });
  return `"${text}"`;
}
