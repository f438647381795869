import { type Alert, alertStatus } from '../model/alert.ts';
import type { Severity } from '../model/check.ts';
import type { Delivery } from '../model/delivery.ts';
import { rfc3339, type WallMs } from '../model/time.ts';
import { acknowledgeLinkOf, type MessageLinks } from './acknowledge-link.ts';
import { asidesOf } from './asides.ts';
import { evidenceByStory, evidenceHeading } from './evidence.ts';
import {
  blocksMax,
  fieldsMax,
  fieldTextMax,
  messageTextMax,
  sectionTextMax,
  slackCode,
  slackText,
} from './slack-limits.ts';
import { changeOf, headline, levelOf, storiesToTell, type Story } from './summary.ts';
import {
  detailOf,
  factsOf,
  lasted,
  marks,
  nameOf,
  runbookOf,
  sentences,
  severityOf,
} from './wording.ts';

const colours: Record<Severity | 'resolved', string> = {
  critical: '#d40e0d',
  warning: '#e8912d',
  info: '#439fe0',
  resolved: '#2eb67d',
};

/** Lines of detail under each of several alerts; a single one shows all it has. */
const detailLinesOfMany = 5;

/** `verbatim` keeps Slack from making links and mentions out of plain text. */
interface MarkdownText {
  readonly type: 'mrkdwn';
  readonly text: string;
  readonly verbatim: true;
}

type SlackBlock =
  | { readonly type: 'section'; readonly text: MarkdownText }
  | { readonly type: 'section'; readonly fields: MarkdownText[] }
  | { readonly type: 'context'; readonly elements: MarkdownText[] };

export interface SlackMessage {
  /** The headline: what phones show, and the line above the coloured panel. */
  readonly text: string;
  readonly attachments: { color: string; fallback: string; blocks: SlackBlock[] }[];
}

/** Texts of the configuration. */
interface SlackTexts {
  readonly title?: string | undefined;
  readonly pretext?: string | undefined;
  readonly text?: string | undefined;
  readonly footer?: string | undefined;
  readonly color?: string | undefined;
}

/** Renders a delivery: the headline as text, and one panel in the colour of the worst severity. */
export function slackMessage(
  delivery: Delivery,
  links: MessageLinks,
  texts: SlackTexts,
): SlackMessage {
  const { externalURL } = links;
  const { notification, createdAt } = delivery;
  const now = createdAt.wallMs;
  const text = slackText(texts.title ?? headline(notification, now), messageTextMax);
  const stories = storiesToTell(notification);
  const [first] = stories;
  const isSingle = first !== undefined && stories.length === 1;
  const asides = asidesOf(notification);
  const takeOn = (alert: Alert): string => acknowledgeLinkOf(alert, notification, links);
  const before = [
    ...ownSection(texts.pretext),
    ...(asides.length === 0 ? [] : [section(slackText(asides.join('\n'), sectionTextMax))]),
  ];
  const after = [
    ...ownSection(texts.text),
    ...(texts.footer === undefined ? [] : [context(slackText(texts.footer, fieldTextMax))]),
    ...(externalURL === '' ? [] : [context(link(externalURL, 'tocsin'))]),
  ];
  const found = evidenceBlock(stories);
  const room = blocksMax - before.length - found.length - after.length;
  const shown = stories.slice(0, storiesIn(room));
  const left = stories.length - shown.length + notification.truncatedAlerts;
  const blocks = [
    ...before,
    ...(isSingle
      ? storyInFull(first, now, takeOn)
      : shown.flatMap((story) => storyInShort(story, now, takeOn))),
    ...(left > 0 ? [context(`… and ${left} more`)] : []),
    ...found,
    ...after,
  ];
  const color = texts.color ?? colours[levelOf(notification)];
  return { text, attachments: [{ color, fallback: text, blocks }] };
}

/** Alerts that fit: at most two blocks each, and one that says how many there are besides. */
function storiesIn(blocks: number): number {
  return Math.floor((blocks - 1) / 2);
}

/** What was found around the alerts, in one block: most of it is the same for all of a host. */
function evidenceBlock(stories: readonly Story[]): SlackBlock[] {
  const found = [...evidenceByStory(stories)].filter(([, lines]) => lines.length > 0);
  const lines = found.flatMap(([{ alert }, own]) =>
    stories.length === 1 ? own : [`${nameOf(alert)}:`, ...own.map((line) => `  ${line}`)],
  );
  if (lines.length === 0) return [];
  const heading = `*${evidenceHeading}*\n`;
  return [section(`${heading}${slackCode(lines, sectionTextMax - heading.length)}`)];
}

function ownSection(text: string | undefined): SlackBlock[] {
  return text === undefined ? [] : [section(slackText(text, sectionTextMax))];
}

type TakeOn = (alert: Alert) => string;

function storyInFull(story: Story, now: WallMs, takeOn: TakeOn): SlackBlock[] {
  const { alert } = story;
  const said = [changeOf(story), ...sentences(alert)].filter((line) => line !== '');
  const runbook = runbookOf(alert);
  const acknowledge = takeOn(alert);
  const facts: [string, string][] = [
    ['Since', slackSince(alert, now)],
    ...factsOf(alert).map(([name, value]): [string, string] => [
      name,
      slackText(value, fieldTextMax - 100),
    ]),
    ...(runbook === undefined ? [] : [['Runbook', link(runbook, 'open')] as [string, string]]),
    ...(acknowledge === ''
      ? []
      : [['Yours?', link(acknowledge, 'take it on')] as [string, string]]),
  ];
  const fields = facts.slice(0, fieldsMax).map(([name, value]) => markdown(`*${name}*\n${value}`));
  return [
    ...(said.length === 0 ? [] : [section(slackText(said.join('\n'), sectionTextMax))]),
    { type: 'section', fields },
    ...code(detailOf(alert)),
  ];
}

function storyInShort(story: Story, now: WallMs, takeOn: TakeOn): SlackBlock[] {
  const { alert } = story;
  const status = alertStatus(alert) === 'firing' ? severityOf(alert) : 'resolved';
  const said = [changeOf(story), ...sentences(alert)].filter((line) => line !== '');
  const runbook = runbookOf(alert);
  const acknowledge = takeOn(alert);
  const lines = [
    `${marks[status]} *${slackText(nameOf(alert), 200)}*`,
    ...said.map((line) => slackText(line, 1000)),
    [
      slackSince(alert, now),
      ...(runbook === undefined ? [] : [link(runbook, 'runbook')]),
      ...(acknowledge === '' ? [] : [link(acknowledge, 'take it on')]),
    ].join(' · '),
  ];
  return [section(lines.join('\n')), ...code(detailOf(alert).slice(0, detailLinesOfMany))];
}

function code(lines: readonly string[]): SlackBlock[] {
  return lines.length === 0 ? [] : [section(slackCode(lines, sectionTextMax))];
}

/** Dates that Slack shows in the reader's own time zone. */
function slackSince(alert: Alert, now: WallMs): string {
  const start = slackDate(alert.startsAt);
  return alertStatus(alert) === 'firing'
    ? `${start} (${lasted(alert, now)})`
    : `${start} to ${slackDate(alert.endsAt ?? now)} (${lasted(alert, now)})`;
}

function slackDate(wallMs: WallMs): string {
  const seconds = Math.floor(wallMs / 1000);
  return `<!date^${seconds}^{date_short_pretty} {time_secs}|${rfc3339(wallMs)}>`;
}

/** A link; an address too long to be one is left out rather than cut. */
function link(address: string, label: string): string {
  const target = address.replaceAll('|', '%7C').replaceAll('>', '%3E').replaceAll('<', '%3C');
  return target.length > 1500 ? label : `<${target.replaceAll('&', '&amp;')}|${label}>`;
}

function section(text: string): SlackBlock {
  return { type: 'section', text: markdown(text) };
}

function context(text: string): SlackBlock {
  return { type: 'context', elements: [markdown(text)] };
}

function markdown(text: string): MarkdownText {
  return { type: 'mrkdwn', text, verbatim: true };
}
