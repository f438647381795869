import { counted } from '../model/counted.ts';
import { load } from '../app/load.ts';
import { formatProblem } from '../config/load.ts';
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
      const warnings = loading.ok ? loading.loaded.config.warnings.map(formatProblem) : [];
      const { ok } = loading;
      context.stdout.write(`${JSON.stringify({ apiVersion: 1, ok, problems, warnings })}\n`);
      return loading.ok ? exitCode.ok : exitCode.config;
    }
    if (!loading.ok) {
      tellProblems(loading.problems, context);
      return exitCode.config;
    }
    const { checks, receivers, files, warnings } = loading.loaded.config;
    for (const warning of warnings) context.stderr.write(`${formatProblem(warning)} (warning)\n`);
    const where = files.length === 0 ? 'no configuration file, the defaults' : files.join(', ');
    const found = warnings.length === 0 ? 'no problems' : counted(warnings.length, 'warning');
    context.stdout.write(
      `${where}: ${counted(checks.length, 'check')}, ${counted(receivers.length, 'receiver')}, ${found}\n`,
    );
    return exitCode.ok;
  },
};
