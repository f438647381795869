/** Exit codes of the command line, as in docs/contract.md. */
export const exitCode = {
  ok: 0,
  warning: 1,
  critical: 2,
  unknown: 3,
  failed: 1,
  /** Ended by Ctrl-C, as shells give it. */
  interrupted: 130,
  usage: 64,
  notRunning: 69,
  config: 78,
} as const;

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Where somebody may answer questions. */
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** What a command may touch of its surroundings. */
export interface CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Absent where nobody can answer. */
  readonly stdin?: Input;
  readonly stdout: Output;
  readonly stderr: Output;
}

export interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
  /** The words behind `--`, for a command that wraps another one; absent without the dashes. */
  readonly wrapped?: readonly string[];
}

/** One option; help, man page and completions say what is written here. */
export type CommandOption = { readonly short?: string; readonly about: string } & (
  | { readonly type: 'boolean' }
  /** `value` stands for what follows, as in the usage line: FILE, DIR, CHECK, RECEIVER, or the words that may. */
  | { readonly type: 'string'; readonly value: string }
);

/** One command of the command line. `run` gives the exit code and never ends the process. */
export interface Command {
  /** The words that call it, such as `routes test`. */
  readonly name: string;
  readonly summary: string;
  /** What follows the name, for the usage line. */
  readonly usage: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Whether it takes the command line of another program behind `--`. */
  readonly wrapsCommand?: true;
  run(parsed: Parsed, context: CommandContext): Promise<number>;
}

/** Options that many commands share. */
export const configOption = {
  config: {
    type: 'string',
    short: 'c',
    value: 'FILE',
    about: 'the configuration, in place of the one that is found',
  },
} as const;
export const jsonOption = {
  json: { type: 'boolean', about: 'JSON in place of text, for programs' },
} as const;

/** A wrong call; the message says what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function text(parsed: Parsed, name: string): string | undefined {
  const value = parsed.values[name];
  return typeof value === 'string' ? value : undefined;
}
