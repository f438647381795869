import { cutEscaped, printable } from './cut-text.ts';

/** What Slack accepts in one message, and how text is made harmless for it. */

/** The text above the blocks. Slack takes more, but nobody reads it. */
export const messageTextMax = 3900;
export const sectionTextMax = 3000;
export const fieldTextMax = 2000;
export const fieldsMax = 10;
export const blocksMax = 50;

const zeroWidthSpace = '\u{200b}';

/**
 * Escapes what Slack would read as markup of its own: entities and `<…>`, so that no text makes a link
 * or a mention, the words that would call everybody if they were looked for, and fences of code.
 */
export function escapeSlack(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/@(?=channel|here|everyone)/gi, `@${zeroWidthSpace}`)
    .replaceAll(/`(?=``)/g, `\`${zeroWidthSpace}`);
}

/** Text for a place that takes `max` characters. */
export function slackText(text: string, max: number): string {
  return cutEscaped(text, max, escapeSlack);
}

const fence = '```';

/** Lines as they are, in a block of code they cannot break out of; at most `max` characters. */
export function slackCode(lines: readonly string[], max: number): string {
  const room = max - 2 * fence.length - 2;
  return `${fence}\n${slackText(printable(lines.join('\n')), room)}\n${fence}`;
}
