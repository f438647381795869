import type { Labels } from '../model/labels.ts';
import { receiversFor } from '../routing/route-tree.ts';
import { configOption, exitCode, UsageError, type Command } from './command.ts';
import { loadOrTell } from './load.ts';

export const routesTest: Command = {
  name: 'routes test',
  summary: 'prints the receivers an alert with these labels would reach',
  usage: '[-c FILE] label=value…',
  options: configOption,
  async run(parsed, context) {
    const labels = parseLabels(parsed.positionals);
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    const { config } = loaded;
    context.stdout.write(`${receiversFor(config.route, labels).join(',')}\n`);
    return exitCode.ok;
  },
};

function parseLabels(words: readonly string[]): Labels {
  return Object.fromEntries(
    words.map((word) => {
      const equals = word.indexOf('=');
      if (equals < 1) throw new UsageError(`"${word}" is not label=value`);
      return [word.slice(0, equals), unquoted(word.slice(equals + 1))];
    }),
  );
}

/** `severity="critical"` as people copy it from a rule means the value without quotes. */
function unquoted(value: string): string {
  return /^".*"$/s.test(value) ? value.slice(1, -1) : value;
}
