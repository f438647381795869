import type { Labels } from '../model/labels.ts';

/** The content type of the Prometheus text format. */
export const expositionContentType = 'text/plain; version=0.0.4; charset=utf-8';

export interface FamilyHead {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
}

export function gauge(name: string, help: string): FamilyHead {
  return { name, help, type: 'gauge' };
}

export function counter(name: string, help: string): FamilyHead {
  return { name, help, type: 'counter' };
}

/** Collects samples in any order and writes them family by family. */
export interface Exposition {
  /**
   * Adds one sample; `labels` is what `labelText` gave. The first head of a name is the one written.
   * No two samples of a name may have the same labels: Prometheus would refuse the whole page.
   */
  add(head: FamilyHead, labels: string, value: number, suffix?: string): void;
  /** All families sorted by name, each with its HELP and TYPE; one without samples is left out. */
  text(): string;
}

/** What is written of one family so far. */
interface FamilyPage {
  /** Whole lines as UTF-8. */
  readonly packed: Buffer[];
  /** The lines after these. */
  text: string;
}

/**
 * Characters after which the lines of a family are packed. A text that grows is a tree of all the texts it
 * was made of; a scrape of thousands of checks spent most of its time in keeping and flattening these.
 */
const packedLengthMin = 4096;

export function createExposition(): Exposition {
  const families = new Map<string, FamilyPage>();
  return {
    add(head, labels, value, suffix = '') {
      let page = families.get(head.name);
      if (page === undefined) {
        page = {
          packed: [],
          text: `# HELP ${head.name} ${escapeHelp(head.help)}\n# TYPE ${head.name} ${head.type}\n`,
        };
        families.set(head.name, page);
      }
      page.text += `${head.name}${suffix}${labels} ${formatNumber(value)}\n`;
      if (page.text.length < packedLengthMin) return;
      page.packed.push(Buffer.from(page.text));
      page.text = '';
    },
    text() {
      const names = [...families.keys()].toSorted();
      return names.map((name) => wholeText(families.get(name))).join('');
    },
  };
}

function wholeText({ packed, text }: FamilyPage = { packed: [], text: '' }): string {
  return packed.length === 0 ? text : Buffer.concat(packed).toString() + text;
}

/** `{a="1",b="2"}` sorted by name and escaped; empty text for no labels. Empty values are left out. */
export function labelText(labels: Labels): string {
  let pairs = '';
  for (const name of Object.keys(labels).toSorted()) {
    const value = labels[name];
    if (value === undefined || value === '') continue;
    pairs += `${pairs === '' ? '{' : ','}${name}="${escapeValue(value)}"`;
  }
  return pairs === '' ? '' : `${pairs}}`;
}

/** The same with empty values kept, for those who compare the text rather than what it means. */
export function exactLabelText(labels: Labels): string {
  const pairs = Object.keys(labels)
    .toSorted()
    .map((name) => `${name}="${escapeValue(labels[name] ?? '')}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** The shortest text that reads back as the same number, spelled as Go does: `1.797952076e+09`. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e6)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Looked for first: hardly any value needs escaping, and most of the time here goes into values. */
const special = /[\\"\n]/;

function escapeValue(value: string): string {
  return special.test(value) ? escapeHelp(value).replaceAll('"', '\\"') : value;
}

function escapeHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
