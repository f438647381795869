const graphemes = new Intl.Segmenter();

/** Characters that an escape may add for one: `&amp;` and its like. */
const longestEscape = 5;

/**
 * Shortens a text to at most `max` UTF-16 units, the last of them "…". It is cut between characters as
 * people see them; only one that is longer than `max` itself is cut between code points.
 */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const room = max - 1;
  const start = graphemes.segment(text).containing(room)?.index ?? 0;
  return `${text.slice(0, start > 0 ? start : codePointStart(text, room))}…`;
}

function codePointStart(text: string, index: number): number {
  const isInsidePair = (text.codePointAt(index - 1) ?? 0) > 0xffff;
  return isInsidePair ? index - 1 : index;
}

/**
 * Passes a text through `escape`, which may lengthen it, and shortens it so that the result has at most
 * `max` units and no half of an escape.
 */
export function cutEscaped(text: string, max: number, escape: (text: string) => string): string {
  // What is far beyond the limit need not be escaped to know that it does not fit.
  let rawMax = Math.min(text.length, max);
  let escaped = escape(cutText(text, rawMax));
  while (escaped.length > max) {
    rawMax -= Math.ceil((escaped.length - max) / longestEscape);
    escaped = escape(cutText(text, rawMax));
  }
  return escaped;
}

/** Characters that turn the direction of what follows, and could make a text read as another one. */
const turning = /[\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu;

/** A text on one line, without control characters. */
export function oneLine(text: string): string {
  return text
    .replaceAll(turning, '\u{fffd}')
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
}

/** A text with line breaks kept and every other control character (colours, bells) made visible. */
export function printable(text: string): string {
  return text.replaceAll(turning, '\u{fffd}').replaceAll(/[\p{Cc}--[\n\t]]/gv, '\u{fffd}');
}
