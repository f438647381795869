/** Record types that may be asked for, by their number on the wire. */
const typeNumbers = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  NULL: 10,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  SIG: 24,
  KEY: 25,
  AAAA: 28,
  LOC: 29,
  SRV: 33,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  DNAME: 39,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  HIP: 55,
  CDS: 59,
  CDNSKEY: 60,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  URI: 256,
  CAA: 257,
  TA: 32_768,
  DLV: 32_769,
} as const;
type QueryType = keyof typeof typeNumbers;
export const queryTypes = Object.keys(typeNumbers) as readonly QueryType[];

export const queryClasses = ['IN', 'CS', 'CH', 'HS', 'ANY'] as const;

/** Response codes, each at the place of its number. */
export const responseCodes = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
] as const;

export function typeNumber(type: QueryType): number {
  return typeNumbers[type];
}

/** The mnemonic of a record type, or `TYPE65400` where there is none. */
export function typeName(number: number): string {
  return queryTypes.find((name) => typeNumbers[name] === number) ?? `TYPE${number}`;
}

export function responseCodeName(number: number): string {
  return responseCodes[number] ?? `RCODE${number}`;
}
