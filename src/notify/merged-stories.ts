import type { Alert } from '../model/alert.ts';
import type { Notification } from '../model/delivery.ts';
import { mergedStoriesMax, mergedTurnsMax } from '../model/limits.ts';
import type { WallMs } from '../model/time.ts';
import { clockTime } from './clock-time.ts';
import { nameOf, recoveredStateOf, stateOf } from './wording.ts';

/** One moment at which an alert began or ended. */
interface Turn {
  readonly at: WallMs;
  readonly words: string;
}

/**
 * What happened to each alert while the messages waited, one sentence each, as in "gateway: down 12:03 UTC,
 * back 12:15 UTC". Only of alerts that the newest message does not tell in full.
 */
export function storiesOf(notifications: readonly Notification[]): string[] {
  const episodes = new Map<string, Map<string, Alert>>();
  for (const { alerts } of notifications) {
    for (const alert of alerts) {
      const subject = alert.labels['check'] === undefined ? alert.fingerprint : nameOf(alert);
      const known = episodes.get(subject) ?? new Map<string, Alert>();
      episodes.set(subject, known.set(`${alert.fingerprint}@${alert.startsAt}`, alert));
    }
  }
  const stories = [...episodes.values()].flatMap((one) => storyOf([...one.values()]) ?? []);
  const left = stories.length - mergedStoriesMax;
  return left <= 0
    ? stories
    : [...stories.slice(0, mergedStoriesMax), `${left} more changed while this waited.`];
}

function storyOf(episodes: readonly Alert[]): string | undefined {
  const [first] = episodes;
  const turns = episodes.flatMap((episode) => turnsOf(episode, episodes));
  const latest = turns.at(-1);
  if (first === undefined || latest === undefined || turns.length < 2) return undefined;
  const shown = turns.length <= mergedTurnsMax ? turns : turns.slice(-mergedTurnsMax);
  const said = shown.map(({ at, words }) => `${words} ${clockTime(at, latest.at)}`).join(', ');
  return `${nameOf(first)}: ${shown.length < turns.length ? '…, ' : ''}${said}`;
}

function turnsOf(alert: Alert, episodes: readonly Alert[]): Turn[] {
  const began = { at: alert.startsAt, words: stateOf(alert) };
  const successor = alert.supersededBy?.fingerprint;
  // What took its place says the same, as the beginning of the next.
  const isContinued = episodes.some(({ fingerprint }) => fingerprint === successor);
  if (alert.endsAt === undefined || isContinued) return [began];
  return [began, { at: alert.endsAt, words: recoveredStateOf(alert) }];
}
