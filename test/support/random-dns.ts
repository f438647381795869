import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Answer, DecodedPacket } from 'dns-packet';
import { decode } from 'dns-packet';
import { diceOf, present, type Dice, type RandomCase, type RandomServer } from './random-case.ts';
import { encodeReply, type DnsReply } from './dns-server.ts';
import { startTcpServer } from './tcp-server.ts';

const names = [
  'example.com',
  'WWW.Example.com',
  'a-b.example.net',
  'xn--bcher-kva.example',
  '_sip._tcp.example.com',
  '*.example.com',
] as const;
const types = ['A', 'AAAA', 'MX', 'TXT', 'NS', 'SOA', 'CNAME', 'SRV', 'PTR', 'CAA'] as const;

function randomRecord(dice: Dice): Answer {
  const name = dice.pick(names);
  const ttl = dice.pick([0, 1, 60, 3600, 86_400, 4_294_967_295]);
  const head = { name, ttl, class: 'IN' as const };
  const host = dice.pick(names);
  const type = dice.pick(types);
  switch (type) {
    case 'A':
      return { ...head, type, data: dice.pick(['127.0.0.1', '192.0.2.7', '0.0.0.0']) };
    case 'AAAA':
      return {
        ...head,
        type,
        data: dice.pick(['::1', '2001:db8::1', '2001:db8:0:1:0:0:0:1', '::ffff:192.0.2.1']),
      };
    case 'MX':
      return { ...head, type, data: { preference: dice.between(0, 65_535), exchange: host } };
    case 'TXT':
      return {
        ...head,
        type,
        data: dice.several(1, 3, () =>
          Buffer.from(
            dice.pick([
              'v=spf1 -all',
              'with "quotes"',
              'back\\slash',
              'ä',
              ';',
              '',
              'tab\there',
              '\u0000\u007f',
            ]),
          ),
        ),
      };
    case 'SOA':
      return {
        ...head,
        type,
        data: {
          mname: host,
          rname: 'host.example.com',
          serial: dice.pick([0, 1, 2_026_010_101, 4_294_967_295]),
          refresh: 1,
          retry: 2,
          expire: 3,
          minimum: 4,
        },
      };
    case 'SRV':
      return {
        ...head,
        type,
        data: { priority: 1, weight: 2, port: dice.between(0, 65_535), target: host },
      };
    case 'CAA':
      return {
        ...head,
        type,
        data: {
          flags: dice.pick([0, 128]),
          tag: 'issue',
          value: dice.pick(['ca.example.net', 'a;b "c"', '']),
        },
      };
    case 'NS':
    case 'CNAME':
    case 'PTR':
      return { ...head, type, data: host };
    default:
      return type satisfies never;
  }
}

type Flaw =
  | 'other id'
  | 'cut off'
  | 'truncated'
  | 'silent'
  | 'twice'
  | 'question'
  | 'edns'
  | 'bytes behind';

interface DnsScript {
  readonly reply: Required<DnsReply>;
  readonly flaw: Flaw | undefined;
  readonly transport: 'udp' | 'tcp';
  /** The server refuses whoever does not wish for recursion. */
  readonly isRecursive: boolean;
}

const fragments = [
  'example',
  '^example\\.com\\.\\t',
  '\\tIN\\t',
  '\\tA\\t',
  '127.0.0.1$',
  '(?i)EXAMPLE',
  '3600',
  '.*',
  '^$',
  'MX\\t\\d+ ',
  '"',
  'never',
  '[[:xdigit:]]+::',
  'SOA.* 4$',
  'TXT',
  '\\\\',
  '128 issue',
  '4294967295',
] as const;

function randomRules(dice: Dice): object {
  const rule = (): string[] | undefined =>
    dice.maybe(0.3, () => dice.several(0, 2, () => dice.pick(fragments)));
  return present({
    fail_if_matches_regexp: rule(),
    fail_if_all_match_regexp: rule(),
    fail_if_not_matches_regexp: rule(),
    fail_if_none_matches_regexp: rule(),
  });
}

function randomScript(dice: Dice): DnsScript {
  const records = (max: number): Answer[] => dice.several(0, max, () => randomRecord(dice));
  return {
    reply: {
      rcode: dice.weighted([
        [5, () => 0],
        [2, () => dice.pick([2, 3, 5, 9, 11])],
      ]),
      answers: records(4),
      authorities: dice.chance(0.4) ? records(2) : [],
      additionals: dice.chance(0.4) ? records(2) : [],
    },
    flaw: dice.maybe(0.2, () =>
      dice.pick([
        'other id',
        'cut off',
        'truncated',
        'silent',
        'twice',
        'question',
        'edns',
        'bytes behind',
      ]),
    ),
    transport: dice.pick(['udp', 'udp', 'tcp']),
    isRecursive: dice.chance(0.2),
  };
}

/** A module of the dns prober with a name server. */
export function randomDnsCase(seed: number): RandomCase {
  const dice = diceOf(seed);
  const script = randomScript(dice);
  const rules = (): object | undefined => dice.maybe(0.4, () => randomRules(dice));
  const block = present({
    query_name: dice.pick([...names, 'example.org.', '.']),
    query_type: dice.maybe(0.8, () => dice.pick([...types, 'ANY', 'DNSKEY', 'HTTPS'])),
    query_class: dice.maybe(0.15, () => dice.pick(['IN', 'CH', 'HS', 'ANY'])),
    recursion_desired: dice.maybe(0.3, () => dice.chance(0.5)),
    transport_protocol:
      script.transport === 'tcp' || dice.chance(0.5) ? script.transport : undefined,
    valid_rcodes: dice.maybe(0.3, () =>
      dice.some(['NOERROR', 'SERVFAIL', 'NXDOMAIN', 'REFUSED', 'NOTAUTH', 'WRONG']),
    ),
    validate_answer_rrs: rules(),
    validate_authority_rrs: rules(),
    validate_additional_rrs: rules(),
    preferred_ip_protocol: dice.maybe(0.2, () => dice.pick(['ip4', 'ip6', 'ip5'])),
    ip_protocol_fallback: dice.maybe(0.15, () => dice.chance(0.5)),
    source_ip_address: dice.maybe(0.05, () => dice.pick(['127.0.0.1', '127.0.0.9', 'nowhere'])),
  });
  return {
    seed,
    module: { prober: 'dns', timeout: '800ms', dns: block },
    behaviour: script,
    start: () => startRandomDns(script),
  };
}

const edns: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

function packetsOf({ reply, flaw, isRecursive }: DnsScript, query: DecodedPacket): Buffer[] {
  const isWished = ((query.flags ?? 0) & 0x100) !== 0;
  if (isRecursive && !isWished) return [encodeReply(query, { rcode: 5 })];
  const whole = encodeReply(query, reply);
  switch (flaw) {
    case 'other id': {
      const other = Buffer.from(whole);
      other.writeUInt16BE((whole.readUInt16BE() + 1) & 0xffff);
      return [other];
    }
    case 'cut off':
      return [whole.subarray(0, whole.length - 3)];
    case 'truncated':
      whole.writeUInt16BE(whole.readUInt16BE(2) | 0x200, 2);
      return [whole];
    case 'silent':
      return [];
    case 'twice':
      return [whole, whole];
    case 'question':
      return [encodeReply({ ...query, questions: [] }, reply)];
    case 'bytes behind':
      return [Buffer.concat([whole, Buffer.from([1, 2, 3])])];
    case 'edns':
      return [encodeReply(query, { ...reply, additionals: [...reply.additionals, edns] })];
    case undefined:
      return [whole];
    default:
      return flaw satisfies never;
  }
}

async function startRandomDns(script: DnsScript): Promise<RandomServer> {
  const seen: unknown[] = [];
  const packets = (bytes: Buffer): Buffer[] => {
    const query = decode(bytes);
    const [question] = query.questions ?? [];
    seen.push([question, query.flags, query.additionals?.length]);
    return packetsOf(script, query);
  };
  const udp = createSocket('udp4');
  udp.on('message', (bytes, from) => {
    for (const packet of packets(bytes)) udp.send(packet, from.port, from.address);
  });
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const tcp = await startTcpServer((socket) => {
    let got: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      if (got.length < 2 || got.length < got.readUInt16BE() + 2) return;
      for (const packet of packets(got.subarray(2))) {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(packet.length);
        socket.write(Buffer.concat([length, packet]));
      }
    });
  });
  return {
    target: `127.0.0.1:${script.transport === 'udp' ? udp.address().port : tcp.port}`,
    seen: async () => seen.splice(0),
    async [Symbol.asyncDispose]() {
      udp.close();
      await tcp[Symbol.asyncDispose]();
    },
  };
}
