import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of `README.md` that the bench writes, each between its own markers. */
export type Section =
  | 'results'
  | 'probes'
  | 'scrapes'
  | 'alerts'
  | 'checks'
  | 'install'
  | 'watchdog';

/** Puts tables between the markers of their part of `README.md`. Throws where these are missing. */
export function keepTables(section: Section, tables: string): void {
  const file = join(import.meta.dirname, 'README.md');
  const text = readFileSync(file, 'utf8');
  const marked = new RegExp(`(<!-- ${section} -->\n)[\\s\\S]*(<!-- end of ${section} -->)`);
  if (!marked.test(text)) throw new Error(`${file} has no markers for ${section}`);
  writeFileSync(
    file,
    text.replace(marked, (_, begin: string, end: string) => `${begin}\n${tables}\n\n${end}`),
  );
}
