import { humanDuration } from '../lib/duration.ts';
import { withAgent } from './agent-client.ts';
import { notes } from './alerts.ts';
import type {
  AlertAnswer,
  CheckAnswer,
  NotificationAnswer,
  ResultAnswer,
  SilenceAnswer,
  SuppressionAnswer,
  WhyAnswer,
} from './api-types.ts';
import { exitCodeOf } from './check.ts';
import {
  configOption,
  exitCode,
  jsonOption,
  UsageError,
  type Command,
  type CommandContext,
} from './command.ts';
import { loadOrTell } from './load.ts';
import { silencesOf } from './silence.ts';
import { columns, painter } from './style.ts';

/** Results and notifications that are listed; `--json` has more. */
const listedMax = 8;

export const why: Command = {
  name: 'why',
  summary: 'what happened to a check or an alert, what was sent or kept back, and what comes next',
  usage: '[-c FILE] [--json] CHECK',
  options: { ...configOption, ...jsonOption },
  async run(parsed, context) {
    const [name] = parsed.positionals;
    if (name === undefined) throw new UsageError('the name of a check or an alert is missing');
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    return withAgent(loaded, context, async (ask) => {
      const { status, body } = await ask('GET', `/api/v1/why/${encodeURIComponent(name)}`);
      if (status === 404) {
        const known = loaded.config.checks.map((check) => check.name).join(', ');
        context.stderr.write(
          `tocsin: the agent knows no check and no alert called ${name}; it has ${known}\n`,
        );
        return exitCode.usage;
      }
      const answer = body as WhyAnswer;
      const silences = await silencesOf(ask);
      if (parsed.values['json']) context.stdout.write(`${JSON.stringify(body)}\n`);
      else context.stdout.write(render(answer, silences, context));
      return exitCodeFor(answer);
    });
  },
};

/** By the latest result of the check; by what fires for alerts without one. */
function exitCodeFor({ check, alerts }: WhyAnswer): number {
  if (check !== null) return exitCodeOf[check.latest?.status ?? 'unknown'];
  if (alerts.length === 0) return exitCode.ok;
  const isCritical = alerts.some(({ labels }) => labels['severity'] !== 'warning');
  return isCritical ? exitCode.critical : exitCode.warning;
}

function render(
  answer: WhyAnswer,
  silences: readonly SilenceAnswer[],
  context: CommandContext,
): string {
  const { check, alerts, results, notifications, suppressed } = answer;
  const paint = painter(context);
  const heading = (title: string): string => paint(title, 'bold');
  return [
    ...(check === null ? [] : checkLines(check, heading)),
    ...alerts.flatMap((alert) => alertLines(alert, silences, heading)),
    ...(check === null ? [] : [heading('last results'), ...resultLines(results)]),
    heading('sent'),
    ...(notifications.length === 0 ? ['  nothing so far'] : sent(notifications)),
    ...(suppressed.length === 0 ? [] : [heading('kept back'), ...suppressionLines(suppressed)]),
    heading('next'),
    ...next(answer),
    '',
  ].join('\n');
}

function checkLines(check: CheckAnswer, heading: (title: string) => string): string[] {
  const target = check.target === undefined ? '' : ` ${check.target}`;
  const since = check.since === null ? '' : ` since ${time(check.since)}`;
  const flapping = check.flapping ? ', flapping' : '';
  return [
    `${heading(check.name)} (${check.type}${target}): ${check.phase}${since}${flapping}`,
    `  ${check.latest?.summary ?? 'has not run yet'}`,
    `  rule: ${check.rule}`,
    `  counts: ${check.failures} failures and ${check.successes} successes in a row, ` +
      `${check.runs} runs, ${check.missedRuns} missed`,
  ];
}

function alertLines(
  alert: AlertAnswer,
  silences: readonly SilenceAnswer[],
  heading: (title: string) => string,
): string[] {
  const { labels, annotations, fingerprint, startsAt, receivers } = alert;
  const severity = labels['severity'] ?? '';
  const why = annotations['description'] ?? annotations['summary'];
  const kept = notes(alert, silences);
  return [
    `${heading('alert')} ${labels['alertname']} ${severity} ${fingerprint} since ${time(startsAt)}`,
    ...(labels['check'] === undefined && why !== undefined ? [`  ${why}`] : []),
    `  told to: ${receivers.join(', ')}`,
    ...kept.map((note) => `  ${note}`),
  ];
}

function resultLines(results: readonly ResultAnswer[]): string[] {
  return columns(
    results
      .slice(0, listedMax)
      .map((one) => [
        `  ${time(one.startedAt)}`,
        one.status,
        humanDuration(one.durationMs),
        one.summary,
      ]),
  );
}

function suppressionLines(suppressed: readonly SuppressionAnswer[]): string[] {
  return columns(
    suppressed
      .slice(0, listedMax)
      .map(({ at, reason, by, receiver }) => [
        `  ${time(at)}`,
        reason,
        `not told to ${receiver}: ${suppressionText(reason, by)}`,
      ]),
  );
}

/** What kept a message back, as part of a sentence. */
function suppressionText(reason: string, by: string): string {
  const texts: Readonly<Record<string, string>> = {
    dependency: `${by} is failing, on which it depends`,
    inhibition: `${by} fires and inhibits it`,
    time_interval: `outside the hours of ${by}`,
    flapping: 'it is flapping, which was told once',
    acknowledged: by === '' ? 'somebody has taken it on' : `${by} has taken it on`,
  };
  return texts[reason] ?? by;
}

function sent(notifications: readonly NotificationAnswer[]): string[] {
  return notifications
    .slice(0, listedMax)
    .flatMap((one) => [
      `  ${time(one.createdAt)} ${one.status} to ${one.receiver} (${one.integration}): ` +
        `${one.reason}, ${one.state}`,
      ...one.attempts.map(
        ({ number, at, outcome, detail }) =>
          `    attempt ${number} ${time(at)} ${outcome}: ${detail}`,
      ),
    ]);
}

function next({ check, outlook }: WhyAnswer): string[] {
  const run = check?.nextRunAt ?? undefined;
  const rows = outlook.map(({ kind, receiver, at, keptBackBy }) => [
    `  ${time(at)}`,
    kind === 'message' ? `first message to ${receiver}` : `${kind} to ${receiver}`,
    keptBackBy === null ? outlookConditions[kind] : `kept back as it stands: ${keptBackBy}`,
  ]);
  return [
    ...(check === null ? [] : [`  run: ${run === undefined ? 'not scheduled' : time(run)}`]),
    ...columns(rows),
    ...(check === null && rows.length === 0 ? ['  nothing: it does not fire'] : []),
  ];
}

const outlookConditions = {
  message: 'if it still fires',
  reminder: 'if nothing changes',
  escalation: 'unless somebody acknowledges',
} as const;

/** The time of day in UTC, as the log has it. */
function time(rfc3339: string): string {
  return rfc3339.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}
