import * as v from 'valibot';
import { optionalKey, positiveDuration, secret } from '../lib/schema-atoms.ts';
import { withFilesBeside } from './beside.ts';
import type { ConfigTables } from './tables.ts';
import { mapOf, valueOf, withMissing, withValue, type Tree } from './tree.ts';

/** The map `agent.heartbeat`; how its requests are made is said as for a webhook. */
export function heartbeatSchema(httpConfig: ConfigTables['httpConfig']) {
  return v.strictObject(
    {
      url: secret,
      interval: optionalKey('How often it is called. Default 1m.', positiveDuration),
      http_config: optionalKey(
        'Credentials, TLS, proxy and redirects of its requests. Default: proxy and TLS of global.',
        httpConfig,
      ),
    },
    'a map of url, interval and http_config',
  );
}

/** What of `global.http_config` is about the way there; who asks is nothing to a server that is no receiver. */
const keysOfTheWay = [
  'proxy_url',
  'no_proxy',
  'proxy_from_environment',
  'proxy_connect_header',
  'tls_config',
];

/**
 * The section `agent` with what its heartbeat takes from outside of it: the way out that `global` names, so that it
 * need be said only once, and the folder where file names start.
 */
export function withWayOut(agent: Tree | undefined, global: Tree | undefined): Tree | undefined {
  const heartbeat = valueOf(agent, 'heartbeat');
  if (agent?.kind !== 'map' || heartbeat?.kind !== 'map') return agent;
  const complete = withMissing(heartbeat, { http_config: wayOf(global) });
  return withValue(agent, 'heartbeat', withFilesBeside(complete));
}

function wayOf(global: Tree | undefined): Tree | undefined {
  const http = valueOf(global, 'http_config');
  if (http?.kind !== 'map') return undefined;
  const values = keysOfTheWay.map((key) => [key, valueOf(http, key)] as const);
  return mapOf(Object.fromEntries(values), http.place);
}
