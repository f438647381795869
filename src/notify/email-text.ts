import type { Delivery, Notification } from '../model/delivery.ts';
import { mailedAlertsMax } from '../model/limits.ts';
import { oneLine, printable } from './cut-text.ts';
import { acknowledgeLinkOf, type MessageLinks } from './acknowledge-link.ts';
import { asidesOf } from './asides.ts';
import { evidenceByStory, evidenceHeading } from './evidence.ts';
import { changeOf, headline, storiesToTell, type Story } from './summary.ts';
import { detailOf, factsOf, nameOf, runbookOf, sentences, since } from './wording.ts';
import type { WallMs } from '../model/time.ts';

/** The e-mail as plain text. */
export function emailText({ notification, createdAt }: Delivery, links: MessageLinks): string {
  const { externalURL } = links;
  const { stories, left, evidence } = mailedStories(notification);
  const asides = asidesOf(notification);
  const parts = [
    headline(notification, createdAt.wallMs),
    ...(asides.length === 0 ? [] : [asides.join('\n')]),
    ...stories.map((story) =>
      [
        storyText(story, createdAt.wallMs, notification, links),
        ...evidenceText(evidence.get(story) ?? []),
      ].join('\n'),
    ),
    ...(left > 0 ? [`… and ${left} more`] : []),
    ...(externalURL === '' ? [] : [externalURL]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** What an e-mail shows, and how many alerts there are besides. */
export function mailedStories(notification: Notification): {
  readonly stories: readonly Story[];
  readonly left: number;
  readonly evidence: ReadonlyMap<Story, readonly string[]>;
} {
  const all = storiesToTell(notification);
  const stories = all.slice(0, mailedAlertsMax);
  const left = all.length - stories.length + notification.truncatedAlerts;
  return { stories, left, evidence: evidenceByStory(stories) };
}

function storyText(
  story: Story,
  now: WallMs,
  notification: Notification,
  links: MessageLinks,
): string {
  const { alert } = story;
  const rows = emailRows(story, now, notification, links).map(
    ([name, value]) => `${`${name}:`.padEnd(10)}${value}`,
  );
  const detail = indented(detailOf(alert));
  const said = [changeOf(story), ...sentences(alert)].filter((line) => line !== '');
  return [nameOf(alert), ...said, ...rows, ...detail].join('\n');
}

function evidenceText(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${evidenceHeading}:`, ...indented(lines)];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.flatMap((text) => text.split('\n')).map((line) => `    ${printable(line)}`);
}

/** Names and values of one story, as both forms of the e-mail show them. */
export function emailRows(
  { alert }: Story,
  now: WallMs,
  notification: Notification,
  links: MessageLinks,
): readonly (readonly [name: string, value: string])[] {
  const runbook = runbookOf(alert);
  const acknowledge = acknowledgeLinkOf(alert, notification, links);
  return [
    ['When', oneLine(since(alert, now))],
    ...factsOf(alert),
    ...(runbook === undefined ? [] : [['Runbook', runbook] as const]),
    ...(acknowledge === '' ? [] : [['Take on', acknowledge] as const]),
  ];
}
