import { createSocket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { connectFailure, isFailure, onAbort, timedOut, type Failure } from './failure.ts';
import { describePeer, type HostPort } from './host-port.ts';
import type { ProbeContext } from './probe.ts';
import { resolveHost } from './resolve.ts';

/** What a time server said. */
interface TimeAnswer {
  /** Milliseconds by which the clock of this host is ahead of the server's; negative when it is behind. */
  readonly aheadMs: number;
  /** How uncertain that is: half the way there and back, in milliseconds. */
  readonly uncertainMs: number;
}

const addressOptions = { preferred_ip_protocol: 'ip4', ip_protocol_fallback: true };

/** Asks a time server once (RFC 4330). A packet that does not repeat what was asked is not its answer. */
export async function askTime(
  { host, port }: HostPort,
  context: ProbeContext,
): Promise<TimeAnswer | Failure> {
  const { found: address } = await resolveHost(host, addressOptions, context);
  if (isFailure(address)) return address;
  const peer = describePeer(host, address.ip, port);
  const query = Buffer.alloc(packetLength);
  query[0] = version4Client;
  // In the place of the time of sending, which is nobody's business: what the answer has to repeat.
  const cookie = randomBytes(8);
  cookie.copy(query, transmitAt);
  const socket = createSocket(address.family === 4 ? 'udp4' : 'udp6');
  const { clock, signal } = context;
  let sent = clock.now();
  const outcome = await new Promise<TimeAnswer | Failure>((resolve) => {
    const stop = onAbort(signal, () =>
      settle(timedOut(context, `waiting for the time of ${peer}`)),
    );
    function settle(found: TimeAnswer | Failure): void {
      stop();
      resolve(found);
    }
    socket.on('error', (error) => settle(connectFailure(error, peer)));
    socket.on('message', (packet) => {
      const isAnswer = packet.length >= packetLength && packet.subarray(24, 32).equals(cookie);
      if (!isAnswer) return context.log(`left aside a packet of ${packet.length} bytes`);
      const tookMs = clock.now().steadyMs - sent.steadyMs;
      settle(readAnswer(packet, { sentMs: sent.wallMs, tookMs }, peer));
    });
    socket.connect(port, address.ip, () => {
      sent = clock.now();
      socket.send(query);
    });
  });
  socket.close();
  return outcome;
}

const packetLength = 48;
const transmitAt = 40;
/** Version 4, mode 3. */
const version4Client = 0x23;
/** Seconds from the era of NTP to that of Unix. */
const eraSeconds = 2_208_988_800;

function readAnswer(
  packet: Buffer,
  { sentMs, tookMs }: { readonly sentMs: number; readonly tookMs: number },
  peer: string,
): TimeAnswer | Failure {
  const first = packet.readUInt8(0);
  const stratum = packet.readUInt8(1);
  if ((first & 7) !== 4) {
    return { reason: 'protocol', summary: `${peer} does not speak the protocol of time servers` };
  }
  if (stratum === 0) {
    const code = packet.toString('latin1', 12, 16).replaceAll(/[^A-Z]/g, '');
    const why = code === 'RATE' ? 'it is asked too often' : `code ${code || 'unknown'}`;
    return { reason: 'status', summary: `${peer} refuses to tell the time: ${why}` };
  }
  if (first >> 6 === 3 || stratum > 15) {
    return { reason: 'status', summary: `${peer} does not know the time itself` };
  }
  const receivedMs = timeAt(packet, 32);
  const answeredMs = timeAt(packet, transmitAt);
  const aheadMs = (sentMs - receivedMs + (sentMs + tookMs) - answeredMs) / 2;
  return { aheadMs, uncertainMs: Math.max(0, tookMs - (answeredMs - receivedMs)) / 2 };
}

/** Unix milliseconds. Seconds below half of the era belong to the next one, which begins in 2036. */
function timeAt(packet: Buffer, at: number): number {
  const written = packet.readUInt32BE(at);
  const seconds = written < 0x8000_0000 ? written + 2 ** 32 : written;
  return (seconds - eraSeconds + packet.readUInt32BE(at + 4) / 2 ** 32) * 1000;
}
