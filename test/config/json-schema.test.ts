import { describe, expect, test } from 'vitest';
import { jsonSchema } from '../../src/config/load.ts';
import { checkTypeNames } from '../../src/model/check.ts';
import { configTables } from '../support/config.ts';

interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly pattern?: string;
  readonly const?: string;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
}

const load = async (): Promise<Schema> => {
  const { definitions = {}, ...schema } = (await jsonSchema(configTables)) as Written;
  return resolved(schema, definitions) as Schema;
};

interface Written {
  readonly definitions?: Readonly<Record<string, unknown>>;
}

/** With every shared definition written out again, as an editor sees it. */
function resolved(value: unknown, definitions: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((item) => resolved(item, definitions));
  if (typeof value !== 'object' || value === null) return value;
  const reference = (value as { readonly $ref?: unknown }).$ref;
  const [, name] = /^#\/definitions\/(.+)$/.exec(String(reference)) ?? [];
  if (name !== undefined) {
    if (definitions[name] === undefined) throw new Error(`no definition is called ${name}`);
    return resolved(definitions[name], definitions);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, resolved(inner, definitions)]),
  );
}

const at = (schema: Schema, ...keys: string[]): Schema | undefined =>
  keys.reduce<Schema | undefined>((found, key) => found?.properties?.[key], schema);

describe('the JSON Schema', () => {
  test('is plain JSON of draft 7 and allows no unknown key', async () => {
    const schema = await load();
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'Configuration of tocsin',
      type: 'object',
      additionalProperties: false,
    });
    expect(Object.keys(schema.properties ?? {})).toEqual([
      '$schema',
      'agent',
      'server',
      'defaults',
      'notify',
      'global',
      'modules',
      'modules_file',
      'route',
      'receivers',
      'inhibit_rules',
      'time_intervals',
      'mute_time_intervals',
      'checks',
    ]);
    expect(at(schema, 'server', 'probe')?.additionalProperties).toBe(false);
  });

  test('writes what many blocks share only once', async () => {
    const text = JSON.stringify(await jsonSchema(configTables));
    const { definitions = {} } = JSON.parse(text) as Written;
    for (const [name, part] of Object.entries(definitions)) {
      expect(text.split(JSON.stringify(part)), name).toHaveLength(2);
      expect(text.split(`"#/definitions/${name}"`).length, name).toBeGreaterThan(2);
    }
    expect(Object.keys(definitions)).toContain('debounce');
  });

  test('has one shape of check for each type, and the bare text', async () => {
    const shapes = at(await load(), 'checks')?.items?.anyOf ?? [];
    expect(shapes[0]).toMatchObject({ type: 'string', title: 'URL of an http check' });
    const types = shapes.slice(1).map((shape) => at(shape, 'type')?.const);
    expect(types).toEqual([...checkTypeNames]);
    const http = shapes.find((shape) => at(shape, 'type')?.const === 'http');
    expect(http?.required).toEqual(['type', 'target']);
    expect(at(http ?? {}, 'interval')).toEqual({
      type: 'string',
      description: 'How often it runs. Default 30s, or what suits the type.',
    });
    expect(at(http ?? {}, 'http', 'method')).toMatchObject({ enum: ['GET', 'POST'] });
  });

  test('takes a text where a secret is wanted, and a reference where a pattern is', async () => {
    const schema = await load();
    expect(at(schema, 'agent', 'heartbeat', 'url')).toEqual({
      type: 'string',
      description: 'a text, best written as ${ENV_NAME} or ${file:/path}',
    });
    const name = at(schema, 'checks')?.items?.anyOf?.[1]?.properties?.['name'];
    const pattern = new RegExp(name?.pattern ?? '', 'u');
    expect(pattern.test('web 1')).toBe(true);
    expect(pattern.test('${NAME}')).toBe(true);
    expect(pattern.test('a,b')).toBe(false);
  });

  test('lets routes hold routes, and blocks leave out what global may say', async () => {
    const schema = await load();
    expect(at(schema, 'route', 'routes')?.items?.$ref).toMatch(/^#\/\$defs\/|^#\/definitions\//);
    const email = at(schema, 'receivers')?.items?.properties?.['email_configs']?.items;
    expect(email?.required).toEqual(['to']);
    const short = at(schema, 'notify', 'email')?.anyOf ?? [];
    expect(short.map(({ type, items }) => type ?? (items && 'array') ?? 'either')).toContain(
      'array',
    );
  });
});
