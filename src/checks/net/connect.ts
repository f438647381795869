import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connectFailure, isFailure, onAbort, timedOut, type Failure } from './failure.ts';
import { describePeer } from './host-port.ts';
import type { ProbeContext } from './probe.ts';
import type { Address } from './resolve.ts';

export interface ConnectOptions {
  /** The host as the user wrote it, for sentences. */
  readonly host: string;
  readonly address: Address;
  readonly port: number;
  /** Local address to connect from. */
  readonly source?: string | undefined;
}

/** Makes one TCP connection to one address, as `connected` gives it. */
export async function connect(
  options: ConnectOptions,
  context: ProbeContext,
): Promise<Socket | Failure> {
  const { host, address, port, source } = options;
  const peer = describePeer(host, address.ip, port);
  if (source !== undefined && isIP(source) === 0) {
    return { reason: 'connect', summary: `source_ip_address ${source} is not an IP address` };
  }
  const socket = connectSocket({
    host: address.ip,
    port,
    autoSelectFamily: false,
    ...(source === undefined ? {} : { localAddress: source }),
  });
  context.gate?.opened(socket);
  return connected(socket, peer, context);
}

/** Whether the peer has closed already, which a protocol that is put on the socket too late is never told. */
export function isOver(socket: Socket): boolean {
  return socket.destroyed || !socket.readable;
}

/**
 * Waits until a socket stands that has begun to connect. Whoever gets it destroys it; it keeps an error
 * listener, so that a late error never becomes an uncaught one.
 */
export async function connected(
  socket: Socket,
  peer: string,
  context: ProbeContext,
  failureOf: (error: unknown, peer: string) => Failure = connectFailure,
): Promise<Socket | Failure> {
  context.sawTls?.(undefined);
  const outcome = await new Promise<Socket | Failure>((resolve) => {
    const stop = onAbort(context.signal, () => fail(timedOut(context, `connecting to ${peer}`)));
    function fail(failure: Failure): void {
      stop();
      socket.destroy();
      resolve(failure);
    }
    socket.on('error', (error) => fail(failureOf(error, peer)));
    socket.once('connect', () => {
      stop();
      resolve(socket);
    });
  });
  context.log(isFailure(outcome) ? outcome.summary : `connected to ${peer}`);
  return outcome;
}
