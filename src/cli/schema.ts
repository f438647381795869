import { jsonSchema } from '../config/load.ts';
import { exitCode, type Command } from './command.ts';
import { tables } from '../app/load.ts';

export const schema: Command = {
  name: 'schema',
  summary: 'prints the JSON Schema of the configuration file',
  usage: '',
  options: {},
  async run(_parsed, { stdout }) {
    stdout.write(`${JSON.stringify(await jsonSchema(tables), undefined, 2)}\n`);
    return exitCode.ok;
  },
};
