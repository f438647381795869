import { humanDuration } from '../lib/duration.ts';
import { byWorst, worstOf, type Status } from '../model/result.ts';
import { withAgent } from './agent-client.ts';
import type { CheckAnswer, ReceiverAnswer, StatusAnswer } from './api-types.ts';
import { exitCodeOf } from './check.ts';
import { configOption, jsonOption, type Command, type CommandContext } from './command.ts';
import { loadOrTell } from './load.ts';
import { columns, painter } from './style.ts';

export const status: Command = {
  name: 'status',
  summary: 'checks, alerts, receivers and outbox of the running agent',
  usage: '[-c FILE] [--json]',
  options: { ...configOption, ...jsonOption },
  async run(parsed, context) {
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    return withAgent(loaded, context, async (ask) => {
      const { body } = await ask('GET', '/api/v1/status');
      const answer = body as StatusAnswer;
      const statuses = answer.checks.map(({ latest }) => latest?.status ?? 'ok');
      if (parsed.values['json']) context.stdout.write(`${JSON.stringify(body)}\n`);
      else context.stdout.write(render(answer, context));
      return exitCodeOf[worstOf(statuses)];
    });
  },
};

function render({ agent, checks, receivers }: StatusAnswer, context: CommandContext): string {
  const paint = painter(context);
  const now = Date.parse(agent.now);
  const uptime = humanDuration(now - Date.parse(agent.startedAt));
  const sorted = checks.toSorted((a, b) => byWorst(word(a), word(b)));
  const rows = columns(sorted.map((check) => checkRow(check, now)));
  const lines = rows.map((row, index) => {
    const name = sorted[index]?.latest?.status ?? 'waiting';
    const as = name === 'waiting' ? 'dim' : name;
    return paint(row.slice(0, name.length), as) + row.slice(name.length);
  });
  return [
    `${agent.name}: tocsin ${agent.version}, up ${uptime}`,
    ...agent.problems.map((problem) => paint(`! ${problem}`, 'critical')),
    '',
    ...lines,
    '',
    ...columns(receivers.map((receiver) => receiverRow(receiver, now))),
    '',
  ].join('\n');
}

function word({ latest }: CheckAnswer): Status {
  return latest?.status ?? 'ok';
}

function checkRow(check: CheckAnswer, now: number): string[] {
  const since = check.since === null ? '' : ` ${humanDuration(now - Date.parse(check.since))}`;
  const alert = check.phase === 'inactive' ? '' : `${check.phase}${since}`;
  const stalled =
    check.stalledSince === null
      ? ''
      : `stalled ${humanDuration(now - Date.parse(check.stalledSince))}`;
  return [
    check.latest?.status ?? 'waiting',
    check.name,
    [alert, check.flapping ? 'flapping' : '', stalled].filter((part) => part !== '').join(', '),
    check.latest?.summary ?? 'has not run yet',
  ];
}

function receiverRow(one: ReceiverAnswer, now: number): string[] {
  const last =
    one.lastSuccessAt === null
      ? 'nothing sent yet'
      : `last delivered ${humanDuration(now - Date.parse(one.lastSuccessAt))} ago`;
  const waiting =
    one.pending === 0 ? '' : `${one.pending} waiting for ${humanDuration(one.oldestAgeMs)}`;
  const failing = one.failing === null ? '' : `failing: ${one.failing.detail}`;
  return [
    `to ${one.receiver}`,
    one.integration,
    [last, waiting, failing].filter((part) => part !== '').join('; '),
  ];
}
