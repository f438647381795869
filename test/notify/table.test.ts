import * as v from 'valibot';
import { expect, test } from 'vitest';
import { integrationNames } from '../../src/model/delivery.ts';
import { integrations } from '../../src/notify/table.ts';

/** What is wrong with options, as the reader of the configuration would find it. */
function problemsOf(name: (typeof integrationNames)[number], options: object): string[] {
  const integration = integrations[name];
  const parsed = v.safeParse(v.strictObject(integration.entries), options);
  if (!parsed.success) return parsed.issues.map((issue) => issue.message);
  const refusal = integration.refuse?.(parsed.output);
  return refusal === undefined ? [] : [refusal];
}

const mail = { to: 'a@example.com', from: 'b@example.com', smarthost: 'mail.example.com:587' };
const oneWay = 'exactly one of api_url, api_url_file, app_token and app_token_file';
const bot = { app_token: 'xoxb', channel: '#ops' };
const loginRule =
  'auth_username together with auth_password or auth_secret (each as such or as a file), or none of them';

test.for([
  ['slack', { api_url: 'https://example.com' }, []],
  ['slack', {}, [oneWay]],
  ['slack', { api_url: 'https://example.com', api_url_file: 'y' }, [oneWay]],
  ['slack', bot, []],
  ['slack', { ...bot, api_url: 'https://example.com' }, [oneWay]],
  ['slack', { app_token_file: '/t' }, ['a channel together with app_token']],
  [
    'slack',
    { api_url: 'https://example.com', update_message: true },
    ['update_message together with app_token'],
  ],
  [
    'slack',
    { ...bot, app_url: 'https://relay.example/slack' },
    ['an app_url that ends with /chat.postMessage, or update_message: false'],
  ],
  ['slack', { ...bot, app_url: 'https://relay.example/slack', update_message: false }, []],
  [
    'slack',
    { ...bot, http_config: { bearer_token: 't' } },
    ['no credentials in http_config together with app_token, which is what Slack asks for'],
  ],
  [
    'slack',
    { api_url: 'https://example.com', link_names: true },
    ['false: what a check prints must not be able to call people by name'],
  ],
  [
    'slack',
    { api_url: 'https://example.com', color: 'mauve' },
    ['good, warning, danger or a colour such as #439fe0'],
  ],
  ['pagerduty', { routing_key_file: '/key' }, []],
  ['pagerduty', {}, ['exactly one of routing_key and routing_key_file']],
  ['pagerduty', { routing_key: 'k', incident: 'each' }, ['group or alert']],
  ['webhook', {}, ['exactly one of url and url_file']],
  ['alertmanager', {}, ['exactly one of urls and static_configs']],
  ['email', mail, []],
  ['email', { ...mail, smarthost: '[::1]:25' }, []],
  ['email', { ...mail, smarthost: 'mail' }, ['host and port, such as smtp.example.com:587']],
  ['email', { ...mail, auth_username: 'u' }, [loginRule]],
  ['email', { ...mail, auth_password: 'p' }, [loginRule]],
  [
    'email',
    { ...mail, headers: { subject: 'a', Subject: 'b' } },
    ['each header once, whatever its case'],
  ],
  ['terminal', {}, []],
] as const)('%s with %j has the problems %j', ([name, options, problems]) => {
  expect(problemsOf(name, options)).toEqual(problems);
});

test('a template is refused rather than shown with its braces', () => {
  const options = { api_url: 'https://example.com', channel: '{{ .CommonLabels.team }}' };
  expect(problemsOf('slack', options)).toEqual([
    'a text without templates ({{ … }}), which are not supported',
  ]);
});

test('a text that only names the default of Alertmanager stands for the default', () => {
  const title = '{{ template "slack.default.title" . }}';
  const options = {
    api_url: 'https://example.com',
    title,
    color: '{{ template "slack.default.color" . }}',
  };
  expect(problemsOf('slack', options)).toEqual([]);
  expect(v.parse(v.strictObject(integrations.slack.entries), options)['title']).toBeUndefined();
});

test('only what asks for it splits a group into incidents of their own', () => {
  const { splitsAlerts, entries } = integrations.pagerduty;
  const splits = (options: object): boolean | undefined =>
    splitsAlerts?.(v.parse(v.strictObject(entries), { routing_key: 'k', ...options }));
  expect(splits({})).toBe(false);
  expect(splits({ incident: 'alert' })).toBe(true);
});

test('recoveries are sent by default where Alertmanager sends them', () => {
  const sending = integrationNames.filter((name) => integrations[name].sendResolvedDefault);
  expect(sending).toEqual(['pagerduty', 'webhook', 'alertmanager', 'terminal']);
});
