import { expect, test } from 'vitest';
import { checkOnce } from '../../src/app/check-once.ts';
import { tables } from '../../src/app/load.ts';
import { configOf } from '../support/config.ts';

const plugin = (name: string, code: number, said: string): string =>
  `  - { name: ${name}, type: command, command: [/bin/sh, -c, "echo '${said}'; exit ${code}"] }\n`;

test('Looked at once, a group knows its members by this round, and none that could not look', async () => {
  const config = await configOf(
    `checks:\n${plugin('well', 0, 'fine | jobs=3')}${plugin('ailing', 1, 'slow | jobs=3')}` +
      plugin('blind', 3, 'may not look') +
      `  - { name: pair, type: group, of: [well, ailing] }
  - { name: all, type: group, of: [well, ailing, blind] }
  - { name: most, type: group, of: [well, ailing, blind], min_ok: 2 }
  - { name: jobs, type: group, of: [well, ailing], agree: [jobs] }
`,
    {},
    tables,
  );
  const groups = config.checks.filter(({ type }) => type === 'group');
  const results = await checkOnce(groups, config);
  expect(results.map(({ check, status, summary }) => `${check} ${status}: ${summary}`)).toEqual([
    'pair ok: 2 of 2 up',
    'all unknown: 2 of 3 up; cannot be looked at: blind',
    'most ok: 2 of 3 up; cannot be looked at: blind',
    'jobs ok: jobs is 3',
  ]);
});
