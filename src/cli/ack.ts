import { errorOf, withAgent } from './agent-client.ts';
import { configOption, exitCode, jsonOption, text, UsageError, type Command } from './command.ts';
import { loadOrTell } from './load.ts';
import { userName } from './user-name.ts';

export const ack: Command = {
  name: 'ack',
  summary: 'takes on a firing alert: no more reminders and no escalation',
  usage: '[-c FILE] [--comment TEXT] [--by NAME] [--json] ID|CHECK…',
  options: {
    ...configOption,
    ...jsonOption,
    comment: { type: 'string', value: 'TEXT', about: 'why, for the others' },
    by: {
      type: 'string',
      value: 'NAME',
      about: 'who takes it on; whoever is logged in when not given',
    },
  },
  async run(parsed, context) {
    const { positionals: names } = parsed;
    if (names.length === 0) {
      throw new UsageError('expected the fingerprint of an alert, or the name of a check');
    }
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    const by = text(parsed, 'by') ?? userName(context);
    const comment = text(parsed, 'comment') ?? '';
    return withAgent(loaded, context, async (ask) => {
      const taken: string[] = [];
      let code: number = exitCode.ok;
      for (const alert of names) {
        const answer = await ask('POST', '/api/v1/acknowledge', { alert, by, comment });
        if (answer.status === 200) taken.push(alert);
        else code = errorOf(answer, context);
      }
      if (parsed.values['json']) {
        context.stdout.write(`${JSON.stringify({ apiVersion: 1, acknowledged: taken, by })}\n`);
      } else {
        for (const alert of taken) context.stdout.write(`${alert} is acknowledged by ${by}\n`);
      }
      return code;
    });
  },
};
