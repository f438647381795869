import type { LoadedConfig } from '../app/load.ts';
import { systemPorts } from '../app/system-ports.ts';
import { testReceiversDirectly } from '../app/test-receivers.ts';
import { redactor } from '../lib/redact.ts';
import { withAgent } from './agent-client.ts';
import {
  configOption,
  exitCode,
  jsonOption,
  type Command,
  type CommandContext,
  type Parsed,
} from './command.ts';
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
  usage: '[-c FILE] [--direct] [--json] [RECEIVER]',
  options: {
    ...configOption,
    ...jsonOption,
    direct: { type: 'boolean', about: 'from here, where no agent runs' },
  },
  async run(parsed, context) {
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    const [receiver] = parsed.positionals;
    if (parsed.values['direct'] === true) {
      const outcomes = await testReceiversDirectly(loaded, systemPorts, receiver);
      return outcomes === undefined
        ? noReceiver(loaded, receiver, context)
        : tell(outcomes, { loaded, parsed, context });
    }
    const query = receiver === undefined ? '' : `?receiver=${encodeURIComponent(receiver)}`;
    return withAgent(loaded, context, async (ask) => {
      const answer = await ask('POST', `/api/v1/receivers/test${query}`);
      if (answer.status !== 200) return noReceiver(loaded, receiver, context);
      const { results } = answer.body as { results: readonly TestResult[] };
      return tell(results, { loaded, parsed, context });
    });
  },
};

function noReceiver(
  { config }: LoadedConfig,
  receiver: string | undefined,
  { stderr }: CommandContext,
): number {
  const known = config.receivers.map(({ name }) => name).join(', ');
  stderr.write(`tocsin: no receiver called ${receiver ?? ''}; there are ${known}\n`);
  return exitCode.usage;
}

function tell(
  results: readonly TestResult[],
  around: {
    readonly loaded: LoadedConfig;
    readonly parsed: Parsed;
    readonly context: CommandContext;
  },
): number {
  const { loaded, parsed, context } = around;
  const text = parsed.values['json']
    ? JSON.stringify({ apiVersion: 1, results })
    : columns(results.map((r) => [r.outcome, r.receiver, r.integration, r.detail])).join('\n');
  context.stdout.write(`${redactor(loaded.config.secrets)(text)}\n`);
  return results.every(({ outcome }) => outcome === 'delivered') ? exitCode.ok : exitCode.critical;
}
