import type { X509Certificate } from 'node:crypto';
import { derElements, derTags, dottedOid, type DerElement } from './der.ts';
import { distinguishedName } from './distinguished-name.ts';

/** Context-specific tags within TBSCertificate and GeneralName (RFC 5280, 4.1 and 4.2.1.6). */
const tags = { version: 0xa0, extensions: 0xa3, dnsName: 0x82 } as const;
const subjectAltName = '2.5.29.17';

/** The fields of a TBSCertificate, without the optional version in front. */
function fieldsOf(certificate: X509Certificate): DerElement[] {
  const [whole] = derElements(certificate.raw);
  const [toBeSigned] = derElements(whole?.contents ?? Buffer.alloc(0));
  const fields = derElements(toBeSigned?.contents ?? Buffer.alloc(0));
  return fields[0]?.tag === tags.version ? fields.slice(1) : fields;
}

/** Two digits a byte, without the byte that only says that the number is positive. */
function hexSerial(serial: DerElement | undefined): string {
  const bytes = serial?.contents ?? Buffer.alloc(0);
  return bytes.subarray(bytes[0] === 0 ? 1 : 0).toString('hex');
}

/** The DNS names among the alternative names, in the order of the certificate. */
function dnsNames(fields: readonly DerElement[]): string[] {
  const wrapper = fields.find((field) => field.tag === tags.extensions);
  const [list] = derElements(wrapper?.contents ?? Buffer.alloc(0));
  for (const extension of derElements(list?.contents ?? Buffer.alloc(0))) {
    const parts = derElements(extension.contents);
    const value = parts.at(-1);
    if (parts[0] === undefined || dottedOid(parts[0].contents) !== subjectAltName) continue;
    if (value?.tag !== derTags.octetString) continue;
    const [names] = derElements(value.contents);
    return derElements(names?.contents ?? Buffer.alloc(0))
      .filter((name) => name.tag === tags.dnsName)
      .map((name) => name.contents.toString('latin1'));
  }
  return [];
}

/** The labels of `probe_ssl_last_chain_info`, in blackbox_exporter's formats. */
export function certificateLabels(certificate: X509Certificate): Readonly<Record<string, string>> {
  const fields = fieldsOf(certificate);
  const [serial, , issuer, , subject] = fields;
  return {
    fingerprint_sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    issuer: distinguishedName(issuer),
    serialnumber: hexSerial(serial),
    subject: distinguishedName(subject),
    subjectalternative: dnsNames(fields).join(','),
  };
}
