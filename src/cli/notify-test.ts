import { redactor } from '../lib/redact.ts';
import { withAgent } from './agent-client.ts';
import { configOption, exitCode, jsonOption, type Command } from './command.ts';
import { loadOrTell } from './load.ts';
import { columns } from './style.ts';

interface TestResult {
  readonly receiver: string;
  readonly integration: string;
  readonly outcome: string;
  readonly detail: string;
}

export const notifyTest: Command = {
  name: 'notify test',
  summary: 'sends a marked test to a receiver, or to all, and prints the answer',
  usage: '[-c FILE] [--json] [RECEIVER]',
  options: { ...configOption, ...jsonOption },
  async run(parsed, context) {
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    const [receiver] = parsed.positionals;
    const query = receiver === undefined ? '' : `?receiver=${encodeURIComponent(receiver)}`;
    return withAgent(loaded, context, async (ask) => {
      const answer = await ask('POST', `/api/v1/receivers/test${query}`);
      if (answer.status !== 200) {
        const known = loaded.config.receivers.map(({ name }) => name).join(', ');
        context.stderr.write(`tocsin: no receiver called ${receiver ?? ''}; there are ${known}\n`);
        return exitCode.usage;
      }
      const { results } = answer.body as { results: readonly TestResult[] };
      const text = parsed.values['json']
        ? JSON.stringify(answer.body)
        : columns(results.map((r) => [r.outcome, r.receiver, r.integration, r.detail])).join('\n');
      context.stdout.write(`${redactor(loaded.config.secrets)(text)}\n`);
      return results.every(({ outcome }) => outcome === 'delivered')
        ? exitCode.ok
        : exitCode.critical;
    });
  },
};
