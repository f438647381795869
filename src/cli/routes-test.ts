import { isMatcherError, parseMatcherTerm } from '../model/matcher-syntax.ts';
import type { Labels } from '../model/labels.ts';
import { matchRoutes } from '../routing/route-tree.ts';
import { configOption, exitCode, text, UsageError, type Command } from './command.ts';
import { loadOrTell } from './load.ts';

/** As `amtool config routes test`: a receiver for each route, in their order; `--verify.receivers` is for CI. */
export const routesTest: Command = {
  name: 'routes test',
  summary: 'prints the receivers an alert with these labels would reach',
  usage: '[-c FILE] [--verify.receivers RECEIVER,…] label=value…',
  options: {
    ...configOption,
    'verify.receivers': {
      type: 'string',
      value: 'RECEIVER,…',
      about: 'fails unless these would be reached',
    },
  },
  async run(parsed, context) {
    const labels = parseLabels(parsed.positionals);
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    const found = matchRoutes(loaded.config.route, labels).map(({ route }) => route.receiver);
    const receivers = found.join(',');
    context.stdout.write(`${receivers}\n`);
    const expected = text(parsed, 'verify.receivers');
    if (expected === undefined || expected === receivers) return exitCode.ok;
    context.stderr.write(`tocsin: expected the receivers ${expected}, found ${receivers}\n`);
    return exitCode.failed;
  },
};

function parseLabels(words: readonly string[]): Labels {
  return Object.fromEntries(
    words.map((word) => {
      const term = parseMatcherTerm(word);
      if (isMatcherError(term) || term.operator !== '=') {
        throw new UsageError(`"${word}" is not label=value`);
      }
      return [term.label, term.value];
    }),
  );
}
