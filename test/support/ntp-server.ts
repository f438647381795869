import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** What a time server says; a good one of stratum 1 whose clock is that of this host, where nothing is said. */
export interface NtpManners {
  /** Milliseconds by which its clock is ahead of that of this host. */
  readonly aheadMs?: number;
  /** Zero for a refusal, whose reason is `code`. */
  readonly stratum?: number;
  readonly code?: string;
  /** Three for a server that does not know the time. */
  readonly leap?: number;
  /** Four for a server. */
  readonly mode?: number;
  /** Repeats something else than what was asked. */
  readonly isForged?: boolean;
}

export interface NtpServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly asked: () => number;
}

/** Answers as a time server does (RFC 5905, figure 8), on a port of 127.0.0.1; 0 for a free one. */
export async function startNtpServer(manners: NtpManners = {}, port = 0): Promise<NtpServer> {
  const { aheadMs = 0, stratum = 1, code = 'GPS', leap = 0, mode = 4, isForged } = manners;
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', (query, peer) => {
    asked += 1;
    const now = Date.now() + aheadMs;
    const answer = Buffer.alloc(48);
    answer.writeUInt8((leap << 6) | (4 << 3) | mode, 0);
    answer.writeUInt8(stratum, 1);
    answer.writeUInt8(query.readUInt8(2), 2);
    answer.writeInt8(-20, 3);
    answer.write(code, 12, 'latin1');
    writeTime(answer, 16, now - 1000);
    query.copy(answer, 24, isForged === true ? 0 : 40, isForged === true ? 8 : 48);
    writeTime(answer, 32, now);
    writeTime(answer, 40, now);
    socket.send(answer, peer.port, peer.address);
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function writeTime(packet: Buffer, at: number, unixMs: number): void {
  const seconds = unixMs / 1000 + 2_208_988_800;
  packet.writeUInt32BE(Math.floor(seconds), at);
  packet.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), at + 4);
}
