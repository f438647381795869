import { systemClock } from '../lib/clock.ts';
import { humanDuration } from '../lib/duration.ts';
import type { Status } from '../model/result.ts';
import { errorOf, withAgent } from './agent-client.ts';
import type { AlertAnswer, SilenceAnswer } from './api-types.ts';
import {
  configOption,
  exitCode,
  jsonOption,
  text,
  type Command,
  type CommandContext,
} from './command.ts';
import { loadOrTell } from './load.ts';
import { matchersIn } from './matchers.ts';
import { columns, painter } from './style.ts';

export const alerts: Command = {
  name: 'alerts',
  summary: 'what fires, and what is kept back and why',
  usage:
    '[-c FILE] [--active] [--silenced] [--inhibited] [--acknowledged] [--receiver RECEIVER] [--json] [ALERTNAME] [MATCHER…]',
  options: {
    ...configOption,
    ...jsonOption,
    active: { type: 'boolean', short: 'a', about: 'those that are told' },
    silenced: { type: 'boolean', short: 's', about: 'those that a silence keeps back' },
    inhibited: { type: 'boolean', short: 'i', about: 'those that another alert keeps back' },
    acknowledged: { type: 'boolean', about: 'those that somebody has taken on' },
    receiver: {
      type: 'string',
      short: 'r',
      value: 'RECEIVER',
      about: 'those that go to this receiver',
    },
  },
  async run(parsed, context) {
    const matchers = matchersIn(parsed.positionals);
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    return withAgent(loaded, context, async (ask) => {
      const answer = await ask('GET', '/api/v1/alerts');
      if (answer.status !== 200) return errorOf(answer, context);
      const silences = (await ask('GET', '/api/v1/silences')).body as {
        readonly silences: readonly SilenceAnswer[];
      };
      const receiver = text(parsed, 'receiver');
      const { alerts: all } = answer.body as { readonly alerts: readonly AlertAnswer[] };
      const kinds = kindsWanted(parsed.values);
      const shown = all.filter(
        (alert) =>
          matchers.every((matcher) => matcher.matches(alert.labels)) &&
          (receiver === undefined || alert.receivers.includes(receiver)) &&
          (kinds.length === 0 || kinds.some((kind) => isOf[kind](alert))),
      );
      context.stdout.write(
        parsed.values['json']
          ? `${JSON.stringify({ apiVersion: 1, alerts: shown })}\n`
          : render(shown, silences.silences, context),
      );
      return exitCode.ok;
    });
  },
};

const isOf = {
  active: ({ state }: AlertAnswer) => state !== 'suppressed',
  silenced: ({ silencedBy }: AlertAnswer) => silencedBy.length > 0,
  inhibited: ({ inhibitedBy }: AlertAnswer) => inhibitedBy.length > 0,
  acknowledged: ({ acknowledgement }: AlertAnswer) => acknowledgement !== null,
} as const;
type Kind = keyof typeof isOf;

function kindsWanted(values: Readonly<Record<string, unknown>>): readonly Kind[] {
  return (Object.keys(isOf) as Kind[]).filter((kind) => values[kind] === true);
}

function render(
  alerts: readonly AlertAnswer[],
  silences: readonly SilenceAnswer[],
  context: CommandContext,
): string {
  if (alerts.length === 0) return 'no alerts\n';
  const paint = painter(context);
  const now = systemClock().now().wallMs;
  const rows = alerts.map((alert) => [
    alert.state === 'suppressed' ? 'kept back' : 'firing',
    alert.labels['severity'] ?? '',
    alert.labels['alertname'] ?? '',
    alert.fingerprint,
    humanDuration(Math.max(0, now - Date.parse(alert.startsAt))),
    [
      alert.annotations['description'] ?? alert.annotations['summary'] ?? '',
      ...notes(alert, silences),
    ]
      .filter((part) => part !== '')
      .join('; '),
  ]);
  return columns(rows)
    .map((row, index) => {
      const severity = alerts[index]?.labels['severity'];
      const as: Status =
        severity === 'warning' ? 'warning' : severity === 'info' ? 'ok' : 'critical';
      return `${alerts[index]?.state === 'suppressed' ? paint(row, 'dim') : paint(row, as)}\n`;
    })
    .join('');
}

/** What keeps an alert back, and who has it in hand. */
export function notes(alert: AlertAnswer, silences: readonly SilenceAnswer[]): string[] {
  const { acknowledgement: taken, dependsOn } = alert;
  return [
    ...(taken === null
      ? []
      : [
          `acknowledged by ${taken.by === '' ? 'somebody' : taken.by}` +
            (taken.comment === '' ? '' : `: ${taken.comment}`),
        ]),
    ...alert.silencedBy.map((id) => silenceNote(id, silences)),
    ...alert.inhibitedBy.map((by) => `inhibited by ${by}`),
    ...alert.mutedBy.map((name) => `outside the hours of ${name}`),
    ...(dependsOn === null ? [] : [`${dependsOn} is failing, on which it depends`]),
  ];
}

function silenceNote(id: string, silences: readonly SilenceAnswer[]): string {
  const silence = silences.find((one) => one.id === id);
  if (silence === undefined) return `silenced by ${id}`;
  const why = silence.comment === '' ? '' : ` (${silence.comment})`;
  const until = silence.endsAt.replace(/\.\d+Z$/, 'Z');
  return `silenced by ${id}${why} until ${silence.untilOk ? 'all is ok, at the latest ' : ''}${until}`;
}
