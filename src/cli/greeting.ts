import type { LoadedConfig } from '../app/load.ts';
import type { Serving } from '../app/serve.ts';
import { agentSnapshot } from '../app/snapshot.ts';
import { worstOf } from '../model/result.ts';
import type { CheckSnapshot } from '../model/snapshot.ts';
import { version } from '../model/version.ts';
import type { CommandContext } from './command.ts';
import { painter } from './style.ts';

/** How long the greeting waits for first results before it says what is still missing. */
const firstRoundMs = 3000;
const pollMs = 50;

/** Says in five lines what the agent watches, what it sees, where to look, and who will be told. */
export async function greet(
  { agent, address }: Serving,
  { config, dataDir }: LoadedConfig,
  context: CommandContext,
): Promise<void> {
  await firstRound(() => agentSnapshot(agent, true, 0).checks, agent.clock);
  const paint = painter(context);
  const { checks } = agentSnapshot(agent, true, 0);
  const files =
    config.files.length === 0 ? 'no configuration file: the host itself' : config.files.join(', ');
  const receivers = config.receivers
    .map(({ name, integrations }) => {
      const kinds = integrations.map(({ integration }) => integration).join(' and ');
      return kinds === name ? name : `${name} (${kinds})`;
    })
    .join(', ');
  const status = worstOf(checks.flatMap(({ recent }) => recent.at(-1)?.status ?? []));
  const lines = [
    `${paint(`tocsin ${version}`, 'bold')} watches ${config.agent.name} (${files})`,
    `sees     ${paint(seen(checks), status)}`,
    `tells    ${receivers === 'terminal' ? 'this terminal' : receivers}`,
    `serves   ${address.url}/ (page), ${address.url}/metrics`,
    `keeps    ${dataDir}   stop with Ctrl-C, reload with SIGHUP`,
  ];
  context.stdout.write(`${lines.join('\n')}\n`);
}

/** One sentence about the first results: what is wrong, or that nothing is. */
function seen(checks: readonly CheckSnapshot[]): string {
  const bad = checks.filter(({ recent }) => (recent.at(-1)?.status ?? 'ok') !== 'ok');
  const waiting = checks.filter(({ recent }) => recent.length === 0).length;
  const sound = checks.length - bad.length - waiting;
  const parts = [
    ...bad.map(
      ({ spec, recent }) => `${spec.name} ${recent.at(-1)?.status}: ${recent.at(-1)?.summary}`,
    ),
    `${sound} of ${checks.length} checks ok`,
    ...(waiting === 0 ? [] : [`${waiting} not looked at yet`]),
  ];
  return parts.join('; ');
}

async function firstRound(
  checks: () => readonly CheckSnapshot[],
  clock: Serving['agent']['clock'],
): Promise<void> {
  const deadline = clock.now().steadyMs + firstRoundMs;
  while (clock.now().steadyMs < deadline && checks().some(({ recent }) => recent.length === 0)) {
    await new Promise<void>((resolve) => {
      clock.after(pollMs, resolve);
    });
  }
}
