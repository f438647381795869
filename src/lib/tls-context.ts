import type { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';
import { certificateFileBytesMax } from '../model/limits.ts';
import { readPlainFile } from './plain-file.ts';
import type { TlsOptions } from './tls-options.ts';
import { certificatesOf, systemTrust, trustOf, type Trust } from './trust.ts';

/** What a handshake needs, made once from the options and used until a file behind them changes. */
export interface TlsSetup {
  readonly context: SecureContext;
  readonly trust: Trust;
  readonly verify: boolean;
  readonly serverName?: string;
  /** The certificate that the probe shows to a server that asks for one. */
  readonly client?: X509Certificate;
}

const versions: Readonly<Record<string, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

/** Why there is no setup: a file that cannot be read, with the error, or content that is of no use. */
export type TlsFault =
  | { readonly kind: 'unreadable'; readonly error: unknown }
  | { readonly kind: 'unusable'; readonly fault: string };

interface Material {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

async function readMaterial(tls: TlsOptions): Promise<Material | TlsFault> {
  const reading = async (inline: string | undefined, file: string | undefined) =>
    file === undefined ? inline : (await readPlainFile(file, certificateFileBytesMax)).toString();
  try {
    return {
      ca: await reading(tls.ca, tls.ca_file),
      cert: await reading(tls.cert, tls.cert_file),
      key: await reading(tls.key?.reveal(), tls.key_file),
    };
  } catch (error) {
    return { kind: 'unreadable', error };
  }
}

function build(tls: TlsOptions, { ca, cert, key }: Material): TlsSetup | TlsFault {
  const { min_version: least, max_version: most, server_name: serverName } = tls;
  if (ca !== undefined && certificatesOf(ca).length === 0) {
    return { kind: 'unusable', fault: 'ca holds no certificate' };
  }
  const trust = ca === undefined ? systemTrust() : trustOf(ca);
  const legacy = least === 'TLS10' || least === 'TLS11';
  const minVersion = least === undefined ? undefined : versions[least];
  const maxVersion = most === undefined ? undefined : versions[most];
  try {
    const context = createSecureContext({
      ca: trust.pem,
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(minVersion === undefined ? {} : { minVersion }),
      ...(maxVersion === undefined ? {} : { maxVersion }),
      // Versions before 1.2 sign with SHA-1, which OpenSSL refuses at its usual security level.
      ...(legacy ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {}),
    });
    const [client] = cert === undefined ? [] : certificatesOf(cert);
    return {
      context,
      trust,
      ...(client === undefined ? {} : { client }),
      verify: !tls.insecure_skip_verify,
      ...(serverName === undefined || serverName === '' ? {} : { serverName }),
    };
  } catch (error) {
    return { kind: 'unusable', fault: error instanceof Error ? error.message : String(error) };
  }
}

function isSame(a: Material, b: Material): boolean {
  return a.ca === b.ca && a.cert === b.cert && a.key === b.key;
}

const defaultOptions: TlsOptions = { insecure_skip_verify: false };

/** Setups by the options they were made from, each with the file contents it stands for. */
const setups = new WeakMap<TlsOptions, { readonly material: Material; readonly setup: TlsSetup }>();

/** The setup for a `tls_config`; certificate files are read again each time, as they get renewed. */
export async function tlsSetup(tls: TlsOptions = defaultOptions): Promise<TlsSetup | TlsFault> {
  const material = await readMaterial(tls);
  if ('kind' in material) return material;
  const known = setups.get(tls);
  if (known !== undefined && isSame(known.material, material)) return known.setup;
  const setup = build(tls, material);
  if (!('kind' in setup)) setups.set(tls, { material, setup });
  return setup;
}
