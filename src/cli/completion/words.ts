import type { Command } from '../command.ts';

/** What may stand in a place: names of files, names out of the configuration, one of a few words, or anything. */
export type Kind = 'file' | 'directory' | 'checks' | 'receivers' | 'anything' | readonly string[];

/** One option of a command, by what is typed. */
export interface OptionWords {
  readonly flags: readonly string[];
  readonly about: string;
  /** Absent for an option without a value. */
  readonly value?: Kind;
}

/** What can be typed after the words of a command. */
export interface CommandWords {
  readonly words: readonly string[];
  readonly summary: string;
  readonly options: readonly OptionWords[];
  readonly operands: Kind;
  readonly wrapsCommand: boolean;
}

/** Reads out of the table of commands what can be completed. */
export function commandWords(commands: readonly Command[]): readonly CommandWords[] {
  return commands.map((command) => ({
    words: command.name.split(' '),
    summary: command.summary,
    options: [
      ...Object.entries(command.options).map(([name, option]) => ({
        flags: [...(option.short === undefined ? [] : [`-${option.short}`]), `--${name}`],
        about: option.about,
        ...(option.type === 'string' ? { value: kindOf(option.value) } : {}),
      })),
      { flags: ['-h', '--help'], about: 'how it is called' },
    ],
    operands: operandsOf(command),
    wrapsCommand: command.wrapsCommand === true,
  }));
}

/** The first words, each with what it does; one that begins several commands names their second words. */
export function firstWords(commands: readonly CommandWords[]): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  for (const { words, summary } of commands) {
    const [word = '', second] = words;
    const told = first.get(word);
    if (second === undefined) first.set(word, summary);
    else first.set(word, told === undefined ? second : `${told}, ${second}`);
  }
  return first;
}

/** The placeholders of a usage line: `CHECK` names a check, `a|b` are the words that may stand there. */
function kindOf(placeholder: string): Kind {
  const bare = placeholder.replace(/…$/, '');
  if (/^[a-z]+(?:\|[a-z]+)+$/.test(bare)) return bare.split('|');
  const names = bare.split(/[|,]/);
  if (names.includes('CHECK') || names.includes('ALERTNAME')) return 'checks';
  if (names.includes('RECEIVER')) return 'receivers';
  if (names.includes('FILE')) return 'file';
  return names.includes('DIR') ? 'directory' : 'anything';
}

/** The first placeholder of the usage line that is no value of an option. */
function operandsOf({ usage, options }: Command): Kind {
  const [own = ''] = usage.split(/\[?-- /);
  const words = own.split(/[\s[\]()]+/).filter((word) => word !== '' && word !== '|');
  const takesValue = (word: string): boolean =>
    Object.entries(options).some(
      ([name, option]) =>
        option.type === 'string' && (word === `--${name}` || word === `-${option.short}`),
    );
  const operand = words.find(
    (word, index) => !word.startsWith('-') && !takesValue(words[index - 1] ?? ''),
  );
  return operand === undefined ? 'anything' : kindOf(operand);
}
