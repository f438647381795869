/**
 * Record types by their mnemonic: those that blackbox_exporter takes in a configuration, with their
 * numbers on the wire (IANA, Domain Name System Parameters).
 */
const typeNumbers = {
  None: 0,
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  'NSAP-PTR': 23,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  EID: 31,
  NIMLOC: 32,
  SRV: 33,
  ATMA: 34,
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
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  UINFO: 100,
  UID: 101,
  GID: 102,
  UNSPEC: 103,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  NXNAME: 128,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  AMTRELAY: 260,
  RESINFO: 261,
  TA: 32_768,
  DLV: 32_769,
  Reserved: 65_535,
} as const;

const classNumbers = { IN: 1, CS: 2, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

/** Response codes; the last few come in two parts, with an OPT record. */
const responseCodeNumbers = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  DSOTYPENI: 11,
  BADSIG: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
  BADCOOKIE: 23,
} as const;

/** Signing algorithms by their number (IANA, DNS Security Algorithm Numbers). */
export const algorithmNames: Readonly<Record<number, string>> = {
  1: 'RSAMD5',
  2: 'DH',
  3: 'DSA',
  5: 'RSASHA1',
  6: 'DSA-NSEC3-SHA1',
  7: 'RSASHA1-NSEC3-SHA1',
  8: 'RSASHA256',
  10: 'RSASHA512',
  12: 'ECC-GOST',
  13: 'ECDSAP256SHA256',
  14: 'ECDSAP384SHA384',
  15: 'ED25519',
  16: 'ED448',
  252: 'INDIRECT',
  253: 'PRIVATEDNS',
  254: 'PRIVATEOID',
};

export const queryTypes: readonly string[] = Object.keys(typeNumbers);
export const queryClasses: readonly string[] = Object.keys(classNumbers);

type Numbers = Readonly<Record<string, number>>;

/** Names by their number. */
function reversed(numbers: Numbers): ReadonlyMap<number, string> {
  return new Map(Object.entries(numbers).map(([name, number]) => [number, name]));
}

const typeNames = reversed(typeNumbers);
const classNames = reversed(classNumbers);
const responseCodeNames = reversed(responseCodeNumbers);

/** Two names are known for one of the codes: the second one was a slip that stayed. */
const responseCodeByName: Numbers = { ...responseCodeNumbers, NOTIMPL: 4 };
export const responseCodes: readonly string[] = Object.keys(responseCodeByName);

function numberOf(numbers: Numbers, name: string): number | undefined {
  return Object.hasOwn(numbers, name) ? numbers[name] : undefined;
}

export function typeNumber(name: string): number | undefined {
  return numberOf(typeNumbers, name);
}

export function classNumber(name: string): number | undefined {
  return numberOf(classNumbers, name);
}

export function responseCodeNumber(name: string): number | undefined {
  return numberOf(responseCodeByName, name);
}

/** The mnemonic of a record type, or `TYPE65400` where there is none. */
export function typeName(number: number): string {
  return typeNames.get(number) ?? `TYPE${number}`;
}

/** The mnemonic of a class, or `CLASS42` where there is none, or only one that is a type's as well. */
export function className(number: number): string {
  const name = classNames.get(number);
  return name === undefined || typeNumber(name) !== undefined ? `CLASS${number}` : name;
}

export function responseCodeName(number: number): string {
  return responseCodeNames.get(number) ?? `RCODE${number}`;
}
