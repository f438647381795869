import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { openclawVersion } from './installation.ts';
import type { State } from './state.ts';
import type { BadResult, Message } from './watch.ts';
import { wishes } from './wishes.ts';

/** What came of one state. Seconds count from the moment it was brought about, `over` from the mending. */
export interface Row {
  readonly state: State;
  readonly looks: number;
  readonly bad: readonly BadResult[];
  readonly told: readonly Message[];
  /** The lines of the first result in which the part that has to find it found it. */
  readonly found: readonly string[];
  readonly seconds: {
    readonly firstBad?: number | undefined;
    readonly found?: number | undefined;
    readonly firing?: number | undefined;
    readonly message?: number | undefined;
    readonly over?: number | undefined;
  };
}

const root = join(import.meta.dirname, '..', '..');
const page = join(root, 'docs', 'openclaw-states.md');
/** All that was seen of each state, one file each; of those not run this time the last one stays. */
const stories = join(root, 'dist', 'openclaw-states');
const storyOf = (name: string): string => join(stories, `${name}.json`);

type Cells = readonly string[];

/** Keeps what was seen, and tells it. */
export function keepRow(row: Row): void {
  const cells = cellsOf(row);
  mkdirSync(stories, { recursive: true });
  writeFileSync(storyOf(row.state.name), `${JSON.stringify({ cells, row }, null, 2)}\n`);
  process.stdout.write(`${lineOf(cells)}\n`);
  for (const { status, text } of row.told) process.stdout.write(`   ${status}: ${text}\n`);
}

const lineOf = (cells: Cells): string => `| ${cells.map(escaped).join(' | ')} |`;
const escaped = (text: string): string =>
  text
    .replaceAll('|', '\\|')
    .replaceAll('\n', '<br>')
    .replaceAll(/\/tmp\/tocsin-openclaw-\w+/g, '/home/claw');

function cellsOf({ state, looks, bad, told, found, seconds }: Row): Cells {
  const tuned =
    state.tuned === undefined
      ? []
      : [`with \`${JSON.stringify(state.tuned)}\` in place of the defaults`];
  const remarks = [state.how, ...tuned, ...(state.remark === undefined ? [] : [state.remark])];
  if (state.foundBy === undefined) {
    const passing = bad.length === 0 ? 'none' : `${bad.length}, never enough for an alert`;
    const what = told.length === 0 ? 'nothing' : told.map(({ text }) => text).join('; ');
    return [
      state.name,
      remarks.join('; '),
      `${looks} looks, not well: ${passing}`,
      '',
      '',
      '',
      '',
      what,
    ];
  }
  const at = (value: number | undefined): string => (value === undefined ? '–' : String(value));
  const parts = found.map((line) => line.split(' ')[1]?.replace(':', '') ?? '');
  const text = told[0]?.text.split('\n')[0] ?? 'nothing';
  return [
    state.name,
    remarks.join('; '),
    parts.join(', '),
    at(seconds.firstBad),
    at(seconds.firing),
    at(seconds.message),
    at(seconds.over),
    text,
  ];
}

/** Writes the page if that was wanted: the rows in the order of the states. */
export function tellTable(states: readonly State[]): void {
  if (!wishes.isWriting) return;
  const lines = states
    .filter(({ name }) => existsSync(storyOf(name)))
    .map(({ name }) => JSON.parse(readFileSync(storyOf(name), 'utf8')) as { cells: Cells })
    .map(({ cells }) => lineOf(cells));
  const [processor] = cpus();
  const machine = `${cpus().length} processors (${processor?.model.trim() ?? 'unknown'})`;
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(page, pageOf(lines, `OpenClaw ${openclawVersion}, ${date}, ${machine}`));
}

const head = [
  'state',
  'how it is brought about',
  'found by',
  'first result, s',
  'fires, s',
  'message, s',
  'over, s',
  'what people read',
];

function pageOf(lines: readonly string[], where: string): string {
  return [
    '# What a broken OpenClaw looks like',
    '',
    'Written by `npm run test:openclaw -- --write`, which brings a real gateway into each state while an agent with the',
    'settings of [openclaw.md](openclaw.md) watches it and tells a webhook. Seconds count from the moment the state was',
    'brought about; `over` from the beginning of the mending, a start included, to the message that says so: a start takes 13 s on a',
    'quiet machine, minutes on one that is busy.',
    '',
    `Measured with ${where}.`,
    '',
    lineOf(head),
    lineOf(head.map(() => '---')),
    ...lines,
    '',
  ].join('\n');
}
