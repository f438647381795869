import { load } from '../app/load.ts';
import {
  configOption,
  exitCode,
  text,
  UsageError,
  type Command,
  type CommandContext,
  type Parsed,
} from './command.ts';
import { bashCompletion } from './completion/bash.ts';
import { fishCompletion } from './completion/fish.ts';
import { commandWords, type CommandWords } from './completion/words.ts';
import { zshCompletion } from './completion/zsh.ts';

const shells: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};
const shellNames = Object.keys(shells).join('|');

/** Writes what a shell needs to complete every command of the table, this one among them. */
export const completionsOf = (commands: () => readonly Command[]): Command => ({
  name: 'completions',
  summary: 'prints what a shell needs to complete these commands',
  usage: shellNames,
  options: {
    ...configOption,
    names: {
      type: 'string',
      value: 'checks|receivers',
      about: 'the names in the configuration, a line each, which the completions ask for',
    },
  },
  async run(parsed, context) {
    const kind = text(parsed, 'names');
    if (kind !== undefined) return names(kind, parsed, context);
    const [shell = '', ...more] = parsed.positionals;
    const write = shells[shell];
    if (write === undefined || more.length > 0) throw new UsageError(`expected ${shellNames}`);
    context.stdout.write(write(commandWords(commands())));
    return exitCode.ok;
  },
});

/** Says nothing of a configuration that cannot be read: somebody is typing. */
async function names(kind: string, parsed: Parsed, context: CommandContext): Promise<number> {
  if (kind !== 'checks' && kind !== 'receivers') {
    throw new UsageError('--names is checks or receivers');
  }
  const loading = await load(text(parsed, 'config'), context);
  if (!loading.ok) return exitCode.config;
  const { checks, receivers } = loading.loaded.config;
  const named = kind === 'checks' ? checks : receivers;
  context.stdout.write(named.map(({ name }) => `${name}\n`).join(''));
  return exitCode.ok;
}
