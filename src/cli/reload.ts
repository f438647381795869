import { agentOf, agentOfDirectory, withAgent, type Ask } from './agent-client.ts';
import { configOption, exitCode, type Command, type CommandContext } from './command.ts';
import { loadOrTell, tellProblems } from './load.ts';

/**
 * Lets the running agent look at its configuration and take it. What the agent was given, such as credentials, no
 * other process may be able to read: systemd before 257 hides them from `ExecReload=` (its issue 35227). So the agent
 * judges, and in the service of its own state directory it is found without the configuration.
 */
export const reload: Command = {
  name: 'reload',
  summary:
    'the running agent takes its configuration anew, or tells every problem and goes on as it was',
  usage: '[-c FILE]',
  options: configOption,
  async run(parsed, context) {
    const directory = context.environment['STATE_DIRECTORY'];
    const here = directory === undefined ? undefined : await agentOfDirectory(directory);
    if (here !== undefined) return reloadBy(here, context);
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    return withAgent(loaded, context, async () => reloadBy(agentOf(loaded), context));
  },
};

async function reloadBy(ask: Ask, context: CommandContext): Promise<number> {
  const { status, text = '' } = await ask('POST', '/-/reload');
  if (status === 200) return exitCode.ok;
  if (status === 500) {
    tellProblems(text.split('\n').filter(Boolean), context);
    return exitCode.config;
  }
  context.stderr.write(`tocsin: the agent answers ${status}\n`);
  return exitCode.failed;
}
