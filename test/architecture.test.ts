import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = dirname(import.meta.dirname);
const sources = globSync('src/**/*.ts', { cwd: root });

/** What each folder may import, as the table in the document says. */
function allowedImports(): Map<string, readonly string[]> {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const rows = page.matchAll(/^\| (`[^|]+) \| ([^|]+) \|$/gm);
  const allowed = new Map<string, readonly string[]>();
  for (const [, folders = '', cell = ''] of rows) {
    const names = (text: string): string[] =>
      [...text.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
    for (const folder of names(folders)) allowed.set(folder, [...names(cell), folder]);
  }
  return allowed;
}

function folderOf(path: string): string {
  return path.split('/')[1] ?? '';
}

/** Every import of one folder of `src` by another, and of Node's modules. */
function imports(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target = '']) =>
    target.startsWith('.') ? normalize(join(dirname(path), target)) : target,
  );
}

describe('the house', () => {
  const allowed = allowedImports();

  test('has the folders that the table names, and no others', () => {
    const folders = new Set(sources.filter((path) => path.split('/').length > 2).map(folderOf));
    expect([...folders].toSorted()).toEqual([...allowed.keys()].toSorted());
  });

  test.each(sources.filter((path) => path.split('/').length > 2))(
    '%s imports what it may',
    (path) => {
      const folders = imports(path)
        .filter((target) => target.startsWith('src/'))
        .map(folderOf);
      expect(allowed.get(folderOf(path))).toEqual(expect.arrayContaining(folders));
    },
  );

  test('only the store and checks open SQLite, and alerts, routing and model know no Node module', () => {
    const of = (wanted: (target: string) => boolean): string[] => [
      ...new Set(sources.filter((path) => imports(path).some(wanted)).map(folderOf)),
    ];
    expect(of((target) => target === 'node:sqlite').toSorted()).toEqual(['checks', 'store']);
    const withNode = of((target) => target.startsWith('node:'));
    for (const pure of ['alerts', 'routing', 'model']) expect(withNode).not.toContain(pure);
  });

  test('files are named after what they hold, and nothing is left open in them', () => {
    for (const path of sources) {
      expect(basename(path)).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/);
      expect(basename(path).replace('alertmanager', '')).not.toMatch(
        /utils|helpers|common|manager/,
      );
      expect(readFileSync(join(root, path), 'utf8')).not.toMatch(/TODO|FIXME|XXX|HACK/);
    }
  });

  test('nobody but the clock reads the time or sets a timer', () => {
    // The script of the page runs in a browser, which has no other clock.
    const inAgent = sources.filter((path) => path !== 'src/web/page-script.ts');
    const readers = inAgent.filter((path) =>
      /\bDate\.now\(|performance\.now\(|\bsetTimeout\(|\bsetInterval\(/.test(
        readFileSync(join(root, path), 'utf8'),
      ),
    );
    expect(readers).toEqual(['src/lib/clock.ts']);
  });
});
