import * as v from 'valibot';
import {
  duration,
  flag,
  nonEmptyText,
  optionalKey,
  positiveDuration,
  text,
} from '../lib/schema-atoms.ts';
import { integrationNames, type IntegrationName } from '../model/delivery.ts';
import { receiverEntries } from './receiver-keys.ts';
import type { ConfigTables, IntegrationKeys } from './tables.ts';

type Integrations = ConfigTables['integrations'];

/** The older form of matchers: a map of labels. */
export const matcherMap = v.record(v.string(), text, 'a map of label names to texts');

/** A list of matchers, or all of them in one text. */
export const matcherTexts = v.union(
  [v.string(), v.array(text)],
  'a list of matchers such as severity="critical"',
);

const factorMessage = 'a number of at least 1';

const intervalNames = v.array(nonEmptyText, 'a list of names of time intervals');

/** One route without the ones below it, with the names of alertmanager.yml. */
export const routeEntries = {
  receiver: optionalKey('Who is told. Default: as the route above.', nonEmptyText),
  group_by: optionalKey(
    "Labels whose values put alerts into one message; ['...'] is all. Default: as above, else none.",
    v.array(nonEmptyText, "a list of label names, or ['...']"),
  ),
  group_wait: optionalKey('Wait for more before the first message. Default 30s.', duration),
  group_interval: optionalKey('Wait before telling of changes. Default 5m.', positiveDuration),
  repeat_interval: optionalKey('Wait before a reminder. Default 4h.', positiveDuration),
  repeat_factor: optionalKey(
    'By which the wait grows with every reminder. Default: as above, else 1.',
    v.pipe(v.number(factorMessage), v.finite(factorMessage), v.minValue(1, factorMessage)),
  ),
  repeat_interval_max: optionalKey(
    'The longest wait before a reminder. Default: as above, else none.',
    positiveDuration,
  ),
  escalate: optionalKey(
    'Who is told as well, and how long after the first message, until somebody acknowledges. Default: as above.',
    v.array(
      v.strictObject(
        { after: positiveDuration, receiver: nonEmptyText },
        'a map of after and receiver',
      ),
      'a list of steps such as { after: 15m, receiver: oncall }',
    ),
  ),
  matchers: optionalKey(
    'Which alerts take this route, such as severity="critical"; all must match.',
    matcherTexts,
  ),
  match: optionalKey('Older form of matchers: labels that must be equal.', matcherMap),
  match_re: optionalKey('Older form of matchers: regular expressions of labels.', matcherMap),
  continue: optionalKey('Whether the next routes are tried as well. Default false.', flag),
  mute_time_intervals: optionalKey('Time intervals in which nothing is told.', intervalNames),
  active_time_intervals: optionalKey(
    'Time intervals outside of which nothing is told. Default: always told.',
    intervalNames,
  ),
};

export const routeSchema = v.strictObject(routeEntries, 'a route: a map of receiver, matchers, …');

export type RouteKeys = v.InferOutput<typeof routeSchema>;

/** The key of a receiver under which the blocks of an integration are listed. */
export function blockKey(name: IntegrationName): string {
  return `${name}_configs`;
}

/** One receiver, its blocks left to be read one by one. */
export const receiverSchema = v.strictObject(
  { name: nonEmptyText, ...receiverEntries },
  'a receiver: a map of name and blocks such as slack_configs',
);

const sendResolved = optionalKey('Whether the end of an alert is told as well.', flag);

/** One block of a receiver. */
export function integrationSchema({ entries }: IntegrationKeys) {
  return v.strictObject(
    { ...entries, send_resolved: sendResolved },
    'a map of options of the receiver',
  );
}

/** The keys of `global` and what they stand in for in every block of an integration that lacks it. */
const globalKeys: readonly (readonly [string, IntegrationName, string])[] = [
  ['slack_api_url', 'slack', 'api_url'],
  ['slack_api_url_file', 'slack', 'api_url_file'],
  ['slack_app_token', 'slack', 'app_token'],
  ['slack_app_token_file', 'slack', 'app_token_file'],
  ['slack_app_url', 'slack', 'app_url'],
  ['pagerduty_url', 'pagerduty', 'url'],
  ['http_config', 'slack', 'http_config'],
  ['http_config', 'pagerduty', 'http_config'],
  ['http_config', 'webhook', 'http_config'],
  ['http_config', 'alertmanager', 'http_config'],
  ['smtp_from', 'email', 'from'],
  ['smtp_smarthost', 'email', 'smarthost'],
  ['smtp_hello', 'email', 'hello'],
  ['smtp_require_tls', 'email', 'require_tls'],
  ['smtp_auth_username', 'email', 'auth_username'],
  ['smtp_auth_password', 'email', 'auth_password'],
  ['smtp_auth_password_file', 'email', 'auth_password_file'],
  ['smtp_auth_secret', 'email', 'auth_secret'],
  ['smtp_auth_secret_file', 'email', 'auth_secret_file'],
  ['smtp_auth_identity', 'email', 'auth_identity'],
  ['smtp_force_implicit_tls', 'email', 'force_implicit_tls'],
  ['smtp_tls_config', 'email', 'tls_config'],
];

/** The keys of a block that have a default in `global`, with the names they have there. */
export function globalDefaultsOf(name: IntegrationName): readonly (readonly [string, string])[] {
  return globalKeys.filter(([, owner]) => owner === name).map(([key, , option]) => [option, key]);
}

/** The section `global:`: defaults for the blocks of receivers, each with the schema it has there. */
export function globalSchema(integrations: Integrations) {
  const entries: v.ObjectEntries = {
    resolve_timeout: optionalKey(
      'How long an alert fires that others post without an end. Default 5m.',
      positiveDuration,
    ),
  };
  for (const [key, name, option] of globalKeys) {
    const schema = integrations[name].entries[option];
    if (schema !== undefined) entries[key] = v.optional(schema as v.GenericSchema);
  }
  return v.strictObject(entries, 'a map of defaults for receivers');
}

/** Every key of a receiver that lists blocks. */
export const blockKeys: readonly string[] = integrationNames.map(blockKey);
