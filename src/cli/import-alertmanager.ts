import { counted } from '../model/counted.ts';
import { resolve } from 'node:path';
import { tables } from '../app/load.ts';
import { formatProblem, importAlertmanager } from '../config/load.ts';
import { exitCode, UsageError, type Command } from './command.ts';

export const importAlertmanagerFile: Command = {
  name: 'import alertmanager',
  summary: 'writes an alertmanager.yml as sections of the configuration',
  usage: 'FILE',
  options: {},
  async run({ positionals: [file, ...more] }, { cwd, stdout, stderr }) {
    if (file === undefined || more.length > 0) throw new UsageError('expected one file');
    const path = resolve(cwd, file);
    const { text, routes, receivers, problems } = await importAlertmanager(path, tables);
    for (const problem of problems) stderr.write(`${formatProblem(problem)}\n`);
    if (text === undefined) {
      stderr.write(`tocsin: ${path} cannot be used\n`);
      return exitCode.config;
    }
    stdout.write(`# From ${path}, by tocsin import alertmanager.\n${text}`);
    const left = problems.length === 0 ? '' : '; what is named above was left out';
    stderr.write(`tocsin: ${counted(routes, 'route')}, ${counted(receivers, 'receiver')}${left}\n`);
    return problems.length === 0 ? exitCode.ok : exitCode.failed;
  },
};
