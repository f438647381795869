import { randomInt } from 'node:crypto';
import { dnsNamesLengthMax } from '../../../model/limits.ts';
import { errorMessage, type Failure } from '../failure.ts';
import { classNumber, responseCodeName, typeNumber } from './dns-names.ts';
import type { DnsOptions } from './dns-options.ts';
import { encodeName, isAtEnd, takeName, takeNumber, type DnsCursor } from './dns-reader.ts';
import { takeRecord, type DnsRecord } from './dns-record.ts';

/** A query as it goes out, and the id its answer must carry. */
export interface DnsQuery {
  readonly id: number;
  readonly bytes: Buffer;
}

export interface DnsAnswer {
  readonly responseCode: number;
  /** The server left something out that did not fit. */
  readonly isTruncated: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

const headerBytes = 12;
const flags = { response: 0x8000, truncated: 0x0200, recursionDesired: 0x0100 } as const;
const edns = typeNumber('OPT');

/** Why nothing can be asked: blackbox_exporter finds out before it looks the server up. */
export function questionFault({ query_type: type, query_class: kind }: DnsOptions) {
  const refuse = (summary: string): Failure => ({ reason: 'protocol', summary });
  if (classNumber(kind) === undefined) return refuse(`there is no class ${kind} to ask for`);
  if (typeNumber(type) === undefined) return refuse(`there is no record type ${type} to ask for`);
  return undefined;
}

/** The query for options without a `questionFault`. */
export function encodeQuery(options: DnsOptions): DnsQuery | Failure {
  const { query_name: name, query_type: type, query_class: kind } = options;
  const id = randomInt(0x10000);
  try {
    const numbers = [id, options.recursion_desired ? flags.recursionDesired : 0, 1, 0, 0, 0];
    const question = [typeNumber(type) ?? 0, classNumber(kind) ?? 0];
    const parts = [...numbers.map(twoBytes), encodeName(name), ...question.map(twoBytes)];
    return { id, bytes: Buffer.concat(parts) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return {
      reason: 'protocol',
      summary: `query_name ${name} is no domain name: ${errorMessage(error)}`,
    };
  }
}

export function twoBytes(number: number): Buffer {
  return Buffer.of(number >> 8, number & 0xff);
}

/** Whether a packet is a response to the query; whatever else arrives is left aside. */
export function answers(packet: Buffer, query: DnsQuery): boolean {
  if (packet.length < headerBytes) return false;
  return packet.readUInt16BE(2) >= flags.response && packet.readUInt16BE(0) === query.id;
}

function skipQuestions(cursor: DnsCursor, count: number): void {
  for (let at = 0; at < count && !isAtEnd(cursor); at++) {
    takeName(cursor);
    // As with records, a message may end after any field of the last one.
    if (!isAtEnd(cursor)) takeNumber(cursor, 2);
    if (!isAtEnd(cursor)) takeNumber(cursor, 2);
  }
}

/** The records of a section. One that promises more than there is has what is there. */
function takeSection(cursor: DnsCursor, count: number): DnsRecord[] {
  const records: DnsRecord[] = [];
  while (records.length < count && !isAtEnd(cursor)) records.push(takeRecord(cursor));
  return records;
}

/** The upper part of a response code, which is in the TTL of an OPT record. */
function extension(additionals: readonly DnsRecord[]): number {
  const record = additionals.findLast(({ type }) => type === edns);
  return record === undefined ? 0 : (record.ttl >>> 24) << 4;
}

/** Reads an answer that `answers` has accepted. `server` is who sentences blame for a malformed one. */
export function decodeAnswer(packet: Buffer, server: string): DnsAnswer | Failure {
  const names = { lengthLeft: dnsNamesLengthMax };
  const cursor: DnsCursor = { bytes: packet, at: headerBytes, names };
  const [questionCount = 0, ...counts] = [4, 6, 8, 10].map((at) => packet.readUInt16BE(at));
  const bits = packet.readUInt16BE(2);
  try {
    skipQuestions(cursor, questionCount);
    const [found = [], authorities = [], additionals = []] = counts.map((count) =>
      takeSection(cursor, count),
    );
    return {
      responseCode: (bits & 0x0f) | extension(additionals),
      isTruncated: (bits & flags.truncated) !== 0,
      answers: found,
      authorities,
      additionals,
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return {
      reason: 'protocol',
      summary: `the answer of ${server} is malformed: ${errorMessage(error)}`,
    };
  }
}

/** The mnemonic of the response code, such as `NOERROR`. */
export function responseCodeOf({ responseCode }: DnsAnswer): string {
  return responseCodeName(responseCode);
}
