import { healthcheckTimeoutMs } from '../model/command-limits.ts';
import { agentOf, bySocket, unlessNotRunning, type Ask } from './agent-client.ts';
import { configOption, exitCode, type Command, type CommandContext } from './command.ts';
import { loadOrTell } from './load.ts';

/**
 * Tells an orchestrator whether the agent lives, by the same rule as the watchdog of systemd: what a new start cures,
 * and nothing else. A failing check or a dead receiver is none of it, or the agent would be ended when it is needed.
 * For that reason it also looks for no configuration where the service's own state directory has a socket: one that
 * was spoilt while the agent runs must not end it.
 */
export const healthcheck: Command = {
  name: 'healthcheck',
  summary: 'whether the agent lives, whatever its checks found: for containers',
  usage: '[-c FILE]',
  options: configOption,
  async run(parsed, context) {
    const directory = context.environment['STATE_DIRECTORY'];
    const here = directory === undefined ? undefined : bySocket(directory, healthcheckTimeoutMs);
    if (here !== undefined) return judge(here, context);
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    return judge(agentOf(loaded, healthcheckTimeoutMs), context);
  },
};

async function judge(ask: Ask, context: CommandContext): Promise<number> {
  return unlessNotRunning(context, async () => {
    const { status, text = '' } = await ask('GET', '/-/healthy');
    const isHealthy = status === 200;
    const said = text.trim() === '' ? `the agent answers ${status}` : text.trim();
    (isHealthy ? context.stdout : context.stderr).write(`${said}\n`);
    return isHealthy ? exitCode.ok : exitCode.failed;
  });
}
