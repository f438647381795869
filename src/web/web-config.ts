import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import * as v from 'valibot';
import type { Problem } from '../model/config.ts';
import { configBytesMax } from '../model/limits.ts';
import { locateInYaml, type YamlSource } from './yaml-source.ts';

/** The file named by `server.web_config_file`, read and checked. */
export interface WebConfig {
  /** Absolute path of the file; its users are read again when it changes. */
  readonly file: string;
  readonly tls?: TlsConfig;
  /** Names to bcrypt hashes; empty when nobody has to log in. */
  readonly users: Readonly<Record<string, string>>;
}

/** Paths are absolute. */
export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly clientAuth: 'none' | 'verify-if-given' | 'require-and-verify';
  readonly clientCaFile?: string;
}

export type WebConfigReading =
  | { readonly ok: true; readonly config: WebConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const clientAuthTypes = {
  NoClientCert: 'none',
  VerifyClientCertIfGiven: 'verify-if-given',
  RequireAndVerifyClientCert: 'require-and-verify',
} as const;

const path = v.pipe(v.string('a path'), v.nonEmpty('a path'));

const tlsSchema = v.object(
  {
    cert_file: path,
    key_file: path,
    min_version: v.optional(v.picklist(['TLS12', 'TLS13'], 'TLS12 or TLS13'), 'TLS12'),
    client_auth_type: v.optional(
      v.picklist(
        Object.keys(clientAuthTypes) as (keyof typeof clientAuthTypes)[],
        'NoClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert',
      ),
      'NoClientCert',
    ),
    client_ca_file: v.optional(path),
  },
  'cert_file and key_file',
);

const bcryptHash = v.pipe(
  v.string('a bcrypt hash'),
  v.regex(/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/, 'a bcrypt hash, as htpasswd -nBC 10 "" prints it'),
);

const schema = v.object(
  {
    tls_server_config: v.optional(
      v.pipe(
        tlsSchema,
        v.forward(
          v.partialCheck(
            [['client_auth_type'], ['client_ca_file']],
            (tls) =>
              (tls.client_auth_type === 'NoClientCert') === (tls.client_ca_file === undefined),
            'a client_ca_file exactly when client certificates are verified',
          ),
          ['client_auth_type'],
        ),
      ),
    ),
    basic_auth_users: v.optional(
      v.record(v.string(), bcryptHash, 'a map of user names to bcrypt hashes'),
      {},
    ),
  },
  'a map with tls_server_config or basic_auth_users',
);

/**
 * Reads a web configuration file in the format that Prometheus and its exporters share. What tocsin
 * does not support is refused by line; nothing is ignored. Certificate and key are tried as well.
 */
export async function readWebConfig(file: string): Promise<WebConfigReading> {
  const absolute = resolve(file);
  const source = await readYaml(absolute);
  if ('problems' in source) return { ok: false, problems: source.problems };
  const problem = (keys: readonly string[], message: string): Problem => {
    return { file: absolute, ...source.locate(keys), path: keys.join('.'), message };
  };
  const unsupported = unsupportedKeys(source.value).map((keys) =>
    problem(keys, 'is not supported'),
  );
  const result = v.safeParse(schema, source.value ?? {});
  if (!result.success || unsupported.length > 0) {
    const flaws = (result.issues ?? []).map((issue) =>
      problem(issue.path?.map((item) => String(item.key)) ?? [], complaint(issue)),
    );
    return { ok: false, problems: [...unsupported, ...flaws] };
  }
  const { tls_server_config: tlsBlock, basic_auth_users: users } = result.output;
  if (tlsBlock === undefined) return { ok: true, config: { file: absolute, users } };
  const tls = tlsConfig(dirname(absolute), tlsBlock);
  const message = await tlsProblem(tls);
  if (message === undefined) return { ok: true, config: { file: absolute, users, tls } };
  return { ok: false, problems: [problem(['tls_server_config'], message)] };
}

/** The paths of all keys, in either block, that tocsin would have to ignore. */
function unsupportedKeys(value: unknown): readonly (readonly string[])[] {
  const outside = (block: unknown, known: object, above: readonly string[]): string[][] =>
    typeof block === 'object' && block !== null
      ? Object.keys(block)
          .filter((key) => !Object.hasOwn(known, key))
          .map((key) => [...above, key])
      : [];
  const tls = v.safeParse(v.object({ tls_server_config: v.unknown() }), value);
  const tlsBlock = tls.success ? tls.output.tls_server_config : undefined;
  return [
    ...outside(value, schema.entries, []),
    ...outside(tlsBlock, tlsSchema.entries, ['tls_server_config']),
  ];
}

/** What would be right; never the value, which could be a password that somebody forgot to hash. */
function complaint(issue: v.BaseIssue<unknown>): string {
  return `is ${issue.received === 'undefined' ? 'missing' : 'not right'}; expected ${issue.message}`;
}

function tlsConfig(folder: string, tls: v.InferOutput<typeof tlsSchema>): TlsConfig {
  const clientCaFile = tls.client_ca_file;
  return {
    certFile: resolve(folder, tls.cert_file),
    keyFile: resolve(folder, tls.key_file),
    minVersion: tls.min_version === 'TLS13' ? 'TLSv1.3' : 'TLSv1.2',
    clientAuth: clientAuthTypes[tls.client_auth_type],
    ...(clientCaFile === undefined ? {} : { clientCaFile: resolve(folder, clientCaFile) }),
  };
}

async function tlsProblem(tls: TlsConfig): Promise<string | undefined> {
  try {
    createSecureContext({
      cert: await readFile(tls.certFile),
      key: await readFile(tls.keyFile),
      ...(tls.clientCaFile === undefined ? {} : { ca: await readFile(tls.clientCaFile) }),
    });
    return undefined;
  } catch (error) {
    return `cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function readYaml(
  file: string,
): Promise<YamlSource | { readonly problems: readonly Problem[] }> {
  try {
    const text = await readFile(file, 'utf8');
    if (Buffer.byteLength(text) > configBytesMax) {
      return { problems: [{ file, path: '', message: `is larger than ${configBytesMax} bytes` }] };
    }
    return await locateInYaml(file, text);
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { problems: [{ file, path: '', message }] };
  }
}
