import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tables } from '../../src/app/load.ts';
import { jsonSchema } from '../../src/config/load.ts';
import { checkTypeNames } from '../../src/model/check.ts';
import { directoryWith, loadDirectory } from '../support/config.ts';

const readExample = (): Promise<string> =>
  readFile(join(import.meta.dirname, '../../agent.config.example.yaml'), 'utf8');

async function loadText(text: string) {
  const directory = await directoryWith({ 'agent.config.yaml': text });
  return loadDirectory(directory, { tables });
}

describe('agent.config.example.yaml', () => {
  test('loads as it is, without anything in the environment', async () => {
    const { config, problems } = await loadText(await readExample());
    expect(problems).toEqual([]);
    expect(new Set(config?.checks.map(({ type }) => type))).toEqual(new Set(checkTypeNames));
    expect(config?.route.receiver).toBe('default');
  });

  test('loads with the long form of routing instead of the short one', async () => {
    const text = await readExample();
    const long = text.replace(/^notify:\n(?: .*\n)+/m, '').replaceAll('#|', '');
    const { config, problems } = await loadText(long);
    expect(problems).toEqual([]);
    expect(
      config?.receivers.map(({ integrations }) => integrations.map((one) => one.integration)),
    ).toEqual([
      ['slack', 'email', 'webhook', 'alertmanager', 'alertmanager', 'terminal'],
      ['pagerduty'],
    ]);
  });

  test('names every key there is', async () => {
    const text = await readExample();
    const keys = keysIn(await jsonSchema(tables)).filter((key) => key !== '$schema');
    expect(keys.length).toBeGreaterThan(150);
    const missing = keys.filter((key) => !new RegExp(`(?<![\\w-])${key}:`).test(text));
    expect(missing).toEqual([]);
  });
});

/** The names of all properties anywhere in a JSON Schema. */
function keysIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.keys(schema.properties ?? {}) : [];
  return [...new Set([...own, ...Object.values(schema).flatMap(keysIn)])];
}
