import { resolve } from 'node:path';
import { tables } from '../app/load.ts';
import { formatProblem, importBlackbox } from '../config/load.ts';
import { exitCode, UsageError, type Command } from './command.ts';

export const importBlackboxFile: Command = {
  name: 'import blackbox',
  summary: 'writes the modules of a blackbox.yml as a section of the configuration',
  usage: 'FILE',
  options: {},
  async run({ positionals: [file, ...more] }, { cwd, stdout, stderr }) {
    if (file === undefined || more.length > 0) throw new UsageError('expected one file');
    const path = resolve(cwd, file);
    const { text, modules, problems } = await importBlackbox(path, tables);
    for (const problem of problems) stderr.write(`${formatProblem(problem)}\n`);
    if (text === undefined) {
      stderr.write(`tocsin: ${path} cannot be read\n`);
      return exitCode.config;
    }
    stdout.write(`# From ${path}, by tocsin import blackbox.\n${text}`);
    const left = problems.length === 0 ? '' : '; what is named above was left out';
    stderr.write(`tocsin: ${modules} ${modules === 1 ? 'module' : 'modules'}${left}\n`);
    return problems.length === 0 ? exitCode.ok : exitCode.failed;
  },
};
