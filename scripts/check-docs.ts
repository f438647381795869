/*
 * Writes docs/checks.md: every check type with its keys, defaults, metrics, statuses and rights, from the
 * schemas that read the configuration and the notes beside this file.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { checkTypes } from '../src/checks/table.ts';
import { defaultsSchema } from '../src/config/check-schema.ts';
import { alternatives, keysOf } from '../src/config/schema-shape.ts';
import { formatDuration } from '../src/lib/duration.ts';
import { checkTypeNames, type CheckTypeName } from '../src/model/check.ts';
import { checkNotes } from './check-notes.ts';

type Entry = v.GenericSchema & {
  readonly wrapped?: v.GenericSchema;
  readonly default?: unknown;
  readonly message?: unknown;
};

export function checkDocs(): string {
  return `${[
    '# Check types',
    'Written by `scripts/check-docs.ts` from the schemas that read the configuration: run it again after a change.',
    'A result is `ok`, `warning`, `critical` or `unknown`, which always means that the agent could not look. What is said about rights is what the user of the agent needs beyond what every user has.',
    '## Keys of every check',
    'Beside `name` and `type`; `defaults:` may hold them for all.',
    keyTable(defaultsSchema.entries),
    ...checkTypeNames.map(section),
  ].join('\n\n')}\n`;
}

function section(name: CheckTypeName): string {
  const { entries, defaults = {} } = checkTypes[name];
  const notes = checkNotes[name];
  const { intervalMs, timeoutMs } = defaults;
  const times = [
    ...(intervalMs === undefined ? [] : [`every ${formatDuration(intervalMs)}`]),
    ...(timeoutMs === undefined ? [] : [`at most ${formatDuration(timeoutMs)}`]),
  ];
  const about = [
    `Looks at ${notes?.looksAt ?? '…'}.`,
    ...(times.length === 0 ? [] : [`- **Runs**, unless said otherwise: ${times.join(', ')}`]),
    `- **Metrics**: ${notes?.metrics ?? '…'}`,
    `- **Statuses**: ${notes?.statuses ?? '…'}`,
    `- **Rights**: ${notes?.rights ?? '…'}`,
  ];
  const keys = Object.keys(entries).length === 0 ? 'It has no keys of its own.' : keyTable(entries);
  const [looks, ...rest] = about;
  return [`## \`${name}\``, looks, rest.join('\n'), keys].join('\n\n');
}

function keyTable(entries: v.ObjectEntries): string {
  const rows = Object.entries(entries).map(([key, schema]) => {
    const entry = schema as Entry;
    return `| \`${key}\` | ${defaultOf(entry)} | ${cell(meaningOf(entry))} |`;
  });
  return ['| key | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function defaultOf({ type, default: written }: Entry): string {
  if (type !== 'optional') return 'must be there';
  if (written === undefined) return '';
  const text = typeof written === 'string' ? written : JSON.stringify(written);
  return text === '{}' ? '' : cell(`\`${text}\``);
}

/** The description, or what is wanted where there is none, and the keys below it. */
function meaningOf(entry: Entry): string {
  const inner = alternatives(entry);
  const [wanted] = inner.map((schema) => (schema as Entry).message);
  const told = v.getDescription(entry) ?? (typeof wanted === 'string' ? `${capital(wanted)}.` : '');
  const below = keysOf(inner) ?? [];
  if (below.length === 0) return told;
  const names = [...new Set(below)].map((key) => `\`${key}\``).join(', ');
  return `${told} Keys: ${names}.`.trim();
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(join(import.meta.dirname, '../docs/checks.md'), checkDocs());
}
