import { counted } from '../model/counted.ts';
import { resolve } from 'node:path';
import { fileRecording } from '../app/playback/file-recording.ts';
import { replay as play, type Replayed } from '../app/playback/replay.ts';
import { compareReplay, type Compared } from '../app/playback/replay-compare.ts';
import { humanDuration, parseDuration } from '../lib/duration.ts';
import { rfc3339, type WallMs } from '../model/time.ts';
import type { Told } from '../model/told.ts';
import { agentOfDirectory } from './agent-client.ts';
import { agentRecording, RecordingError } from './agent-recording.ts';
import {
  configOption,
  exitCode,
  jsonOption,
  text,
  UsageError,
  type Command,
  type CommandContext,
} from './command.ts';
import { loadOrTell } from './load.ts';
import { columns, painter } from './style.ts';

export const replay: Command = {
  name: 'replay',
  summary: 'recorded results through another configuration, beside what was sent',
  usage: '--config FILE [--since DURATION] [--data-dir DIR] [--json]',
  options: {
    ...configOption,
    ...jsonOption,
    since: { type: 'string', value: 'DURATION', about: 'how far back, 7d when not given' },
    'data-dir': { type: 'string', value: 'DIR', about: 'where the results were recorded' },
  },
  async run(parsed, context) {
    const since = text(parsed, 'since') ?? '7d';
    const sinceMs = parseDuration(since);
    if (sinceMs === undefined || sinceMs === 0) {
      throw new UsageError(`--since takes a duration such as 36h or 7d, found "${since}"`);
    }
    if (parsed.positionals.length > 0) throw new UsageError('takes no arguments but options');
    const loaded = await loadOrTell(parsed, context);
    if ('exitCode' in loaded) return loaded.exitCode;
    const named = text(parsed, 'data-dir');
    const dataDir = named === undefined ? loaded.dataDir : resolve(context.cwd, named);
    const ask = await agentOfDirectory(dataDir);
    let replayed: Replayed;
    try {
      if (ask === undefined) {
        const recording = fileRecording(dataDir);
        replayed = await play(recording, loaded.config, sinceMs);
        recording.close();
      } else replayed = await play(agentRecording(ask), loaded.config, sinceMs);
    } catch (error) {
      const isExpected =
        error instanceof RecordingError || (error instanceof Error && error.name === 'StoreError');
      if (!isExpected) throw error;
      context.stderr.write(`tocsin: ${error.message}\n`);
      return exitCode.notRunning;
    }
    const compared = compareReplay(replayed.sent, replayed.would);
    context.stdout.write(
      parsed.values['json']
        ? `${JSON.stringify(shape(replayed, compared))}\n`
        : render(replayed, compared, context),
    );
    return exitCode.ok;
  },
};

const marks = { both: '=', 'not told': '-', 'only new': '+', 'not played': '?' } as const;

function render(
  replayed: Replayed,
  compared: readonly Compared[],
  context: CommandContext,
): string {
  const paint = painter(context);
  const rows = columns([
    ['', '', 'was sent', 'would be sent'],
    ...compared.map((one) => [
      date(one.at),
      marks[one.kind],
      'sent' in one ? toldText(one.sent) : '',
      'would' in one ? toldText(one.would) + shiftOf(one) : '',
    ]),
  ]);
  const [head = '', ...lines] = rows;
  const checks = counted(replayed.results, 'result');
  const restarts =
    replayed.restarts === 0 ? '' : `, over ${replayed.restarts} restarts of the agent`;
  return [
    `${checks} from ${date(replayed.from)} to ${date(replayed.until)}${restarts}`,
    ...(compared.length === 0 ? [] : ['', paint(head, 'bold')]),
    ...lines.map((line, index) => {
      const kind = compared[index]?.kind;
      return kind === 'not told'
        ? paint(line, 'critical')
        : kind === 'only new'
          ? paint(line, 'warning')
          : line;
    }),
    '',
    ...summary(replayed, compared),
    '',
  ].join('\n');
}

function summary(replayed: Replayed, compared: readonly Compared[]): string[] {
  const count = (kind: Compared['kind']): number =>
    compared.filter((one) => one.kind === kind).length;
  const shifts = compared.flatMap((one) =>
    one.kind === 'both' ? [one.would.at - one.sent.at] : [],
  );
  const later = shifts.filter((ms) => ms >= shownShiftMs).length;
  const sooner = shifts.filter((ms) => ms <= -shownShiftMs).length;
  const unplayed = [...replayed.notPlayed].map(([name, results]) => `${name} (${results})`);
  return [
    `= ${count('both')} told as before, ${later} of them later, ${sooner} sooner`,
    `- ${count('not told')} would no longer be told`,
    `+ ${count('only new')} would be new`,
    ...(count('not played') === 0
      ? []
      : [`? ${count('not played')} about alerts that are not recorded as results`]),
    ...(unplayed.length === 0
      ? []
      : [`not in this configuration, with results: ${unplayed.join(', ')}`]),
    ...(replayed.notRecorded.length === 0
      ? []
      : [`nothing was recorded of: ${replayed.notRecorded.join(', ')}`]),
    ...(replayed.cut ? ['there is more than fits: ask for a shorter time by --since'] : []),
  ];
}

/** Checks do not run at the same moment twice: what is closer than this counts as at the same time. */
const shownShiftMs = 1000;

function shiftOf(one: Compared): string {
  if (one.kind !== 'both') return '';
  const shiftMs = one.would.at - one.sent.at;
  if (Math.abs(shiftMs) < shownShiftMs) return '';
  return ` (${humanDuration(Math.abs(shiftMs))} ${shiftMs > 0 ? 'later' : 'sooner'})`;
}

function toldText({ receiver, status, reason, firing, resolved }: Told): string {
  const ended = resolved.length === 0 ? '' : `resolved ${resolved.join(', ')}`;
  const news = firing.length === 0 ? ended : [firing.join(', '), ended].filter(Boolean).join('; ');
  const why = reason === 'repeat interval elapsed' ? ' (reminder)' : '';
  return `${receiver}: ${status === 'firing' ? 'firing ' : ''}${news}${why}`;
}

function date(wallMs: WallMs): string {
  return rfc3339(wallMs)
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

function shape(replayed: Replayed, compared: readonly Compared[]): object {
  const { from, until, results, restarts, notPlayed, notRecorded, cut } = replayed;
  const told = (one: Told & { readonly at: WallMs }): object => {
    const { receiver, status, reason, firing, resolved, at } = one;
    return { at: rfc3339(at), receiver, status, reason, firing, resolved };
  };
  return {
    apiVersion: 1,
    recording: { from: rfc3339(from), until: rfc3339(until), results, restarts },
    notifications: compared.map((one) => ({
      kind: one.kind,
      sent: 'sent' in one ? { ...told(one.sent), state: one.sent.state } : null,
      would: 'would' in one ? told(one.would) : null,
    })),
    notPlayed: Object.fromEntries(notPlayed),
    notRecorded,
    cut,
  };
}
