import * as v from 'valibot';
import { credentialEntries, isOneIdentity } from '../lib/http-credentials-options.ts';
import { proxyEntries, refuseProxy } from '../lib/http-proxy-options.ts';
import { defaultedKey, duration, flag, optionalKey } from '../lib/schema-atoms.ts';
import { tlsBlock } from '../lib/tls-options.ts';
import { sendTimeoutMs } from '../model/limits.ts';
import { humanDuration } from '../lib/duration.ts';

const entries = {
  ...credentialEntries('strict'),
  ...proxyEntries,
  tls_config: v.optional(tlsBlock),
  follow_redirects: v.optional(flag, true),
  // Taken, for it is about how and not about what: every receiver speaks HTTP/1.1, and so does the agent.
  enable_http2: v.optional(flag, true),
};

/** `http_config`, with the names and meanings of Alertmanager. */
export const httpConfigBlock = v.pipe(
  v.strictObject(entries, 'a map of options for HTTP requests'),
  v.check(
    (http) => isOneIdentity(http),
    'at most one of basic_auth, authorization, oauth2, bearer_token and bearer_token_file',
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? refuseProxy(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  }),
);

export type HttpConfig = v.InferOutput<typeof httpConfigBlock>;

/** What holds where nothing is written. */
export const plainHttp: HttpConfig = v.parse(httpConfigBlock, {});

const longestTimeout = humanDuration(sendTimeoutMs);

/** The keys about requests that every integration over HTTP has. */
export const httpEntries = {
  http_config: defaultedKey(
    'Credentials, TLS, proxy and redirects of the requests.',
    httpConfigBlock,
    {},
  ),
  timeout: optionalKey(
    `How long one attempt may take. Default and longest: ${longestTimeout}.`,
    v.pipe(
      duration,
      v.maxValue(
        sendTimeoutMs,
        `at most ${longestTimeout}: an attempt that takes longer is given up and repeated`,
      ),
    ),
  ),
};

/** Milliseconds that one attempt may take; a `timeout` of 0 is none of its own. */
export function attemptTimeoutMs(timeout: number | undefined, longestMs: number): number {
  return timeout === undefined || timeout === 0 ? longestMs : Math.min(timeout, longestMs);
}
