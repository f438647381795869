import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { certificateLabels } from '../../src/checks/net/tls/certificate-labels.ts';
import { lastChainExpiryMs } from '../../src/checks/net/tls/chain-expiry.ts';
import {
  derElements,
  derEncode,
  derText,
  derTags,
  dottedOid,
} from '../../src/checks/net/tls/der.ts';
import { distinguishedName } from '../../src/checks/net/tls/distinguished-name.ts';
import { certificatesOf, trustOf } from '../../src/lib/trust.ts';
import { altered, bytes, holds, inTime, mutated } from '../support/fuzz.ts';
import { createAuthority, selfSigned } from '../support/tls-authority.ts';

function derOf(pem: string): Buffer {
  return new X509Certificate(pem).raw;
}

using authority = createAuthority();
const own = selfSigned('/CN=Grüße 東京/O=Last, First/OU=Ops/OU=Dev/emailAddress=ops@example.com');
const issued = authority.issue({
  subject: '/CN=web/O=Example/C=DE',
  names: 'DNS:a.example,DNS:*.b.example,IP:192.0.2.1,email:ops@example.com,URI:https://c.example',
});
const sound = [own.cert, issued.cert, authority.ca].map(derOf);

/** Whatever is shown of a certificate is made of its bytes, each written as four characters at most. */
const charactersPerByte = 4;

function expectSoundLabels(certificate: X509Certificate): void {
  const labels = inTime(() => certificateLabels(certificate));
  expect(labels.fingerprint_sha256).toMatch(/^[\da-f]{64}$/);
  expect(labels.serialnumber).toMatch(/^(?:[\da-f]{2})*$/);
  const shown = Object.values(labels).join('');
  expect(shown.length).toBeLessThan(certificate.raw.length * charactersPerByte + 200);
  // Written out as UTF-8 it stays one line of the page.
  expect(Buffer.from(shown).toString()).toBe(shown.toWellFormed());
}

test('a damaged certificate that OpenSSL still reads has labels, and never throws', () => {
  let read = 0;
  holds(
    fc.property(fc.oneof(altered(sound), mutated(sound)), (der) => {
      let certificate: X509Certificate;
      try {
        certificate = new X509Certificate(der);
      } catch {
        return;
      }
      read += 1;
      expectSoundLabels(certificate);
      inTime(() => lastChainExpiryMs([certificate], trustOf(authority.ca), 0));
    }),
    2500,
  );
  // Else the property would be about nothing.
  expect(read).toBeGreaterThan(200);
});

test('a name of any bytes is written, and never throws', () => {
  const name = fc.oneof(
    bytes(300),
    mutated(sound),
    fc
      .array(fc.tuple(fc.constantFrom(...Object.values(derTags)), bytes(20)), { maxLength: 8 })
      .map((values) =>
        Buffer.concat(
          values.map(([tag, value]) => {
            const type = derEncode(derTags.objectIdentifier, Buffer.of(0x55, 4, value[0] ?? 3));
            const pair = Buffer.concat([type, derEncode(tag, value)]);
            return derEncode(derTags.set, derEncode(derTags.sequence, pair));
          }),
        ),
      ),
  );
  holds(
    fc.property(name, (contents) => {
      const text = inTime(() => distinguishedName({ tag: derTags.sequence, contents }));
      expect(text.length).toBeLessThanOrEqual(contents.length * 2 * charactersPerByte);
    }),
    2000,
  );
});

test('elements of any bytes lie within them, one after the other', () => {
  holds(
    fc.property(fc.oneof(bytes(200), mutated(sound)), (whole) => {
      const elements = inTime(() => derElements(whole));
      const total = elements.reduce((sum, { contents }) => sum + contents.length + 2, 0);
      expect(total).toBeLessThanOrEqual(whole.length);
      for (const element of elements) {
        inTime(() => derText(element));
        expect(inTime(() => dottedOid(element.contents))).toMatch(/^(?:[\d.e+]|Infinity)*$/);
      }
    }),
    2000,
  );
});

test('elements that were written read back as they were, whatever their length', () => {
  const length = fc.oneof(fc.nat(400), fc.constantFrom(127, 128, 255, 256, 65_535, 65_536, 70_000));
  holds(
    fc.property(fc.array(fc.tuple(fc.nat(255), length), { maxLength: 3 }), (parts) => {
      const elements = parts.map(([tag, size]) => ({ tag, contents: Buffer.alloc(size, tag) }));
      const whole = elements.map(({ tag, contents }) => derEncode(tag, contents));
      expect(derElements(Buffer.concat(whole))).toEqual(elements);
    }),
    100,
  );
});

test('object identifiers that were written read back as they were', () => {
  const arcs = fc.tuple(
    fc.constantFrom([0, 39], [1, 2], [2, 5], [2, 999]),
    fc.array(fc.nat(2 ** 31 - 1), { maxLength: 8 }),
  );
  const base128 = (value: number): number[] => {
    const digits = [value % 128];
    for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
      digits.unshift((rest % 128) | 0x80);
    }
    return digits;
  };
  holds(
    fc.property(arcs, ([[root = 0, second = 0], rest]) => {
      const contents = Buffer.from([root * 40 + second, ...rest].flatMap(base128));
      expect(dottedOid(contents)).toBe([root, second, ...rest].join('.'));
    }),
    2000,
  );
});

test('a bundle of damaged PEM gives the certificates that can be read', () => {
  const pem = [own.cert, issued.cert, authority.ca].map((text) => Buffer.from(text));
  holds(
    fc.property(fc.array(mutated(pem), { maxLength: 3 }), (texts) => {
      const bundle = [...texts.map((text) => text.toString('latin1')), authority.ca].join('\n');
      const found = inTime(() => certificatesOf(bundle));
      expect(found.length).toBeLessThanOrEqual(texts.length * 3 + 1);
    }),
    1000,
  );
});
