import { humanDuration } from '../lib/duration.ts';
import { withAgent } from './agent-client.ts';
import type { NotificationAnswer, WhyAnswer } from './api-types.ts';
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
import { columns, painter } from './style.ts';

/** Results and notifications that are listed; `--json` has more. */
const listedMax = 8;

export const why: Command = {
  name: 'why',
  summary: 'what happened to a check, what was sent about it, and what comes next',
  usage: '[-c FILE] [--json] NAME',
  options: { ...configOption, ...jsonOption },
  async run(parsed, context) {
    const [name] = parsed.positionals;
    if (name === undefined) throw new UsageError('the name of a check is missing');
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    return withAgent(loaded, context, async (ask) => {
      const { status, body } = await ask('GET', `/api/v1/why/${encodeURIComponent(name)}`);
      if (status === 404) {
        const known = loaded.config.checks.map((check) => check.name).join(', ');
        context.stderr.write(`tocsin: the agent has no check called ${name}; it has ${known}\n`);
        return exitCode.usage;
      }
      const answer = body as WhyAnswer;
      if (parsed.values['json']) context.stdout.write(`${JSON.stringify(body)}\n`);
      else context.stdout.write(render(answer, context));
      return exitCodeOf[answer.check.latest?.status ?? 'unknown'];
    });
  },
};

function render(answer: WhyAnswer, context: CommandContext): string {
  const paint = painter(context);
  const { check, results, notifications } = answer;
  const heading = (title: string): string => paint(title, 'bold');
  const target = check.target === undefined ? '' : ` ${check.target}`;
  const since = check.since === null ? '' : ` since ${time(check.since)}`;
  return [
    `${heading(check.name)} (${check.type}${target}): ${check.phase}${since}`,
    `  ${check.latest?.summary ?? 'has not run yet'}`,
    `  rule: ${check.rule}`,
    ...(check.stalledSince === null
      ? []
      : [`  stalled: not looked at since ${time(check.stalledSince)}`]),
    `  counts: ${check.failures} failures and ${check.successes} successes in a row, ` +
      `${check.runs} runs, ${check.missedRuns} missed`,
    heading('last results'),
    ...columns(
      results
        .slice(0, listedMax)
        .map((one) => [
          `  ${time(one.startedAt)}`,
          one.status,
          humanDuration(one.durationMs),
          one.summary,
        ]),
    ),
    heading('sent'),
    ...(notifications.length === 0 ? ['  nothing so far'] : sent(notifications)),
    heading('next'),
    ...next(answer),
    '',
  ].join('\n');
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

function next({ check, groups }: WhyAnswer): string[] {
  const run = check.nextRunAt === null ? 'not scheduled' : time(check.nextRunAt);
  return [
    `  run: ${run}`,
    ...groups.map(({ receiver, nextFlushAt, alerts }) => {
      const muted = alerts.find(({ alertname }) => alertname === check.name)?.mutedBy;
      const what = muted === undefined ? 'message to' : `nothing is told (${muted}) to`;
      return `  ${what} ${receiver}, if there is news: ${time(nextFlushAt)}`;
    }),
  ];
}

/** The time of day in UTC, as the log has it. */
function time(rfc3339: string): string {
  return rfc3339.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}
