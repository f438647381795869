import { randomInt } from 'node:crypto';
import type { Answer, RecordType } from 'dns-packet';
import { errorMessage, type Failure } from './failure.ts';
import { responseCodeName, typeNumber } from './dns-names.ts';
import type { DnsOptions } from './dns-options.ts';

/** A query as it goes out, and the id its answer must carry. */
export interface DnsQuery {
  readonly id: number;
  readonly bytes: Buffer;
}

export interface DnsAnswer {
  /** The name of the response code, such as `NOERROR`. */
  readonly responseCode: string;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
  readonly additionals: readonly Answer[];
}

const headerBytes = 12;
const recursionDesired = 0x0100;

/** Types that the library has no name for are given to it by number. */
function libraryType(type: DnsOptions['query_type']): RecordType {
  const unknown = type === 'HTTPS' || type === 'SVCB';
  return (unknown ? `UNKNOWN_${typeNumber(type)}` : type) as RecordType;
}

export async function encodeQuery(options: DnsOptions): Promise<DnsQuery | Failure> {
  const { encode } = await import('dns-packet');
  const id = randomInt(0x10000);
  try {
    const bytes = encode({
      type: 'query',
      id,
      flags: options.recursion_desired ? recursionDesired : 0,
      questions: [
        {
          name: options.query_name.replace(/\.$/, '') || '.',
          type: libraryType(options.query_type),
          class: options.query_class,
        },
      ],
    });
    return { id, bytes };
  } catch (error) {
    return {
      reason: 'protocol',
      summary: `query_name ${options.query_name} is no domain name: ${errorMessage(error)}`,
    };
  }
}

/** Whether a packet is a response to the query; whatever else arrives is left aside. */
export function answers(packet: Buffer, query: DnsQuery): boolean {
  if (packet.length < headerBytes) return false;
  const isResponse = packet.readUInt8(2) >= 0x80;
  return isResponse && packet.readUInt16BE(0) === query.id;
}

export async function decodeAnswer(packet: Buffer, server: string): Promise<DnsAnswer | Failure> {
  const { decode } = await import('dns-packet');
  try {
    const { answers = [], authorities = [], additionals = [] } = decode(packet);
    const responseCode = responseCodeName(packet.readUInt8(3) & 0x0f);
    return { responseCode, answers, authorities, additionals };
  } catch (error) {
    return {
      reason: 'protocol',
      summary: `the answer of ${server} is malformed: ${errorMessage(error)}`,
    };
  }
}
