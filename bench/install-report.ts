import type { Fact } from './facts.ts';
import type { Packages } from './install-peers.ts';
import type { Packing } from './install-releases.ts';
import { stepNames, type Timed } from './install-run.ts';
import { median } from './measure.ts';
import { factTable, figure, table } from './table.ts';

/** Several runs of one thing. */
export interface Variant {
  readonly what: string;
  readonly runs: readonly Timed[];
}

interface InstallResults {
  readonly rounds: number;
  readonly archives: Readonly<Record<Packing, number>>;
  readonly installedBytes: number;
  readonly first: readonly Variant[];
  readonly later: readonly Variant[];
  /** Seconds in which nobody watched, one for each upgrade. */
  readonly unwatched: readonly number[];
  readonly peers: {
    readonly seconds: readonly number[];
    readonly bytes: number;
    readonly packages: Packages;
  };
  readonly facts: readonly Fact[];
}

/** What is to be kept, as issue and documentation have it. */
const aims = { archiveMB: 30, installedMB: 115, seconds: 15 };

/** The results as Markdown, for the terminal and for `README.md`. */
export function installReport(results: InstallResults): string {
  const { rounds, later, unwatched, peers, facts } = results;
  const count = `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`;
  return [
    `The medians of ${count} in one guest, everything in turn; in parentheses the slowest.`,
    '',
    ...compared(results),
    '',
    ...byStep(results),
    '',
    ...table([
      ['afterwards', 'seconds'],
      ...later.map(({ what, runs }) => [what, spread(runs.map(({ total }) => total))]),
      ['between the end of the old agent and the new one being ready', spread(unwatched)],
    ]),
    '',
    `The peers are ${peers.packages.files.length} packages: ${peers.packages.files.map(readable).join(', ')}.`,
    '',
    ...factTable(facts),
  ].join('\n');
}

function compared({ archives, installedBytes, first, peers }: InstallResults): string[] {
  const size = (bytes: number): string => `${figure(bytes / 1e6)} MB`;
  const ratio = (ours: number, theirs: number): string => (ours / theirs).toFixed(2);
  const scraped = (what: string): number =>
    median(first.find((one) => one.what === what)?.runs.map((run) => run.scraped) ?? []);
  const theirs = median(peers.seconds);
  const row = (packing: Packing): string[] => [
    `to load, packed with ${packing}`,
    size(archives[packing]),
    `${aims.archiveMB} MB`,
    size(peers.packages.bytes),
    ratio(archives[packing], peers.packages.bytes),
  ];
  const time = (name: string, what: string): string[] => [
    name,
    `${figure(scraped(what))} s`,
    `${aims.seconds} s`,
    `${figure(theirs)} s`,
    ratio(scraped(what), theirs),
  ];
  return table([
    ['', 'tocsin', 'aim: less than', 'the peers', 'ratio'],
    row('xz'),
    row('gz'),
    [
      'installed',
      size(installedBytes),
      `${aims.installedMB} MB`,
      size(peers.bytes),
      ratio(installedBytes, peers.bytes),
    ],
    time('from the command to the first scrape, files at hand, xz', 'xz, files at hand'),
    time('the same with gz', 'gz, files at hand'),
  ]);
}

function byStep({ first }: InstallResults): string[] {
  const seconds = (values: readonly number[]): string => figure(median(values));
  return table([
    ['seconds of a first installation', 'to the first scrape', 'all', ...stepNames],
    ...first.map(({ what, runs }) => [
      what,
      spread(runs.map(({ scraped }) => scraped)),
      seconds(runs.map(({ total }) => total)),
      ...stepNames.map((name) => seconds(runs.map(({ steps }) => steps[name] ?? Number.NaN))),
    ]),
  ]);
}

function spread(values: readonly number[]): string {
  return `${figure(median(values))} (${figure(Math.max(...values))})`;
}

/** `monit 1:5.33.0-1` from a file's name, in which a colon is written otherwise. */
function readable(file: string): string {
  const [name = '', version = ''] = file.split('_');
  return `${name} ${decodeURIComponent(version)}`;
}
