import { firstWords, type CommandWords, type Kind } from './words.ts';

/** The completions as a script for bash 4 or newer, which needs no other package. */
export function bashCompletion(commands: readonly CommandWords[]): string {
  const seconds = Map.groupBy(commands, ({ words: [first] }) => first ?? '');
  const groups = [...seconds].filter(([, those]) => those.some(({ words }) => words.length > 1));
  return `# Completions of tocsin for bash, as "tocsin completions bash" writes them.
_tocsin() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command=\${COMP_WORDS[1]} from=2 config='' options='' operands='' wraps='' kind='' name i
  COMPREPLY=()
  # bash parts "--config=FILE" into three words.
  if [[ $word == '=' ]]; then word=''; elif [[ $previous == '=' ]]; then previous=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '${[...firstWords(commands).keys()].join(' ')} help --help --version' -- "$word")
    return
  fi
  case $command in
${groups.map(groupCase).join('\n')}
  esac
  case $command in
${commands.map(commandCase).join('\n')}
    *) return ;;
  esac
  for ((i = from; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      -c | --config) config=\${COMP_WORDS[i + 1]} ;;
      --)
        [[ $wraps ]] || return
        if ((i == COMP_CWORD - 1)); then mapfile -t COMPREPLY < <(compgen -c -- "$word"); return; fi
        kind='file'
        ;;
    esac
  done
  if [[ -z $kind ]]; then
    case "$command $previous" in
${commands.flatMap(valueCases).join('\n')}
    esac
  fi
  if [[ -z $kind ]]; then
    if [[ $word == -* ]]; then kind=$options; else kind=$operands; fi
  fi
  case $kind in
    anything) ;;
    file) mapfile -t COMPREPLY < <(compgen -f -- "$word"); compopt -o filenames 2>/dev/null ;;
    directory) mapfile -t COMPREPLY < <(compgen -d -- "$word"); compopt -o filenames 2>/dev/null ;;
    checks | receivers)
      while IFS= read -r name; do
        [[ $name == "$word"* ]] && COMPREPLY+=("$(printf %q "$name")")
      done < <("\${COMP_WORDS[0]}" completions --names "$kind" \${config:+-c "$config"} 2>/dev/null)
      ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$kind" -- "$word") ;;
  esac
} && complete -F _tocsin tocsin
`;
}

/** Commands of two words: the second is completed, or belongs to the name. */
function groupCase([first, those]: readonly [string, readonly CommandWords[]]): string {
  const seconds = those.map(({ words }) => words[1]).join(' ');
  return `    ${first})
      if ((COMP_CWORD == 2)); then
        mapfile -t COMPREPLY < <(compgen -W '${seconds}' -- "$word")
        return
      fi
      command+=" \${COMP_WORDS[2]}" from=3
      ;;`;
}

function commandCase({ words, options, operands, wrapsCommand }: CommandWords): string {
  const flags = options.flatMap(({ flags }) => flags).join(' ');
  const wraps = wrapsCommand ? ' wraps=1' : '';
  return `    '${words.join(' ')}') options='${flags}' operands='${kindText(operands)}'${wraps} ;;`;
}

function valueCases({ words, options }: CommandWords): readonly string[] {
  const name = words.join(' ');
  return options.flatMap(({ flags, value }) => {
    if (value === undefined) return [];
    const patterns = flags.map((flag) => `'${name} ${flag}'`).join(' | ');
    return [`      ${patterns}) kind='${kindText(value)}' ;;`];
  });
}

function kindText(kind: Kind): string {
  return typeof kind === 'string' ? kind : kind.join(' ');
}
