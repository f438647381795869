import { load } from '../app/load.ts';
import { configOption, exitCode, jsonOption, text, type Command } from './command.ts';
import { tellProblems } from './load.ts';

export const validate: Command = {
  name: 'validate',
  summary: 'reads the configuration and lists every problem',
  usage: '[-c FILE] [--json]',
  options: { ...configOption, ...jsonOption },
  async run(parsed, context) {
    const loading = await load(text(parsed, 'config'), context);
    if (parsed.values['json']) {
      const problems = loading.ok ? [] : loading.problems;
      context.stdout.write(`${JSON.stringify({ apiVersion: 1, ok: loading.ok, problems })}\n`);
      return loading.ok ? exitCode.ok : exitCode.config;
    }
    if (!loading.ok) {
      tellProblems(loading.problems, context);
      return exitCode.config;
    }
    const { checks, receivers, files } = loading.loaded.config;
    const where = files.length === 0 ? 'no configuration file, the defaults' : files.join(', ');
    context.stdout.write(
      `${where}: ${counted(checks, 'check')}, ${counted(receivers, 'receiver')}, no problems\n`,
    );
    return exitCode.ok;
  },
};

function counted({ length }: readonly unknown[], noun: string): string {
  return `${length} ${noun}${length === 1 ? '' : 's'}`;
}
