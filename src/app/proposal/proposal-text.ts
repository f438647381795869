import { Document, isScalar, stringify, visit } from 'yaml';
import { sections, type Proposal, type Section } from './proposal.ts';
import type { TriedProposal } from './propose-configuration.ts';

/** Bare proposals as a document, to be read as a configuration would be. */
export function proposalsText(proposals: readonly Proposal[]): string {
  return stringify({ checks: proposals.map(({ check }) => escaped(check)) });
}

/** A whole configuration, commented, for a host that has none; `told` are the lines of those sections. */
export function configurationText(
  proposals: readonly TriedProposal[],
  told: { readonly notify: readonly string[]; readonly global: readonly string[] },
  host: string,
): string {
  const hint = [
    '# notify: # who is told; without it alerts are only printed',
    '#   slack: ${credential:slack-webhook-url}',
    '#   pagerduty: ${credential:pagerduty-key} # severity critical only',
  ];
  return [
    `# What tocsin watches on ${oneLine(host)}, as "tocsin init" found it. Every key: agent.config.example.yaml.`,
    '# "tocsin validate" tells what is wrong with this file, "tocsin check" runs its checks once, and',
    '# "tocsin init", run again, prints what has come up since. It leaves out what is here, so that a check',
    '# you do not want is better switched off (enabled: false) than taken away.',
    '',
    ...(told.notify.length === 0 ? hint : told.notify),
    '',
    ...(told.global.length === 0 ? [] : [...told.global, '']),
    'defaults:',
    '  interval: 30s',
    '  debounce: { fail_after: 3, recover_after: 2 }',
    '',
    ...checkLines(proposals),
    '',
  ].join('\n');
}

/** What has come up since the configuration was written, as a file for `conf.d/`. */
export function additionText(proposals: readonly TriedProposal[]): string {
  return [...checkLines(proposals), ''].join('\n');
}

/** The checks under the headings of their sections. */
function checkLines(proposals: readonly TriedProposal[]): readonly string[] {
  const names = Object.keys(sections) as Section[];
  const lines = names.flatMap((name) => {
    const own = proposals.filter(({ section }) => section === name);
    if (own.length === 0) return [];
    return [
      `  # ── ${sections[name]} ${'─'.repeat(70 - sections[name].length)}`,
      ...own.flatMap(entry),
    ];
  });
  return ['checks:', ...lines.slice(0, -1)];
}

function entry({ check, because, result, isOff }: TriedProposal): readonly string[] {
  const document = new Document({ ...escaped(check), ...(isOff ? { enabled: false } : {}) });
  // Lists of single words are read more easily on one line.
  visit(document, { Seq: (_key, list) => void (list.flow = list.items.every(isScalar)) });
  const [first = '', ...rest] = document
    .toString({ lineWidth: 100, flowCollectionPadding: false })
    .trimEnd()
    .split('\n');
  const mark = isOff ? 'switched off, as it cannot look yet' : 'did not pass when this was written';
  const marks = result.status === 'ok' ? [] : [`  # ${mark}: ${oneLine(result.summary)}`];
  return [
    `  # ${oneLine(because)}`,
    ...marks,
    `  - ${first}`,
    ...rest.map((line) => `    ${line}`),
    '',
  ];
}

function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.length > commentLengthMax ? `${line.slice(0, commentLengthMax)}…` : line;
}

const commentLengthMax = 240;

/** Names and addresses of this host are no references, whatever stands in them. */
function escaped(value: unknown): object {
  return JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'string' ? inner.replaceAll('$', '$$$$') : inner,
    ),
  ) as object;
}
