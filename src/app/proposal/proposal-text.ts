import { stringify } from 'yaml';
import type { Proposal } from './proposal.ts';
import type { TriedProposal } from './propose-configuration.ts';

/** Bare proposals as a document, to be read as a configuration would be. */
export function proposalsText(proposals: readonly Proposal[]): string {
  return stringify({ checks: proposals.map(({ check }) => escaped(check)) });
}

/** The ways to tell people, by the option that asks for each. */
export const notifyWays = {
  'slack-webhook': { variables: ['SLACK_WEBHOOK_URL'], lines: ['slack: ${SLACK_WEBHOOK_URL}'] },
  pagerduty: {
    variables: ['PAGERDUTY_ROUTING_KEY'],
    lines: ['pagerduty: ${PAGERDUTY_ROUTING_KEY} # severity critical only'],
  },
  email: {
    variables: ['ALERT_EMAIL_TO', 'ALERT_EMAIL_FROM', 'SMTP_SMARTHOST'],
    lines: [
      'email:',
      '  to: ${ALERT_EMAIL_TO}',
      '  from: ${ALERT_EMAIL_FROM}',
      '  smarthost: ${SMTP_SMARTHOST} # host:port',
    ],
  },
  webhook: { variables: ['ALERT_WEBHOOK_URL'], lines: ['webhook: ${ALERT_WEBHOOK_URL}'] },
} as const;

export type NotifyWay = keyof typeof notifyWays;

/** A whole configuration, commented, for a host that has none. */
export function configurationText(
  proposals: readonly TriedProposal[],
  ways: readonly NotifyWay[],
  host: string,
): string {
  const notify = ways.flatMap((way) => notifyWays[way].lines);
  const hint = [
    '# notify: # who is told; without it alerts are only printed. Secrets come from the environment:',
    '#   slack: ${SLACK_WEBHOOK_URL}',
    '#   pagerduty: ${PAGERDUTY_ROUTING_KEY}',
  ];
  return [
    `# What tocsin watches on ${host}, as "tocsin init" found it. Every key: agent.config.example.yaml.`,
    '# "tocsin validate" tells what is wrong with this file, "tocsin check" runs its checks once, and',
    '# "tocsin init", run again, prints what has come up since.',
    '',
    ...(notify.length === 0 ? hint : ['notify:', ...notify.map((line) => `  ${line}`)]),
    '',
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

function checkLines(proposals: readonly TriedProposal[]): readonly string[] {
  const each = proposals.flatMap(({ check, because, result, isOff }) => {
    const [first = '', ...rest] = stringify({
      ...escaped(check),
      ...(isOff ? { enabled: false } : {}),
    })
      .trimEnd()
      .split('\n');
    const mark = isOff
      ? 'switched off, as it cannot look yet'
      : 'did not pass when this was written';
    const marks = result.status === 'ok' ? [] : [`  # ${mark}: ${oneLine(result.summary)}`];
    return [
      `  # ${oneLine(because)}`,
      ...marks,
      `  - ${first}`,
      ...rest.map((line) => `    ${line}`),
      '',
    ];
  });
  return ['checks:', ...each.slice(0, -1)];
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 200);
}

/** Names and addresses of this host are no references, whatever stands in them. */
function escaped(value: unknown): object {
  return JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'string' ? inner.replaceAll('$', '$$$$') : inner,
    ),
  ) as object;
}
