import { neededGrants } from '../app/grants.ts';
import { configOption, exitCode, jsonOption, type Command } from './command.ts';
import { loadOrTell } from './load.ts';
import { columns } from './style.ts';

export const grants: Command = {
  name: 'grants',
  summary: 'the rights beyond its sandbox that the checks of a configuration need',
  usage: '[-c FILE] [--json]',
  options: { ...configOption, ...jsonOption },
  async run(parsed, context) {
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    const found = neededGrants(loaded.config);
    const text = parsed.values['json']
      ? JSON.stringify({ apiVersion: 1, grants: found })
      : columns(
          found.map(({ grant, powerful, checks }) => [
            grant,
            powerful ? 'powerful' : 'harmless',
            checks.join(', '),
          ]),
        ).join('\n');
    context.stdout.write(text === '' ? '' : `${text}\n`);
    return exitCode.ok;
  },
};
