import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';

/** Where Linux distributions keep the authorities that the system trusts; the first found is used. */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

const certificatePattern = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The authorities that a TLS connection is verified with. */
export interface Trust {
  /** As PEM, one after the other. */
  readonly pem: string;
  /** Those whose subject is the given name, as `X509Certificate.issuer` writes it. */
  named(subject: string): readonly X509Certificate[];
}

/**
 * Makes a trust store of PEM text. Certificates are sorted by subject at the first question: most checks
 * never ask, and a bundle of 150 costs some milliseconds.
 */
export function trustOf(pem: string): Trust {
  let bySubject: Map<string, X509Certificate[]> | undefined;
  return {
    pem,
    named(subject) {
      bySubject ??= Map.groupBy(certificatesOf(pem), (certificate) => certificate.subject);
      return bySubject.get(subject) ?? [];
    },
  };
}

/** The certificates in a PEM text; what cannot be read is left out, as OpenSSL does. */
export function certificatesOf(pem: string): X509Certificate[] {
  return Array.from(pem.matchAll(certificatePattern)).flatMap(([block]) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

function readSystemBundle(): string {
  const override = process.env.SSL_CERT_FILE;
  const places = override === undefined || override === '' ? systemBundles : [override];
  for (const place of places) {
    try {
      return readFileSync(place, 'utf8');
    } catch {
      continue;
    }
  }
  return rootCertificates.join('\n');
}

let system: Trust | undefined;

/**
 * What the system trusts, read once; the authorities that come with Node where the system has none.
 * `SSL_CERT_FILE` names another bundle.
 */
export function systemTrust(): Trust {
  system ??= trustOf(readSystemBundle());
  return system;
}
