import { expect, test } from 'vitest';
import { redactor } from '../../src/lib/redact.ts';
import { Secret } from '../../src/model/secret.ts';

const redact = redactor([Secret.of('open sesame/1'), Secret.of('on')]);

test.each([
  ['say open sesame/1 twice: open sesame/1', 'say <secret> twice: <secret>'],
  ['in a URL open%20sesame%2F1', 'in a URL <secret>'],
  ['too short to mask: on', 'too short to mask: on'],
  ['cut off in the middle: open ses', 'cut off in the middle: <secret>'],
  ['body: open sesam …', 'body: <secret> …'],
  ['body: open sesam… and more', 'body: <secret>… and more'],
  ['an open door', 'an open door'],
  ['an open', 'an open'],
])('%s', (text, masked) => {
  expect(redact(text)).toBe(masked);
});
