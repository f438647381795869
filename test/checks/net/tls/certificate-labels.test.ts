import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { certificateLabels } from '../../../../src/checks/net/tls/certificate-labels.ts';
import { createAuthority, selfSigned } from '../../../support/tls-authority.ts';

function labelsOf(pem: string): Readonly<Record<string, string>> {
  return certificateLabels(new X509Certificate(pem));
}

test('BB-T110 a subject has a fixed order, joined values, escapes and numbers for the rest', () => {
  const subject =
    '/postalCode=12345/C=DE/OU=Ops/street=Weg 1/O=Last, First/ST=Land/L=Ort/OU=Dev' +
    '/CN=first/serialNumber=7/emailAddress=ops@example.com/DC=example/CN=last\\+"x"';
  const expected =
    'SERIALNUMBER=7,CN=last\\+\\"x\\",OU=Ops+OU=Dev,O=Last\\, First,POSTALCODE=12345,' +
    'STREET=Weg 1,L=Ort,ST=Land,C=DE,' +
    `0.9.2342.19200300.100.1.25=#1307${Buffer.from('example').toString('hex')},` +
    `1.2.840.113549.1.9.1=#0c0f${Buffer.from('ops@example.com').toString('hex')}`;
  expect(labelsOf(selfSigned(subject).cert)).toMatchObject({ subject: expected, issuer: expected });
});

test('special characters of a value are escaped where they matter', () => {
  const { subject } = labelsOf(selfSigned('/O=#a#, b;c /CN= x=y ').cert);
  expect(subject).toBe('CN=\\ x=y\\ ,O=\\#a#\\, b\\;c\\ ');
});

test('names beyond ASCII stay as they are', () => {
  expect(labelsOf(selfSigned('/CN=Grüße 東京').cert).subject).toBe('CN=Grüße 東京');
});

test('BB-U02 the serial number keeps its leading zero, and only DNS names are listed', () => {
  using authority = createAuthority();
  const { cert } = authority.issue({ names: 'DNS:b.example,IP:127.0.0.1,DNS:a.example' });
  const labels = labelsOf(cert);
  const certificate = new X509Certificate(cert);
  expect(labels.subjectalternative).toBe('b.example,a.example');
  expect(labels.issuer).toBe('CN=Test Root');
  expect(labels.serialnumber).toBe(certificate.serialNumber.toLowerCase());
  expect((labels.serialnumber?.length ?? 1) % 2).toBe(0);
  expect(labels.fingerprint_sha256).toMatch(/^[\da-f]{64}$/);
});
