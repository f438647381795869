import { version as product } from '../model/version.ts';
import { exitCode, jsonOption, type Command } from './command.ts';

export const version: Command = {
  name: 'version',
  summary: 'prints the version',
  usage: '[--json]',
  options: jsonOption,
  async run({ values }, { stdout }) {
    const node = process.versions.node;
    const answer = { apiVersion: 1, version: product, node };
    stdout.write(
      values['json'] ? `${JSON.stringify(answer)}\n` : `tocsin ${product} (node ${node})\n`,
    );
    return exitCode.ok;
  },
};
