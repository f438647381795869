import { isFailure, type Failure } from '../failure.ts';
import { readHeaderSources } from '../http/header-sources.ts';
import { authorizationFor } from '../http/http-credentials.ts';
import type { ProbeContext } from '../probe.ts';
import { userAgent } from '../user-agent.ts';
import type { WebsocketOptions } from './websocket-options.ts';

/** Headers of an upgrade request, by their names in small letters; one value or several. */
export type UpgradeHeaders = Readonly<Record<string, string | string[]>>;

/** The header by which the client names the protocols it would speak over the websocket. */
export const protocolHeader = 'sec-websocket-protocol';

/** Of the credentials of an HTTP client those that an upgrade uses; there is no fetching of tokens. */
function credentialsOf(options: WebsocketOptions): Parameters<typeof authorizationFor>[0] {
  const { preferred_ip_protocol, ip_protocol_fallback, http_config: config = {} } = options;
  const { basic_auth, authorization, bearer_token, bearer_token_file } = config;
  return {
    preferred_ip_protocol,
    ip_protocol_fallback,
    basic_auth,
    authorization,
    bearer_token,
    bearer_token_file,
  };
}

/**
 * The headers that the options ask for, with the credentials in front: every value is sent, as
 * blackbox_exporter does. Files are read anew each time.
 */
export async function upgradeHeaders(
  options: WebsocketOptions,
  url: URL,
  context: ProbeContext,
): Promise<UpgradeHeaders | Failure> {
  const identity = await authorizationFor(credentialsOf(options), url, context);
  if (isFailure(identity)) return identity;
  const configured = await readHeaderSources(options.headers);
  if (isFailure(configured)) return configured;
  const { header = '' } = identity;
  // A scheme without credentials is not sent.
  const all = /^\S* ?$/.test(header) ? [] : [['authorization', header] as const];
  const byName = Map.groupBy([...all, ...configured], ([name]) => name.toLowerCase());
  const headers: Record<string, string | string[]> = { 'user-agent': userAgent };
  for (const [name, pairs] of byName) {
    const values = pairs.map(([, value]) => value);
    headers[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return headers;
}
