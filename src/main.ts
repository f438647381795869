import { parseArgs } from 'node:util';
import { exitCode, UsageError, type Command, type CommandContext } from './cli/command.ts';
import { version } from './model/version.ts';

/** Finds the command that the arguments call, runs it, and gives the exit code. */
export async function main(args: readonly string[], context: CommandContext): Promise<number> {
  const [first] = args;
  const commands = await commandsFor(first);
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    context.stdout.write(help(commands));
    return first === undefined ? exitCode.usage : exitCode.ok;
  }
  if (first === '--version') {
    context.stdout.write(`tocsin ${version}\n`);
    return exitCode.ok;
  }
  const command = commands.find(({ name }) => startsWith(args, name.split(' ')));
  if (command === undefined) {
    context.stderr.write(`tocsin: no command "${args.slice(0, 2).join(' ')}"\n\n${help(commands)}`);
    return exitCode.usage;
  }
  const words = args.slice(command.name.split(' ').length);
  // What stands behind "--" belongs to the command line of another program.
  const dashes = command.wrapsCommand === true ? words.indexOf('--') : -1;
  const rest = dashes === -1 ? words : words.slice(0, dashes);
  const wrapped = dashes === -1 ? {} : { wrapped: words.slice(dashes + 1) };
  if (rest.includes('--help') || rest.includes('-h')) {
    context.stdout.write(`${usageLine(command)}\n${command.summary}\n${optionLines(command)}`);
    return exitCode.ok;
  }
  try {
    const parsed = parseArgs({ args: rest, options: command.options, allowPositionals: true });
    return await command.run(
      {
        values: { ...parsed.values },
        positionals: parsed.positionals,
        ...wrapped,
      },
      context,
    );
  } catch (error) {
    if (!isUsage(error)) throw error;
    context.stderr.write(`tocsin: ${error.message}\n${usageLine(command)}\n`);
    return exitCode.usage;
  }
}

/**
 * All commands; but `watchdog` stays beside its service for as long as that runs, and loads none of the others.
 */
async function commandsFor(first: string | undefined): Promise<readonly Command[]> {
  if (first === 'watchdog') return [(await import('./cli/watchdog.ts')).watchdog];
  return (await import('./cli/table.ts')).commands;
}

function startsWith(args: readonly string[], words: readonly string[]): boolean {
  return words.every((word, position) => args[position] === word);
}

function isUsage(error: unknown): error is Error {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof UsageError || String(code).startsWith('ERR_PARSE_ARGS');
}

function usageLine({ name, usage }: Command): string {
  return `usage: tocsin ${name}${usage === '' ? '' : ` ${usage}`}`;
}

function optionLines({ options }: Command): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    const value = option.type === 'string' ? ` ${option.value}` : '';
    return [`${short}--${name}${value}`, option.about] as const;
  });
  const width = Math.max(...rows.map(([call]) => call.length)) + 2;
  const lines = rows.map(([call, about]) => `  ${call.padEnd(width)}${about}\n`);
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
}

function help(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  return `tocsin ${version}: watches this host and tells people when something broke\n\n${lines.join('\n')}\n\n"tocsin COMMAND --help" says more about one.\n`;
}
