import type { Answer, DecodedPacket } from 'dns-packet';
import { startDnsServer, type DnsReply } from '../../../support/dns-server.ts';
import type { Expectation, ProbeCase, Served } from './contest.ts';

export type Resolve = (query: DecodedPacket) => DnsReply;

/** Numbers of response codes. */
export const rcodes = { SERVFAIL: 2, REFUSED: 5 } as const;

/** An address record; `ttl` in seconds. */
export function address(name: string, data: string, ttl = 3600): Answer {
  return { type: data.includes(':') ? 'AAAA' : 'A', class: 'IN', name, ttl, data };
}

/** A name server under one transport. */
export function nameServer(
  resolve: Resolve,
  transport: 'udp' | 'tcp' = 'udp',
  host = '127.0.0.1',
): () => Promise<Served> {
  return async () => {
    const server = await startDnsServer(resolve, host);
    return {
      target: server[transport],
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  };
}

/** One case over udp and the same over tcp. */
export function overBoth(
  title: string,
  resolve: Resolve,
  dns: Readonly<Record<string, unknown>>,
  expectation: Expectation,
): readonly ProbeCase[] {
  return (['udp', 'tcp'] as const).map((transport) => ({
    title: `${title} (${transport})`,
    module: {
      prober: 'dns' as const,
      timeout: '3s',
      dns: { query_name: 'example.com', ...dns, transport_protocol: transport },
    },
    server: nameServer(resolve, transport),
    expect: expectation,
  }));
}

/** What the numbers of records and of the query are, in the order of the sections. */
export function records(
  answer: number,
  authority: number,
  additional: number,
  succeeded = 1,
): Readonly<Record<string, number>> {
  return {
    probe_dns_answer_rrs: answer,
    probe_dns_authority_rrs: authority,
    probe_dns_additional_rrs: additional,
    probe_dns_query_succeeded: succeeded,
  };
}
