import { alertStatus } from '../model/alert.ts';
import type { Delivery, Outcome } from '../model/delivery.ts';
import { evidenceByStory, evidenceHeading } from './evidence.ts';
import { integration } from './integration.ts';
import { asidesOf } from './asides.ts';
import { changeOf, headline, levelOf, storiesToTell, type Story } from './summary.ts';
import { printable } from './cut-text.ts';
import { date, detailOf, marks, nameOf, sentences, severityOf, since } from './wording.ts';

/** Standard output: where an agent without a configuration tells its alerts. */
export const terminal = integration({
  entries: {},
  sendResolvedDefault: true,
  send(delivery, _options, context) {
    if (context.write === undefined) return writeToStandardOutput(terminalText(delivery));
    context.write(terminalText(delivery));
    return Promise.resolve(printed);
  },
});

const printed: Outcome = { kind: 'delivered', detail: 'printed' };

/** One block for each notification: when and what, then why, then the lines that explain it. */
export function terminalText({ notification, createdAt }: Delivery): string {
  const stories = storiesToTell(notification);
  const evidence = evidenceByStory(stories);
  const lines = [
    `${date(createdAt.wallMs)}  ${headline(notification, createdAt.wallMs)}`,
    ...asidesOf(notification).map((line) => `  ${line}`),
    ...stories.flatMap((story) => [
      ...(stories.length === 1 ? [] : [`  ${markOf(story)} ${nameOf(story.alert)}`]),
      ...[changeOf(story), ...sentences(story.alert), since(story.alert, createdAt.wallMs)]
        .filter((line) => line !== '')
        .map((line) => `  ${line}`),
      ...indented(detailOf(story.alert)),
      ...underHeading(evidence.get(story) ?? []),
    ]),
    ...(notification.truncatedAlerts > 0 ? [`  … and ${notification.truncatedAlerts} more`] : []),
  ];
  const [first = '', ...rest] = lines.map(printable);
  return `${[coloured(first, colours[levelOf(notification)]), ...rest].join('\n')}\n`;
}

function underHeading(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`  ${evidenceHeading.toLowerCase()}:`, ...indented(lines)];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.flatMap((text) => text.split('\n')).map((line) => `    ${line}`);
}

function markOf({ alert }: Story): string {
  return marks[alertStatus(alert) === 'firing' ? severityOf(alert) : 'resolved'];
}

/** Codes of SGR, the escape sequence that colours a terminal. */
const colours = { critical: 31, warning: 33, info: 34, resolved: 32 };

function coloured(text: string, colour: number): string {
  const isWanted = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  return isWanted ? `\u{1b}[${colour}m${text}\u{1b}[0m` : text;
}

function writeToStandardOutput(text: string): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  process.stdout.write(text, (error) => {
    const detail = 'standard output cannot be written to';
    resolve(error ? { kind: 'passing', reason: 'internal', detail } : printed);
  });
  return promise;
}
