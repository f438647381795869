import { derElements, derEncode, derTags, derText, dottedOid, type DerElement } from './der.ts';

/** Attributes that are written by name, in the order in which they are written. */
const named = [
  ['2.5.4.5', 'SERIALNUMBER'],
  ['2.5.4.3', 'CN'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.10', 'O'],
  ['2.5.4.17', 'POSTALCODE'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.6', 'C'],
] as const;

/** Of these a name has one: the last that is given. */
const single = new Set<string>(['2.5.4.5', '2.5.4.3']);

const namedOids = new Set<string>(named.map(([oid]) => oid));

interface Attribute {
  readonly oid: string;
  readonly value: string;
}

/** The attributes of a Name (RFC 5280, 4.1.2.4) in the order of the certificate. */
function attributesOf(name: Buffer): Attribute[] {
  return derElements(name)
    .flatMap((relativeName) => derElements(relativeName.contents))
    .flatMap((pair) => {
      const [type, value] = derElements(pair.contents);
      if (type === undefined || value === undefined) return [];
      return [{ oid: dottedOid(type.contents), value: derText(value) }];
    });
}

function escapeValue(value: string): string {
  return value
    .replaceAll(/[,+"\\<>;]/g, String.raw`\$&`)
    .replace(/^[ #]/, String.raw`\$&`)
    .replace(/(?<!^) $/, String.raw`\ `);
}

/** A value as DER in hexadecimal: PrintableString where its characters allow, else UTF8String. */
function hexValue(value: string): string {
  const tag = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value)
    ? derTags.printableString
    : derTags.utf8String;
  return `#${derEncode(tag, Buffer.from(value)).toString('hex')}`;
}

/**
 * A distinguished name as blackbox_exporter's label has it: known attributes in fixed order, several of
 * one kind joined with `+`, then all others in reverse order by number and hexadecimal value.
 */
export function distinguishedName(name: DerElement | undefined): string {
  const attributes = attributesOf(name?.contents ?? Buffer.alloc(0));
  const known = named.flatMap(([oid, short]) => {
    const all = attributes.filter((attribute) => attribute.oid === oid);
    const values = single.has(oid) ? all.slice(-1) : all;
    if (values.length === 0) return [];
    return [values.map(({ value }) => `${short}=${escapeValue(value)}`).join('+')];
  });
  const others = attributes
    .filter(({ oid }) => !namedOids.has(oid))
    .toReversed()
    .map(({ oid, value }) => `${oid}=${hexValue(value)}`);
  return [...known, ...others].join(',');
}
