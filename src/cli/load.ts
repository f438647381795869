import { counted } from '../model/counted.ts';
import { load, type LoadedConfig } from '../app/load.ts';
import { exitCode, text, type CommandContext, type Parsed } from './command.ts';

/** The configuration, or the exit code once its problems have been told. */
export async function loadOrTell(
  parsed: Parsed,
  context: CommandContext,
): Promise<LoadedConfig | { readonly exitCode: number }> {
  const loading = await load(text(parsed, 'config'), context);
  if (loading.ok) return loading.loaded;
  tellProblems(loading.problems, context);
  return { exitCode: exitCode.config };
}

export function tellProblems(problems: readonly string[], { stderr }: CommandContext): void {
  for (const problem of problems) stderr.write(`${problem}\n`);
  const count = counted(problems.length, 'problem');
  stderr.write(`tocsin: the configuration cannot be used: ${count}\n`);
}
