import { configOption, exitCode, type Command } from './command.ts';
import { loadOrTell } from './load.ts';

export const routesShow: Command = {
  name: 'routes show',
  summary: 'prints route and receivers in the long form',
  usage: '[-c FILE]',
  options: configOption,
  async run(parsed, context) {
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    context.stdout.write(loaded.config.longForm);
    return exitCode.ok;
  },
};
