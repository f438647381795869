import type { LoadedConfig } from '../app/load.ts';
import type { Serving } from '../app/serve.ts';
import { agentSnapshot } from '../app/view/snapshot.ts';
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
    `serves   ${address.url}/ (the page) and ${address.url}/metrics`,
    `keeps    its state in ${dataDir}`,
  ];
  context.stdout.write(`${lines.join('\n')}\n`);
}

/** Names of sound checks that are listed; the page has them all. */
const namesMax = 8;

/** One sentence about the first results: what is wrong, then what is sound. */
function seen(checks: readonly CheckSnapshot[]): string {
  const statusOf = ({ recent }: CheckSnapshot): string => recent.at(-1)?.status ?? 'waiting';
  const bad = checks.filter((check) => !['ok', 'waiting'].includes(statusOf(check)));
  const sound = checks.filter((check) => statusOf(check) === 'ok').map(({ spec }) => spec.name);
  const waiting = checks.filter((check) => statusOf(check) === 'waiting').length;
  const more = sound.length > namesMax ? ` and ${sound.length - namesMax} more` : '';
  return [
    ...bad.map((check) => `${check.spec.name} ${statusOf(check)}: ${check.recent.at(-1)?.summary}`),
    `${sound.length} of ${checks.length} checks ok (${sound.slice(0, namesMax).join(', ')}${more})`,
    ...(waiting === 0 ? [] : [`${waiting} still looking`]),
  ].join('; ');
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
