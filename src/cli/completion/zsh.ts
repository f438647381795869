import { firstWords, type CommandWords, type Kind, type OptionWords } from './words.ts';

/** The completions as a function for zsh, to be put into a folder of `fpath` as `_tocsin`. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  const first = [...firstWords(commands)];
  const groups = first
    .map(([word]) => [word, commands.filter(({ words }) => words[0] === word)] as const)
    .filter(([, those]) => those.some(({ words }) => words.length > 1));
  return `#compdef tocsin
# Completions of tocsin for zsh, as "tocsin completions zsh" writes them.

_tocsin_names() {
  local -a named config
  local at=$words[(I)(-c|--config)]
  (( at )) && config=(-c $words[at+1])
  named=(\${(f)"$($tocsin completions --names $1 $config 2>/dev/null)"})
  compadd -a named
}

_tocsin() {
  local tocsin=$words[1] curcontext=$curcontext dashes
  local -a first second
  first=(
${first.map(([word, about]) => `    ${described(word, about)}`).join('\n')}
    ${described('help', 'every command in a line')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command first
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${groups.map(groupCase).join('\n')}
  esac
  dashes=$words[(i)--]
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _tocsin ]]; then _tocsin "$@"; else compdef _tocsin tocsin; fi
`;
}

function groupCase([first, those]: readonly [string, readonly CommandWords[]]): string {
  const seconds = those.map(({ words, summary }) => described(words[1] ?? '', summary));
  return `    ${first})
      second=(
${seconds.map((line) => `        ${line}`).join('\n')}
      )
      if (( CURRENT == 2 )); then
        _describe -t commands '${first} command' second
        return
      fi
      command+=" $words[2]"
      shift words
      (( CURRENT-- ))
      ;;`;
}

function commandCase({ words, options, operands, wrapsCommand }: CommandWords): string {
  // What stands behind the dashes is completed as a command line of its own.
  const wrapped = wrapsCommand
    ? `      if (( dashes < CURRENT )); then
        shift $dashes words
        (( CURRENT -= dashes ))
        _normal
        return
      fi
`
    : '';
  const specs = [...options.flatMap(optionSpecs), `'*: :${action(operands)}'`];
  return `    '${words.join(' ')}')
${wrapped}      _arguments -s -S \\
${specs.map((spec) => `        ${spec}`).join(' \\\n')}
      ;;`;
}

function optionSpecs({ flags, about, value }: OptionWords): readonly string[] {
  const text = about.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
  const argument = value === undefined ? '' : `: :${action(value)}`;
  return flags.map((flag) => quoted(`(${flags.join(' ')})${flag}[${text}]${argument}`));
}

function action(kind: Kind): string {
  if (typeof kind !== 'string') return `(${kind.join(' ')})`;
  if (kind === 'file') return '_files';
  if (kind === 'directory') return '_files -/';
  // The blank keeps zsh from putting words of its own before ours.
  return kind === 'anything' ? ' ' : ` _tocsin_names ${kind}`;
}

function described(word: string, about: string): string {
  return quoted(`${word}:${about.replaceAll(/[:\\]/g, String.raw`\$&`)}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
