import { expect, test } from 'vitest';
import { tables } from '../../../src/app/load.ts';
import { directoryWith, loadDirectory } from '../../support/config.ts';
import { hasAmtool, refusals } from './kit/amtool.ts';

const receivers = 'receivers: [{ name: a }, { name: b }]';
const withRoute = (keys: string): string => `route: { receiver: a, ${keys} }\n${receivers}`;
const withChild = (keys: string): string => withRoute(`routes: [{ ${keys} }]`);
const withRule = (rule: string): string => `${withRoute('')}\ninhibit_rules: [${rule}]`;
const withGlobal = (keys: string): string => `${withRoute('')}\nglobal: { ${keys} }`;
const withBlock = (block: string): string =>
  `route: { receiver: a }\nreceivers: [{ name: a, ${block} }]`;

/** What both programs must take, or both refuse. */
const files: readonly string[] = [
  withRoute(''),
  receivers,
  'route: { receiver: a }',
  'route: { receiver: c }\nreceivers: [{ name: a }]',
  'route: { group_by: [a] }\nreceivers: [{ name: a }]',
  'route: { receiver: a }\nreceivers: [{ name: a }, { name: a }]',
  'route: { receiver: a }\nreceivers: [{ name: a }, {}]',
  'route: [{ receiver: a }]\nreceivers: [{ name: a }]',
  'route: { receiver: a }\nreceivers: { name: a }',
  'route: { receiver: a }\nroute: { receiver: a }\nreceivers: [{ name: a }]',
  'rout: { receiver: a }\nreceivers: [{ name: a }]',
  withRoute('matchers: [a="1"]'),
  withRoute('matchers: []'),
  withRoute('match: { a: b }'),
  withRoute('match: {}'),
  withRoute('match_re: { a: b }'),
  withRoute('continue: true'),
  withRoute('continue: false'),
  withRoute("group_by: ['...']"),
  withRoute("group_by: ['...', a]"),
  withRoute('group_by: [a, a]'),
  withRoute('group_by: [a, b]'),
  withRoute('group_by: []'),
  withRoute('group_by: a'),
  withRoute('group_wait: 0s'),
  withRoute('group_wait: 1h30m'),
  withRoute('group_wait: 30'),
  withRoute('group_wait: -5s'),
  withRoute('group_wait: 1.5h'),
  withRoute('group_wait: 1d12h'),
  withRoute('group_wait: 30m1h'),
  withRoute('group_wait: 1w'),
  withRoute('group_wait: 100ms'),
  withRoute('group_wait: soon'),
  withRoute('group_wait: ""'),
  withRoute('group_interval: 0s'),
  withRoute('group_interval: 1s'),
  withRoute('repeat_interval: 0s'),
  withRoute('repeat_interval: 1s'),
  withRoute('routes: []'),
  withRoute('routes: {}'),
  withRoute('routes: [{}]'),
  withRoute('routes: [{ routes: [{ routes: [{ receiver: b }] }] }]'),
  withChild('receiver: b'),
  withChild('receiver: c'),
  withChild('receiverr: b'),
  withChild('continue: true'),
  withChild('continue: yes'),
  withChild('continue: 1'),
  withChild('continue: "true"'),
  withChild('matchers: [a="1", b!="2"]'),
  withChild('matchers: [a]'),
  withChild('matchers: ["a=~("]'),
  withChild('matchers: { a: b }'),
  withChild('matchers: [[a="1"]]'),
  withChild('match: { a: 1, b: true }'),
  withChild('match: [a]'),
  withChild('match: { a: [b] }'),
  withChild('match_re: { a: "(" }'),
  withChild('match_re: { a: b.* }'),
  withChild('matchers: [a="1"], match: { b: "2" }, match_re: { c: "3" }'),
  withChild('group_interval: 0s'),
  withChild('repeat_interval: 0s'),
  withChild('group_by: [x, x]'),
  withRule(''),
  withRule('{}'),
  withRule('{ source_matchers: [a="1"], target_matchers: [b="2"], equal: [c] }'),
  withRule('{ source_match: { a: "1" }, target_match_re: { b: 2.* } }'),
  withRule('{ source_match_re: { a: "(" } }'),
  withRule('{ target_matchers: [b] }'),
  withRule('{ equal: c }'),
  withRule('{ source: { a: b } }'),
  `${withRoute('')}\ninhibit_rules: {}`,
  withGlobal('resolve_timeout: 1m'),
  withGlobal('resolve_timeout: soon'),
  withGlobal('slack_api_url: "https://example.org/x"'),
  withGlobal('slack_api_url: "https://example.org/x", slack_api_url_file: /x'),
  withGlobal('nothing: 1'),
  withGlobal('http_config: { follow_redirects: false }'),
  withGlobal('http_config: { basic_auth: { username: a, password: b }, bearer_token: c }'),
  withBlock('webhook_configs: [{ url: "http://127.0.0.1/" }]'),
  withBlock('webhook_configs: [{ url: "http://127.0.0.1/", send_resolved: false, max_alerts: 3 }]'),
  withBlock('webhook_configs: [{}]'),
  withBlock('webhook_configs: [{ url: "ftp://127.0.0.1/" }]'),
  withBlock('webhook_configs: [{ url: "" }]'),
  withBlock('webhook_configs: [{ urll: "http://127.0.0.1/" }]'),
  withBlock('webhook_configs: { url: "http://127.0.0.1/" }'),
  withBlock('slack_configs: [{ channel: "#a" }]'),
  withBlock('slack_configs: [{ api_url: "https://example.org/x", channel: "#a" }]'),
  withBlock('slack_configs: [{ api_url: "https://example.org/x", api_url_file: /x, channel: a }]'),
  withBlock('pagerduty_configs: [{ routing_key: x }]'),
  withBlock('pagerduty_configs: [{}]'),
  withBlock('email_configs: [{ to: a@example.org }]'),
  withBlock('email_configs: [{ to: a@example.org, from: b@example.org, smarthost: "mail:25" }]'),
  withBlock('email_configs: [{ to: a@example.org, from: b@example.org, smarthost: mail }]'),
  withBlock('email_configs: [{ from: b@example.org, smarthost: "mail:25" }]'),
  withBlock('teams_configs: [{}]'),
];

/** Refused here although amtool takes it, each for its reason. */
const stricter: readonly (readonly [reason: string, text: string])[] = [
  ['an alert without an end would be over at once', withGlobal('resolve_timeout: 0s')],
  [
    'the texts of messages are not templates',
    withBlock('webhook_configs: [{ url: "http://a/{{ b }}" }]'),
  ],
  ['nobody is told by it', withBlock('pushover_configs: [{ token: x, user_key: y }]')],
  ['there are no templates', `${withRoute('')}\ntemplates: ["*.tmpl"]`],
];

/** Taken here although amtool refuses it, each for its reason. */
const laxer: readonly (readonly [reason: string, text: string])[] = [
  ['one text can only mean one thing', withChild('matchers: a="1"')],
  ['newer versions know it', withRule('{ name: x, source_matchers: [a="1"] }')],
  ['newer versions read it', withChild('matchers: [\'"a b"="1"\']')],
];

async function refused(texts: readonly string[]): Promise<readonly (readonly string[])[]> {
  return Promise.all(
    texts.map(async (text) => {
      const directory = await directoryWith({ 'agent.config.yaml': `${text}\n` });
      return (await loadDirectory(directory, { tables })).problems;
    }),
  );
}

test.skipIf(!hasAmtool)('files are taken or refused as amtool does', async () => {
  const [ours, theirs] = await Promise.all([refused(files), refusals(files)]);
  const differences = files.flatMap((text, index) => {
    const [own = [], other] = [ours[index], theirs[index]];
    return (own.length === 0) === (other === undefined) ? [] : [{ text, ours: own, amtool: other }];
  });
  expect(differences).toEqual([]);
});

test.skipIf(!hasAmtool)('what only one of them takes is listed with its reason', async () => {
  const [strict, lax] = [stricter, laxer].map((list) => list.map(([, text]) => text));
  expect(await refusals(strict ?? [])).toEqual(stricter.map(() => undefined));
  for (const problems of await refused(strict ?? [])) expect(problems).not.toEqual([]);
  expect(await refusals(lax ?? [])).toEqual(laxer.map(() => expect.any(String)));
  for (const problems of await refused(lax ?? [])) expect(problems).toEqual([]);
});
