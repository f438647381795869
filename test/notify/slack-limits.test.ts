import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText, printable } from '../../src/notify/cut-text.ts';
import { escapeSlack, slackCode, slackText } from '../../src/notify/slack-limits.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 200 });
/** Text made of what matters to Slack, so that it comes up often. */
const nastyText = fc
  .array(
    fc.constantFrom(
      '<',
      '>',
      '&',
      '`',
      '```',
      '@here',
      '@channel',
      '<!channel>',
      '👩‍👩‍👧',
      'é',
      'a',
      '\n',
    ),
    { maxLength: 120 },
  )
  .map((parts) => parts.join(''));
const text = fc.oneof(anyText, nastyText);
const limit = fc.integer({ min: 20, max: 120 });

test('a cut text is never longer than the limit, and a short one is left as it is', () => {
  fc.assert(
    fc.property(text, limit, (input, max) => {
      const cut = cutText(input, max);
      expect(cut.length).toBeLessThanOrEqual(max);
      if (input.length <= max) expect(cut).toBe(input);
      else expect(cut.endsWith('…')).toBe(true);
    }),
  );
});

test('a cut never splits a surrogate pair', () => {
  fc.assert(
    fc.property(text, limit, (input, max) => {
      expect(cutText(input, max).isWellFormed()).toBe(true);
      expect(slackText(input, max).isWellFormed()).toBe(true);
    }),
  );
});

test('a character that is made of several stays whole or is left out', () => {
  expect(cutText('👩‍👩‍👧👩‍👩‍👧', 12)).toBe('👩‍👩‍👧…');
});

test('no markup of the input survives, whatever the limit', () => {
  fc.assert(
    fc.property(text, limit, (input, max) => {
      const output = slackText(input, max);
      expect(output.length).toBeLessThanOrEqual(max);
      expect(output).not.toMatch(/[<>]|&(?!(?:amp|lt|gt);)|@(?:channel|here|everyone)/i);
    }),
  );
});

test('escaping leaves a text readable as what it was', () => {
  fc.assert(
    fc.property(text, (input) => {
      const back = escapeSlack(input)
        .replaceAll('\u{200b}', '')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&amp;', '&');
      expect(back).toBe(input.replaceAll('\u{200b}', ''));
    }),
  );
});

test('lines cannot break out of their block of code', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 10 }), limit, (lines, max) => {
      const code = slackCode(lines, max);
      expect(code.length).toBeLessThanOrEqual(max);
      expect(code.startsWith('```\n')).toBe(true);
      expect(code.endsWith('\n```')).toBe(true);
      expect(code.slice(3, -3)).not.toContain('```');
    }),
  );
});

test('escape sequences do not reach a terminal', () => {
  expect(printable('\u{1b}[31mred\u{7}\nnext\tcolumn')).toBe(
    '\u{fffd}[31mred\u{fffd}\nnext\tcolumn',
  );
});
