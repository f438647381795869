import { readFile, readdir } from 'node:fs/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tables } from '../../src/app/load.ts';
import { importAlertmanager } from '../../src/config/load.ts';
import { directoryWith, loadDirectory } from '../support/config.ts';
import { diceOf, type Dice } from '../support/random-case.ts';

const folder = join(import.meta.dirname, '../support/alertmanager');

/** What people and editors do to files. */
function damaged(text: string, dice: Dice): string {
  const lines = text.split('\n');
  for (let times = dice.between(1, 4); times > 0; times -= 1) {
    const at = dice.between(0, lines.length - 1);
    const line = lines[at] ?? '';
    const changed = dice.weighted<readonly string[]>([
      [3, () => []],
      [1, () => [line, line]],
      [1, () => [`  ${line}`]],
      [1, () => [line.replace(/^ {2}/, '')]],
      [2, () => [line.replace(/:.*/, ':')]],
      [
        2,
        () => [line.replace(/(?<=: ).*/, dice.pick(['3', '[]', '{}', '"x"', '*a', '-1', '[[a]]']))],
      ],
      [
        1,
        () => [line.replace(/\w+(?=:)/, dice.pick(['name', 'routes', 'receiver', 'url', 'odd']))],
      ],
      [1, () => [line.replaceAll(/["']/g, '')]],
    ]);
    lines.splice(at, 1, ...changed);
  }
  return lines.join('\n');
}

test('whatever an alertmanager.yml looks like, what the import writes can be used', async () => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yml'));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const [from, to] = [await directoryWith({}), await directoryWith({})];
  const seen = { whole: 0, part: 0, none: 0 };
  for (let seed = 0; seed < 300; seed += 1) {
    const dice = diceOf(seed);
    const text = damaged(dice.pick(texts as [string, ...string[]]), dice);
    const file = join(from, 'alertmanager.yml');
    await writeFile(file, text);
    const imported = await importAlertmanager(file, tables);
    if (imported.text === undefined) {
      expect([seed, imported.problems.length]).not.toEqual([seed, 0]);
      seen.none += 1;
      continue;
    }
    await writeFile(join(to, 'agent.config.yaml'), imported.text);
    const { problems } = await loadDirectory(to, { tables });
    expect([seed, problems]).toEqual([seed, []]);
    seen[imported.problems.length === 0 ? 'whole' : 'part'] += 1;
  }
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
}, 60_000);
