import * as v from 'valibot';
import { nonEmptyText, secret, text } from './schema-atoms.ts';
import type { Strictness } from './choice.ts';
import { proxyEntries, refuseProxy } from './http-proxy-options.ts';
import { tlsBlock } from './tls-options.ts';
import { isWebAddress } from './web-address.ts';

const oauth2Entries = (strictness: Strictness) => ({
  client_id: nonEmptyText,
  client_secret: v.optional(secret),
  client_secret_file: v.optional(nonEmptyText),
  token_url: nonEmptyText,
  grant_type: v.optional(
    v.picklist(
      strictness === 'lax' ? ['client_credentials', ''] : ['client_credentials'],
      'client_credentials, the only grant_type that is supported',
    ),
  ),
  scopes: v.optional(v.array(text, 'a list of scopes'), []),
  endpoint_params: v.optional(v.record(text, text, 'a map of names to values'), {}),
  tls_config: v.optional(tlsBlock),
  ...proxyEntries,
});

/** `oauth2`: where a token comes from. A module may name a bad `token_url`; its probes fail then. */
export const oauth2Block = (strictness: Strictness) =>
  v.pipe(
    v.strictObject(oauth2Entries(strictness), 'a map of client_id, client_secret and token_url'),
    v.forward(
      v.partialCheck(
        [['token_url']],
        ({ token_url: address }) => strictness === 'lax' || isWebAddress(address),
        'an http or https URL',
      ),
      ['token_url'],
    ),
    v.check(
      (oauth2) => oauth2.client_secret === undefined || oauth2.client_secret_file === undefined,
      'either client_secret or client_secret_file',
    ),
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? refuseProxy(dataset.value) : undefined;
      if (message !== undefined) addIssue({ message });
    }),
  );

export type OAuth2Options = v.InferOutput<ReturnType<typeof oauth2Block>>;
