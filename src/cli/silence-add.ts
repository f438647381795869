import { systemClock } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import { rfc3339, type WallMs } from '../model/time.ts';
import { errorOf, withAgent } from './agent-client.ts';
import {
  configOption,
  exitCode,
  jsonOption,
  text,
  UsageError,
  type Command,
  type Parsed,
} from './command.ts';
import { loadOrTell } from './load.ts';
import { matchersIn, matcherTexts } from './matchers.ts';
import { silenceAround } from './silence-around.ts';
import { userName } from './user-name.ts';

export const silenceAdd: Command = {
  name: 'silence add',
  summary: 'keeps alerts from being told for a time, or around a command',
  usage:
    '[-c FILE] [-d DURATION] [--start DATE] [--end DATE] [--until-ok [--max DURATION]] [--comment TEXT] ' +
    '[--author NAME] [--json] [ALERTNAME] [MATCHER…] [-- COMMAND…]',
  options: {
    ...configOption,
    ...jsonOption,
    duration: {
      type: 'string',
      short: 'd',
      value: 'DURATION',
      about: 'how long, 1h when not given',
    },
    start: { type: 'string', value: 'DATE', about: 'from when on, such as 2026-01-31T22:00:00Z' },
    end: { type: 'string', value: 'DATE', about: 'until when, in place of a duration' },
    'until-ok': {
      type: 'boolean',
      about: 'ends once the checks pass again, after the command if there is one',
    },
    max: {
      type: 'string',
      value: 'DURATION',
      about: 'the latest end of --until-ok, 1h when not given',
    },
    comment: { type: 'string', short: 'm', value: 'TEXT', about: 'why, for the others' },
    author: {
      type: 'string',
      short: 'a',
      value: 'NAME',
      about: 'whose it is; whoever is logged in when not given',
    },
  },
  wrapsCommand: true,
  async run(parsed, context) {
    const { wrapped, positionals, values } = parsed;
    const matchers = matchersIn(positionals);
    if (matchers.length === 0) {
      throw new UsageError('expected the name of an alert or a matcher such as severity="warning"');
    }
    const untilOk = values['until-ok'] === true;
    if (wrapped !== undefined && (!untilOk || wrapped.length === 0)) {
      throw new UsageError(
        'a command goes with --until-ok: silence add --until-ok NAME -- COMMAND',
      );
    }
    const times = timesIn(parsed, untilOk, systemClock().now().wallMs);
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    const request = {
      matchers: matcherTexts(matchers),
      startsAt: rfc3339(times.startsAt),
      endsAt: rfc3339(times.endsAt),
      createdBy: text(parsed, 'author') ?? userName(context),
      comment: text(parsed, 'comment') ?? wrapped?.join(' ') ?? '',
    };
    const isJson = values['json'] === true;
    return withAgent(loaded, context, async (ask) => {
      if (wrapped !== undefined) {
        return silenceAround({ ask, request, matchers, command: wrapped, context, isJson });
      }
      const answer = await ask('POST', '/api/v1/silences', { ...request, untilOk });
      if (answer.status !== 200) return errorOf(answer, context);
      const { id } = answer.body as { readonly id: string };
      context.stdout.write(isJson ? `${JSON.stringify({ apiVersion: 1, id })}\n` : `${id}\n`);
      return exitCode.ok;
    });
  },
};

interface Times {
  readonly startsAt: WallMs;
  readonly endsAt: WallMs;
}

function timesIn(parsed: Parsed, untilOk: boolean, now: WallMs): Times {
  const startsAt = dateIn(parsed, 'start') ?? now;
  const end = dateIn(parsed, 'end');
  const duration = durationIn(parsed, 'duration');
  const max = durationIn(parsed, 'max');
  if (max !== undefined && !untilOk) throw new UsageError('--max goes with --until-ok');
  const given = [end, duration, max].filter((one) => one !== undefined);
  if (given.length > 1) throw new UsageError('expected one of --duration, --end and --max');
  const endsAt = end ?? ((startsAt + (duration ?? max ?? hourMs)) as WallMs);
  if (endsAt <= startsAt) throw new UsageError('the end must come after the start');
  return { startsAt, endsAt };
}

const hourMs = 3_600_000;

function durationIn(parsed: Parsed, option: string): number | undefined {
  const written = text(parsed, option);
  if (written === undefined) return undefined;
  const ms = parseDuration(written);
  if (ms !== undefined && ms > 0) return ms;
  throw new UsageError(`--${option} takes a duration such as 30m or 2h, found "${written}"`);
}

function dateIn(parsed: Parsed, option: string): WallMs | undefined {
  const written = text(parsed, option);
  if (written === undefined) return undefined;
  const ms = Date.parse(written);
  if (!Number.isNaN(ms) && /^\d{4}-\d\d-\d\d/.test(written)) return ms as WallMs;
  throw new UsageError(`--${option} takes a date such as 2026-01-31T22:00:00Z, found "${written}"`);
}
