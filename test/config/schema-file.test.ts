import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tables } from '../../src/app/load.ts';
import { jsonSchema } from '../../src/config/load.ts';

test('the schema file that editors use is what `tocsin schema` prints', async () => {
  const file = join(import.meta.dirname, '../../agent.config.schema.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(
    JSON.parse(JSON.stringify(await jsonSchema(tables))),
  );
});
