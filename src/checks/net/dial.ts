import type { Socket } from 'node:net';
import type { SteadyMs } from '../../model/time.ts';
import { connect, type ConnectOptions } from './connect.ts';
import { isFailure, type Failure } from './failure.ts';
import { describePeer } from './host-port.ts';
import type { ProbeContext } from './probe.ts';
import type { TlsSetup } from '../../lib/tls-context.ts';
import { tlsSetup } from './tls/tls-setup.ts';
import { handshake, type Secured } from './tls/tls-handshake.ts';
import type { TlsOptions } from '../../lib/tls-options.ts';

/** How a connection is to be secured. */
export interface TlsPlan {
  readonly config: TlsOptions | undefined;
  /** Who the server shall be where `server_name` does not say so. */
  readonly name: string;
  /** For a host that the user did not name: his `server_name` is not meant for it. */
  readonly ignoresServerName?: boolean;
  /** For ALPN. */
  readonly protocols?: readonly string[];
}

/** TLS as it was agreed on, and the setup it was verified with. */
export interface TlsLayer {
  readonly secured: Secured;
  readonly setup: TlsSetup;
}

export interface Dialled {
  /** What to talk over: the TLS socket where there is one. */
  readonly socket: Socket;
  readonly tls?: TlsLayer;
  /** When the TCP connection stood. */
  readonly connectedAt: SteadyMs;
}

/** Puts TLS on a connected socket, as `plan` and its files say. On failure the socket is gone. */
export async function secure(
  socket: Socket,
  plan: TlsPlan,
  peer: string,
  context: ProbeContext,
): Promise<TlsLayer | Failure> {
  const setup = await tlsSetup(plan.config);
  if (isFailure(setup)) {
    socket.destroy();
    return setup;
  }
  const forced = plan.ignoresServerName === true ? undefined : setup.serverName;
  const { protocols } = plan;
  const secured = await handshake(
    socket,
    { name: forced ?? plan.name, peer, setup, ...(protocols === undefined ? {} : { protocols }) },
    context,
  );
  return isFailure(secured) ? secured : { secured, setup };
}

/** Connects, and shakes hands where a TLS plan is given. */
export async function dial(
  options: ConnectOptions & { readonly tls?: TlsPlan },
  context: ProbeContext,
): Promise<Dialled | Failure> {
  const socket = await connect(options, context);
  if (isFailure(socket)) return socket;
  const connectedAt = context.clock.now().steadyMs;
  if (options.tls === undefined) return { socket, connectedAt };
  const peer = describePeer(options.host, options.address.ip, options.port);
  const tls = await secure(socket, options.tls, peer, context);
  return isFailure(tls) ? tls : { socket: tls.secured.socket, tls, connectedAt };
}
