import type { Socket } from 'node:net';
import { defaultedKey, flag, optionalKey } from '../../lib/schema-atoms.ts';
import { tlsBlock, type TlsOptions } from '../../lib/tls-options.ts';
import type { Phase } from '../../model/result.ts';
import { connect } from '../net/connect.ts';
import { secure } from '../net/dial.ts';
import { isFailure, type Failure } from '../net/failure.ts';
import { describePeer, parseHostPort } from '../net/host-port.ts';
import type { ProbeContext } from '../net/probe.ts';
import { resolveHost } from '../net/resolve.ts';
import { connectUnix } from '../net/stream/unix-connect.ts';
import { withGroup } from './socket-right.ts';

/** The keys by which the connection to a service is secured. */
export const tlsEntries = {
  tls: defaultedKey('Whether the connection uses TLS.', flag, false),
  tls_config: optionalKey('How TLS is verified; keys as for http.', tlsBlock),
};

/** Where a service listens: a path, or a host with a port. */
export interface Endpoint {
  readonly target: string;
  readonly defaultPort: number;
}

/** A service that is connected to. Whoever gets it destroys the socket. */
export interface Connected {
  readonly socket: Socket;
  /** How sentences name it. */
  readonly peer: string;
  readonly phases: readonly Phase[];
  /**
   * Puts TLS on the socket, once the service agrees: with `name`, or the host that was connected to. On
   * failure the socket is gone.
   */
  secure(config: TlsOptions | undefined, name?: string): Promise<Socket | Failure>;
}

/** Services on the own host mostly listen on 127.0.0.1, and `localhost` shall find them there. */
const addressOptions = { preferred_ip_protocol: 'ip4', ip_protocol_fallback: true };

/** Connects to a service over TCP, or over a Unix socket where the target is a path. */
export async function connectTo(
  { target, defaultPort }: Endpoint,
  context: ProbeContext,
): Promise<Connected | Failure> {
  if (target.startsWith('/')) return connectToPath(target, context);
  const place = parseHostPort(target, defaultPort);
  if (place === undefined) {
    return { reason: 'resolve', summary: `the target ${target} is neither host:port nor a path` };
  }
  const { host, port } = place;
  const { found: address, lookupMs } = await resolveHost(host, addressOptions, context);
  if (isFailure(address)) return address;
  const startMs = context.clock.now().steadyMs;
  const socket = await connect({ host, address, port }, context);
  if (isFailure(socket)) return socket;
  const peer = describePeer(host, address.ip, port);
  const ms = context.clock.now().steadyMs - startMs;
  const phases = [
    { name: 'resolve', ms: lookupMs },
    { name: 'connect', ms },
  ];
  return {
    socket,
    peer,
    phases,
    secure: async (config, name = host) => secureAs(name, socket, peer, config, context),
  };
}

async function connectToPath(path: string, context: ProbeContext): Promise<Connected | Failure> {
  const startMs = context.clock.now().steadyMs;
  const socket = await connectUnix(path, context);
  if (isFailure(socket)) return withGroup(socket, path);
  const phases = [{ name: 'connect', ms: context.clock.now().steadyMs - startMs }];
  const name = 'localhost';
  return {
    socket,
    peer: path,
    phases,
    secure: async (config) => secureAs(name, socket, path, config, context),
  };
}

async function secureAs(
  name: string,
  socket: Socket,
  peer: string,
  config: TlsOptions | undefined,
  context: ProbeContext,
): Promise<Socket | Failure> {
  const layer = await secure(socket, { config, name }, peer, context);
  return isFailure(layer) ? layer : layer.secured.socket;
}
