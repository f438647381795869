import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode, type Answer, type DecodedPacket } from 'dns-packet';
import { startTcpServer } from './tcp-server.ts';

export interface DnsReply {
  readonly rcode?: number;
  readonly answers?: Answer[];
  readonly authorities?: Answer[];
  readonly additionals?: Answer[];
}

interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:port` for each transport. */
  readonly udp: string;
  readonly tcp: string;
}

/** The packet that answers a query as `reply` says. */
export function encodeReply(query: DecodedPacket, reply: DnsReply): Buffer {
  const { rcode = 0, answers = [], authorities = [], additionals = [] } = reply;
  const sections = { questions: query.questions ?? [], answers, authorities, additionals };
  return encode({ type: 'response', id: query.id ?? 0, flags: rcode, ...sections });
}

/** A name server over udp and tcp; a reply may be raw packets as well, or none. */
export async function startDnsServer(
  answer: (query: DecodedPacket) => DnsReply | readonly Buffer[],
  host = '127.0.0.1',
): Promise<DnsServer> {
  const packetsFor = (bytes: Buffer): readonly Buffer[] => {
    const query = decode(bytes);
    const reply = answer(query);
    return 'length' in reply ? reply : [encodeReply(query, reply)];
  };
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (bytes, from) => {
    for (const packet of packetsFor(bytes)) udp.send(packet, from.port, from.address);
  });
  udp.bind(0, host);
  await once(udp, 'listening');
  const tcp = await startTcpServer((socket) => {
    socket.once('data', (bytes) => {
      for (const packet of packetsFor(bytes.subarray(2))) {
        const prefix = Buffer.alloc(2);
        prefix.writeUInt16BE(packet.length);
        socket.write(Buffer.concat([prefix, packet]));
      }
    });
  }, host);
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    udp: `${name}:${udp.address().port}`,
    tcp: `${name}:${tcp.port}`,
    async [Symbol.asyncDispose]() {
      udp.close();
      await tcp[Symbol.asyncDispose]();
    },
  };
}
