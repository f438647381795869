import * as v from 'valibot';
import { flag, secret, text } from './schema-atoms.ts';

const protocolVersion = v.picklist(['TLS10', 'TLS11', 'TLS12', 'TLS13'], 'TLS10 to TLS13');

const tlsEntries = {
  insecure_skip_verify: v.optional(flag, false),
  ca: v.optional(text),
  ca_file: v.optional(text),
  cert: v.optional(text),
  cert_file: v.optional(text),
  key: v.optional(secret),
  key_file: v.optional(text),
  server_name: v.optional(text),
  min_version: v.optional(protocolVersion),
  max_version: v.optional(protocolVersion),
};

/** What a `tls_config` block gives. */
export type TlsOptions = v.InferOutput<v.StrictObjectSchema<typeof tlsEntries, undefined>>;

/** Options that are empty texts stand for nothing, as for blackbox_exporter. */
function withoutEmpty(tls: TlsOptions): TlsOptions {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== '')) as TlsOptions;
}

/** `tls_config`, with the names, defaults and meanings of blackbox_exporter. */
export const tlsBlock = v.pipe(
  v.strictObject(tlsEntries, 'a map of TLS options'),
  v.transform(withoutEmpty),
  v.check((tls) => tls.ca === undefined || tls.ca_file === undefined, 'either ca or ca_file'),
  v.check(
    (tls) => tls.cert === undefined || tls.cert_file === undefined,
    'either cert or cert_file',
  ),
  v.check((tls) => tls.key === undefined || tls.key_file === undefined, 'either key or key_file'),
  v.check(
    (tls) =>
      ((tls.cert ?? tls.cert_file) === undefined) === ((tls.key ?? tls.key_file) === undefined),
    'a client certificate together with its key',
  ),
);
