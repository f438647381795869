import { systemClock } from '../lib/clock.ts';
import { humanDuration } from '../lib/duration.ts';
import { withAgent, errorOf, type Ask } from './agent-client.ts';
import type { SilenceAnswer } from './api-types.ts';
import { configOption, exitCode, jsonOption, UsageError, type Command } from './command.ts';
import { loadOrTell } from './load.ts';
import { matchersIn, matcherTexts } from './matchers.ts';
import { columns } from './style.ts';

export const silenceList: Command = {
  name: 'silence list',
  summary: 'silences that are pending or active',
  usage: '[-c FILE] [--expired] [--json] [ALERTNAME] [MATCHER…]',
  options: {
    ...configOption,
    ...jsonOption,
    expired: { type: 'boolean', about: 'also those that have ended' },
  },
  async run(parsed, context) {
    const wanted = matcherTexts(matchersIn(parsed.positionals));
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    return withAgent(loaded, context, async (ask) => {
      const all = await silencesOf(ask);
      const shown = all
        .filter(({ state }) => (state === 'expired') === (parsed.values['expired'] === true))
        .filter(({ matchers }) => wanted.every((one) => matchers.includes(one)))
        .toSorted((a, b) => Date.parse(a.endsAt) - Date.parse(b.endsAt));
      context.stdout.write(
        parsed.values['json']
          ? `${JSON.stringify({ apiVersion: 1, silences: shown })}\n`
          : render(shown),
      );
      return exitCode.ok;
    });
  },
};

export const silenceExpire: Command = {
  name: 'silence expire',
  summary: 'ends silences now',
  usage: '[-c FILE] ID…',
  options: configOption,
  async run(parsed, context) {
    const ids = parsed.positionals;
    if (ids.length === 0) throw new UsageError('expected the id of a silence');
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    return withAgent(loaded, context, async (ask) => {
      let code: number = exitCode.ok;
      for (const id of ids) {
        const answer = await ask('POST', `/api/v1/silences/${encodeURIComponent(id)}/expire`);
        if (answer.status === 200) context.stdout.write(`${id}\n`);
        else code = errorOf(answer, context);
      }
      return code;
    });
  },
};

/** Every silence the agent still knows. */
export async function silencesOf(ask: Ask): Promise<readonly SilenceAnswer[]> {
  const { body } = await ask('GET', '/api/v1/silences');
  return (body as { readonly silences: readonly SilenceAnswer[] }).silences;
}

function render(silences: readonly SilenceAnswer[]): string {
  if (silences.length === 0) return 'no silences\n';
  const now = systemClock().now().wallMs;
  const rows = silences.map((silence) => [
    silence.id,
    silence.state,
    when(silence, now),
    silence.matchers.join(', '),
    silence.createdBy,
    silence.comment,
  ]);
  return columns(rows)
    .map((row) => `${row}\n`)
    .join('');
}

function when({ state, startsAt, endsAt, untilOk }: SilenceAnswer, now: number): string {
  const left = humanDuration(Math.abs(Date.parse(endsAt) - now));
  if (state === 'expired') return `ended ${left} ago`;
  if (state === 'pending') return `begins in ${humanDuration(Date.parse(startsAt) - now)}`;
  return untilOk ? `until ok, at most ${left} more` : `${left} more`;
}
