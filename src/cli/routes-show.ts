import { longFormYaml } from '../config/load.ts';
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
    const { config } = loaded;
    context.stdout.write(longFormYaml(config));
    return exitCode.ok;
  },
};
