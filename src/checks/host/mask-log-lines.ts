import { secretMask } from '../../model/secret.ts';

/** Words that announce a secret, as services, shells and JSON write them. */
const announced =
  'pass(?:word|wd|phrase)?|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|(?:access|refresh|auth|id|api|bot)?[_-]?token|' +
  '(?:api|private|signing|encryption|access)[_-]?key|client[_-]?secret|credentials?|authorization|signature|sig';

/** A value: quoted, or up to what ends one in a log, a URL or a list. */
const value = '(?:"(?:[^"\\\\]|\\\\.)*"?|\'[^\']*\'?|[^\\s,;&"\']+)';

const rules: readonly (readonly [RegExp, string])[] = [
  // All of a cookie: what is told of one is mostly the session.
  [/\b((?:set-)?cookie["']?\s*[:=]\s*).+$/gi, `$1${secretMask}`],
  [/\b(bearer\s+)[\w.~+/=-]{8,}/gi, `$1${secretMask}`],
  // Without a digit it is a word of a sentence.
  [/\b((?:basic|negotiate)\s+)(?=\S*[\d+/=])[\w.~+/=-]{8,}/gi, `$1${secretMask}`],
  [
    new RegExp(`((?:${announced})["']?\\s*[:=]\\s*)(?:(?:bearer|basic|token)\\s+)?${value}`, 'gi'),
    `$1${secretMask}`,
  ],
  [new RegExp(`(--?(?:${announced})\\s+)${value}`, 'gi'), `$1${secretMask}`],
  // The password of a URL, which may hold an @ of its own.
  [/(:\/\/[^\s:/@]{0,100}:)[^\s/]{1,200}(?=@)/g, `$1${secretMask}`],
  [/\b(hooks\.slack\.com\/(?:services|triggers|workflows)\/)\S+/gi, `$1${secretMask}`],
  [/\b(api\.telegram\.org\/bot)[^\s/]+/gi, `$1${secretMask}`],
  // Shapes by which providers make their keys known.
  [
    /\b(?:[spr]k[-_][\w-]{10,}|gh[opsur]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|npm_\w{20,}|hf_\w{20,}|whsec_[\w+/=]{16,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)/g,
    secretMask,
  ],
];

const keyBegins = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const keyEnds = /-----END [A-Z ]*PRIVATE KEY-----/;

/** A line of a key in PEM, which is 64 characters of base64: hexadecimal checksums are none. */
const keyLine = /(?=[0-9a-f]*[^\s0-9a-f])[A-Za-z0-9+/]{60,}={0,2}/g;

/** Longer lines are cut before they are searched: nobody is shown that much of one. */
const searchedMax = 4000;

/**
 * Lines of a log without what looks like a secret: services write into it what they should not. A private
 * key may go over several lines, of which the first need not be among these.
 */
export function maskLogLines(lines: readonly string[]): readonly string[] {
  let isKey = false;
  return lines.map((line) => {
    const begins = keyBegins.exec(line.slice(0, searchedMax));
    const wasKey = isKey;
    if (begins !== null) isKey = true;
    if (keyEnds.test(line)) isKey = false;
    if (begins !== null) return `${masked(line.slice(0, begins.index))}${secretMask}`;
    // The program that logs puts date and name before each line.
    return wasKey ? masked(line.replace(/\S+\s*$/, secretMask)) : masked(line);
  });
}

function masked(line: string): string {
  let text = line.slice(0, searchedMax);
  for (const [pattern, mask] of rules) text = text.replace(pattern, mask);
  return text.replace(keyLine, secretMask);
}
