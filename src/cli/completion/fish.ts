import { firstWords, type CommandWords, type Kind, type OptionWords } from './words.ts';

/** The completions as a script for fish. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  const first = [...firstWords(commands), ['help', 'every command in a line'] as const];
  return `# Completions of tocsin for fish, as "tocsin completions fish" writes them.

# Whether the words before the cursor are those given, and no more.
function __tocsin_at
    set -l typed (commandline -opc)
    test "$typed[2..]" = "$argv"
end

# Whether the words before the cursor begin with those given.
function __tocsin_in
    set -l typed (commandline -opc)
    test (count $typed) -gt (count $argv); and test "$typed[2..$(math (count $argv) + 1)]" = "$argv"
end

function __tocsin_names
    set -l typed (commandline -opc)
    set -l config
    if set -l at (contains -i -- -c $typed; or contains -i -- --config $typed)
        set config -c $typed[(math $at + 1)]
    end
    $typed[1] completions --names $argv $config 2>/dev/null
end

complete -c tocsin -f
${first.map(([word, about]) => `complete -c tocsin -n __tocsin_at -a ${word} -d ${quoted(about)}`).join('\n')}

${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines(command: CommandWords): readonly string[] {
  const { words, summary, options, operands } = command;
  const [first, second] = words;
  const within = `complete -c tocsin -n '__tocsin_in ${words.join(' ')}'`;
  return [
    ...(second === undefined
      ? []
      : [`complete -c tocsin -n '__tocsin_at ${first}' -a ${second} -d ${quoted(summary)}`]),
    ...options.map((option) => `${within} ${optionWords(option)}`),
    ...(operands === 'anything' ? [] : [`${within} ${values(operands)}`]),
    ...(command.wrapsCommand ? [`${within} -F`] : []),
  ];
}

function optionWords({ flags, about, value }: OptionWords): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  const argument = value === undefined ? [] : [value === 'file' ? '-r' : '-x', values(value)];
  return [...names, ...argument, `-d ${quoted(about)}`].filter((word) => word !== '').join(' ');
}

function values(kind: Kind): string {
  if (typeof kind !== 'string') return `-a ${quoted(kind.join(' '))}`;
  if (kind === 'file') return '-F';
  if (kind === 'directory') return `-a '(__fish_complete_directories)'`;
  return kind === 'anything' ? '' : `-a '(__tocsin_names ${kind})'`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
