import { closeSync, fstatSync, openSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { goesToJournal } from '../../src/lib/journal-stream.ts';
import { createLogger } from '../../src/lib/log.ts';

function logged(forJournal: boolean): string[] {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    write: (line) => void lines.push(line),
    now: () => new Date('2026-11-05T06:07:08Z'),
    redact: (text) => text.replaceAll('hunter2', '<secret>'),
    forJournal,
  });
  log.error('cannot save state', { reason: 'two\nlines hunter2' });
  log.warn('late', { by: '3s' });
  log.info('ready');
  log.debug('unseen');
  return lines;
}

test('a line begins with its time and level', () => {
  expect(logged(false)).toEqual([
    '2026-11-05T06:07:08.000Z error cannot save state reason="two\\nlines <secret>"\n',
    '2026-11-05T06:07:08.000Z warn late by=3s\n',
    '2026-11-05T06:07:08.000Z info ready\n',
  ]);
});

test('for the journal a line begins with its priority, and the time is left out', () => {
  expect(logged(true)).toEqual([
    '<3>cannot save state reason="two\\nlines <secret>"\n',
    '<4>late by=3s\n',
    '<6>ready\n',
  ]);
});

test('only the very stream that the journal opened counts as the journal', () => {
  const descriptor = openSync('/dev/null', 'w');
  onTestFinished(() => closeSync(descriptor));
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  expect(goesToJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, descriptor)).toBe(true);
  expect(goesToJournal({ JOURNAL_STREAM: `${dev}:${ino + 1n}` }, descriptor)).toBe(false);
  expect(goesToJournal({}, descriptor)).toBe(false);
  expect(goesToJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, 9999)).toBe(false);
});
