/** A part of a manual page, as lines of roff with the macros of man(7). */
export type Part = readonly string[];

/** A whole page; `date` is what stands in its foot, such as 2026-01-31. */
export function page(
  name: string,
  section: number,
  date: string,
  version: string,
  parts: readonly Part[],
): string {
  const title = `.TH ${name.toUpperCase()} ${section} ${date} "tocsin ${version}"`;
  // No hyphens that nobody typed, and no blanks to fill a line: what is shown can be copied.
  return `${['.nr HY 0', title, '.ad l', ...parts.flat()].join('\n')}\n`;
}

export function heading(text: string, ...parts: readonly Part[]): Part {
  return [`.SH ${escaped(text.toUpperCase())}`, ...withoutFirstBreak(parts)];
}

export function subheading(text: string, ...parts: readonly Part[]): Part {
  return [`.SS ${quoted(text)}`, ...withoutFirstBreak(parts)];
}

/** A heading begins a paragraph by itself. */
function withoutFirstBreak(parts: readonly Part[]): Part {
  const lines = parts.flat();
  return lines[0] === '.PP' ? lines.slice(1) : lines;
}

export function paragraph(text: string): Part {
  return ['.PP', ...wrapped(text)];
}

/** A term in bold and what it means, indented. */
export function item(term: string, text: string, below: Part = []): Part {
  const inner = below.length === 0 ? [] : ['.RS', ...below, '.RE'];
  return ['.TP', `.B ${quoted(term)}`, ...wrapped(text === '' ? '\u00a0' : text), ...inner];
}

/** Lines that are shown as they are. */
export function literal(text: string): Part {
  const lines = text.replace(/\n$/, '').split('\n');
  return ['.PP', '.in +4n', '.EX', ...lines.map(line), '.EE', '.in'];
}

/** Text between backticks becomes bold, as a name that is typed. */
function wrapped(text: string): Part {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(/[ \n]+/)) {
    if (current !== '' && current.length + word.length > 76) {
      lines.push(current);
      current = '';
    }
    current = current === '' ? word : `${current} ${word}`;
  }
  // Every second part stood between backticks, also where these are on two lines.
  return [...lines, current]
    .join('\n')
    .split('`')
    .map((part, index) => (index % 2 === 1 ? `\\fB${escaped(part)}\\fR` : escaped(part)))
    .join('')
    .split('\n')
    .map(asText);
}

function line(text: string): string {
  return text === '' ? '.sp' : asText(escaped(text));
}

/** A dot or a quote at the beginning of a line would be a command. */
function asText(text: string): string {
  return text.replace(/^(?=[.'])/, '\\&');
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '\\(dq')}"`;
}

/** ASCII alone, since not every roff reads UTF-8; a hyphen stays the one that is typed. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('\u00a0', '\\ ')
    .replaceAll(/[^ -~\n]/gu, (character) => {
      const point = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      return `\\[u${point}]`;
    });
}
