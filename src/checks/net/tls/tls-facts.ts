import type { MetricFamily } from '../../../model/result.ts';
import { lastChainExpiryMs } from './chain-expiry.ts';
import { certificateLabels } from './certificate-labels.ts';
import { gauge, info } from '../families.ts';
import type { TlsSetup } from '../../../lib/tls-context.ts';
import { earliestExpiryMs } from './tls-evidence.ts';
import type { Secured } from './tls-handshake.ts';

/** The first moment of year 1: what blackbox_exporter exports where no chain was verified. */
const noChainSeconds = -62_135_596_800;

const versionNames: Readonly<Record<string, string>> = {
  TLSv1: 'TLS 1.0',
  'TLSv1.1': 'TLS 1.1',
  'TLSv1.2': 'TLS 1.2',
  'TLSv1.3': 'TLS 1.3',
};

/** The families about a TLS connection that the http and tcp probers share. */
export function tlsFamilies(secured: Secured, setup: TlsSetup, nowMs: number): MetricFamily[] {
  const { certificates } = secured;
  const [leaf] = certificates;
  // A resumed session or an anonymous suite brings no certificate: then there is nothing to say of it.
  const version = versionNames[secured.version] ?? 'unknown';
  const families = [
    info('probe_tls_version_info', 'The TLS version in use, as a label.', { version }),
  ];
  if (leaf === undefined) return families;
  const chainMs = setup.verify ? lastChainExpiryMs(certificates, setup.trust, nowMs) : undefined;
  const unfoundSeconds = setup.verify ? earliestExpiryMs(certificates) / 1000 : noChainSeconds;
  return [
    ...families,
    gauge(
      'probe_ssl_earliest_cert_expiry',
      'When the first of the certificates that the server sent expires, as Unix time.',
      earliestExpiryMs(certificates) / 1000,
    ),
    gauge(
      'probe_ssl_last_chain_expiry_timestamp_seconds',
      'When the last of the verified certificate chains expires, as Unix time.',
      chainMs === undefined ? unfoundSeconds : chainMs / 1000,
    ),
    info(
      'probe_ssl_last_chain_info',
      "The server's own certificate, as labels.",
      certificateLabels(leaf),
    ),
  ];
}

/** The cipher suite under its IANA name; of all probers only http exports it. */
export function cipherFamily({ cipher }: Secured): MetricFamily {
  return info('probe_tls_cipher_info', 'The cipher suite in use, as a label.', { cipher });
}
