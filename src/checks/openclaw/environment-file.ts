/**
 * Reads the lines `NAME=value` of a `.env` file or an `EnvironmentFile=` of systemd, and gives the value of
 * one name; undefined if it is not there or empty. The last one counts. Source: systemd.exec(5),
 * EnvironmentFile=.
 */
export function valueIn(text: string, name: string): string | undefined {
  const lines = text.split(/\r?\n/).toReversed();
  for (const line of lines) {
    const written = /^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$/.exec(line);
    if (written?.[1] !== name) continue;
    const value = unquoted(written[2] ?? '');
    if (value !== '') return value;
  }
  return undefined;
}

function unquoted(text: string): string {
  return /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
}

/** What a unit file says of the environment of its service, and of the program that it starts. */
export interface UnitText {
  /** `NAME=value`, one a line. */
  readonly environment: string;
  /** Paths as they are written, without the hyphen that allows a file to be missing. */
  readonly environmentFiles: readonly string[];
  readonly startedPaths: readonly string[];
}

/** Reads a unit file and what was added to it. Source: systemd.exec(5), Environment=. */
export function readUnitText(text: string): UnitText {
  const of = (key: string): readonly string[] =>
    [...text.replaceAll(/\\\r?\n/g, ' ').matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(
      ([, value = '']) => value.trim(),
    );
  const words = of('Environment').flatMap(wordsOf);
  return {
    environment: words.join('\n'),
    environmentFiles: of('EnvironmentFile').map((path) => path.replace(/^-/, '')),
    startedPaths: of('ExecStart')
      .flatMap(wordsOf)
      .filter((word) => word.startsWith('/')),
  };
}

/** Words between blanks; quotes may stand around a word or around a value. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.map((word) => word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, '$1$2'));
}
