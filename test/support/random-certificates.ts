import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority, selfSigned, type Certificate } from './tls-authority.ts';

/** What may be wrong with a certificate, or not. */
export const certificateKinds = ['good', 'byName', 'otherName', 'expired', 'selfSigned'] as const;
export type CertificateKind = (typeof certificateKinds)[number];

/** Certificates of every kind, and the file with the authority that signed most of them. */
export interface Certificates extends Disposable {
  readonly caFile: string;
  of(kind: CertificateKind): Certificate;
}

export function createCertificates(): Certificates {
  const authority = createAuthority();
  const caFile = join(authority.directory, 'trusted.pem');
  writeFileSync(caFile, authority.ca);
  const issued: Readonly<Record<CertificateKind, Certificate>> = {
    good: authority.issue({ subject: '/CN=good/O=Web, Sea & Co/C=DE' }),
    byName: authority.issue({ names: 'DNS:localhost,DNS:*.example.test,email:a@example.test' }),
    otherName: authority.issue({ names: 'DNS:other.example.test' }),
    expired: authority.issue({ days: -1 }),
    selfSigned: selfSigned('/CN=alone/OU=Ops/OU=Dev+L=Sea'),
  };
  return {
    caFile,
    of: (kind) => issued[kind],
    [Symbol.dispose]: () => authority[Symbol.dispose](),
  };
}
