import * as v from 'valibot';
import { flag, literalText, type OutputOf } from '../../../lib/schema-atoms.ts';
import { addressEntries } from '../address-options.ts';
import type { Strictness } from '../../../lib/choice.ts';
import { dialogueSteps } from '../stream/dialogue-steps.ts';
import { headerSources, httpHeaderSources } from '../http/header-sources.ts';
import { credentialEntries, isOneIdentity } from '../../../lib/http-credentials-options.ts';
import { proxyEntries, refuseProxy } from '../../../lib/http-proxy-options.ts';
import { pattern } from '../pattern.ts';
import { tlsBlock } from '../../../lib/tls-options.ts';

const oneIdentity = 'only one of basic_auth, authorization, bearer_token and bearer_token_file';

/** What an upgrade can use of the keys of an HTTP client. */
function usedEntries(strictness: Strictness) {
  const { oauth2: _unused, ...credentials } = credentialEntries(strictness);
  return { ...credentials, tls_config: v.optional(tlsBlock) };
}

const httpConfig = v.pipe(
  v.strictObject(usedEntries('strict'), 'a map of credentials and tls_config'),
  v.check((config) => isOneIdentity(config), oneIdentity),
);

/** A module may have every key of an HTTP client; blackbox_exporter accepts them and uses these few. */
const httpModuleConfig = v.pipe(
  v.strictObject(
    {
      ...usedEntries('lax'),
      oauth2: credentialEntries('lax').oauth2,
      ...proxyEntries,
      follow_redirects: v.optional(flag, true),
      enable_http2: v.optional(flag, true),
      http_headers: v.optional(httpHeaderSources, {}),
    },
    'a map of options of an HTTP client',
  ),
  v.check((config) => isOneIdentity(config), oneIdentity),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? refuseProxy(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  }),
);

/** In a module a step may also have the keys that only tcp and unix use. */
const steps = v.optional(
  v.array(
    v.strictObject(
      { expect: v.optional(pattern), send: v.optional(literalText('a text')) },
      'a step with expect or send',
    ),
    'a list of steps',
  ),
  [],
);

const sharedEntries = (strictness: Strictness) => ({
  ...addressEntries(strictness),
  headers: v.optional(headerSources, {}),
});

const websocketEntries = {
  ...sharedEntries('strict'),
  http_config: v.optional(httpConfig),
  query_response: steps,
};

const websocketModuleEntries = {
  ...sharedEntries('lax'),
  http_config: v.optional(httpModuleConfig),
  query_response: dialogueSteps,
};

type Written = OutputOf<typeof websocketEntries>;

/** One step of the dialogue: what the next message must match, and what to send then. */
export interface WebsocketStep {
  readonly expect?: Written['query_response'][number]['expect'];
  /** Bytes are what a module writes as `!!binary`; they are sent as a text message as well. */
  readonly send?: string | Uint8Array | undefined;
}

/** What a `websocket:` block gives. */
export type WebsocketOptions = Omit<Written, 'query_response'> & {
  readonly query_response: readonly WebsocketStep[];
};

const message = 'a map of websocket options';

/** The block `websocket:`, with the names, defaults and meanings of blackbox_exporter's module. */
export const websocketBlock = v.strictObject(websocketEntries, message);
export const websocketModuleBlock = v.strictObject(websocketModuleEntries, message);
