import { request as startRequest } from 'node:http';
import type { Socket } from 'node:net';
import { proxyAnswerBytesMax } from '../../../model/limits.ts';
import type { SteadyMs } from '../../../model/time.ts';
import type { AddressOptions } from '../address-options.ts';
import { dial } from '../dial.ts';
import { errorCode, errorMessage, isFailure, onAbort, timedOut, type Failure } from '../failure.ts';
import { basicAuthorization } from '../../../lib/http-basic.ts';
import { toWire } from '../../../lib/header-text.ts';
import { proxyFor } from '../../../lib/http-proxy-choice.ts';
import type { ProxyOptions } from '../../../lib/http-proxy-options.ts';
import { hostOf, isSecure, portOf } from '../../../lib/http-url.ts';
import type { ProbeContext } from '../probe.ts';
import { excerpt } from '../record.ts';
import { resolveHost } from '../resolve.ts';
import type { TlsOptions } from '../../../lib/tls-options.ts';
import { userAgent } from '../user-agent.ts';

/** The proxy for a URL; undefined where it is reached directly. */
export function proxyOf(url: URL, options: ProxyOptions): URL | Failure | undefined {
  const proxy = proxyFor(url, options);
  if (proxy === undefined || proxy instanceof URL) return proxy;
  return { reason: 'connect', summary: proxy.fault, unknown: true };
}

type LinkOptions = ProxyOptions & AddressOptions & { readonly tls_config?: TlsOptions | undefined };

/** A connection to a proxy that nobody else uses. */
export interface ProxyLink {
  readonly socket: Socket;
  readonly lookupMs: number;
  /** When the lookup was done, and when the TCP connection stood. */
  readonly lookedUpAt: SteadyMs;
  readonly connectedAt: SteadyMs;
}

/** A proxy as sentences name it, without user and password. */
export function shownProxy(proxy: URL): string {
  return `the proxy ${proxy.protocol}//${proxy.host}`;
}

/** A failure on the way to the proxy, which must not be taken for one of the target. */
function ofProxy({ reason, summary, ...rest }: Failure, proxy: URL): Failure {
  return {
    ...rest,
    reason: reason === 'resolve' ? 'connect' : reason,
    summary: `${shownProxy(proxy)}: ${summary}`,
  };
}

/**
 * The context for what the operator chose himself, such as a proxy: no gate asks whether it may be reached,
 * and its certificate is not the target's.
 */
export function contextOfOperator(context: ProbeContext): ProbeContext {
  const { clock, signal, timeoutMs } = context;
  return {
    clock,
    signal,
    timeoutMs,
    log: (line) => context.log(line),
    debug: (line) => context.debug?.(line),
  };
}

/** The header by which a proxy knows its user; none where its URL names none. */
export function proxyAuthorization(proxy: URL): readonly (readonly [string, string])[] {
  if (proxy.username === '' && proxy.password === '') return [];
  return [['Proxy-Authorization', basicAuthorization(proxy)]];
}

/** Connects to a proxy, with TLS where its URL says so. */
export async function dialProxy(
  proxy: URL,
  options: LinkOptions,
  context: ProbeContext,
): Promise<ProxyLink | Failure> {
  const own = contextOfOperator(context);
  context.sawTls?.(undefined);
  const host = hostOf(proxy);
  const anyAddress = { ...options, ip_protocol_fallback: true };
  const { lookupMs, found } = await resolveHost(host, anyAddress, own);
  if (isFailure(found)) return ofProxy(found, proxy);
  const lookedUpAt = context.clock.now().steadyMs;
  const tls = {
    config: options.tls_config,
    name: host,
    ignoresServerName: true,
    protocols: ['http/1.1'],
  };
  const place = { host, address: found, port: portOf(proxy) };
  const dialled = await dial({ ...place, ...(isSecure(proxy) ? { tls } : {}) }, own);
  if (isFailure(dialled)) return ofProxy(dialled, proxy);
  const { socket, connectedAt } = dialled;
  context.gate?.opened(socket);
  return { socket, lookupMs, lookedUpAt, connectedAt };
}

function refused(status: number, message: string, proxy: URL, place: string): Failure {
  const answer = `HTTP ${status} ${excerpt(message)}`.trim();
  if (status === 407) {
    return {
      reason: 'auth',
      summary: `${shownProxy(proxy)} wants other credentials: ${answer} to CONNECT ${place}`,
    };
  }
  return {
    reason: 'protocol',
    summary: `${shownProxy(proxy)} opens no tunnel to ${place}: ${answer}, wanted 2xx`,
  };
}

function brokenTunnel(error: unknown, proxy: URL, place: string): Failure {
  const code = errorCode(error);
  const why =
    code === 'HPE_HEADER_OVERFLOW'
      ? `its answer is longer than ${proxyAnswerBytesMax} bytes`
      : code === 'ECONNRESET' || code === 'EPIPE'
        ? 'it closed the connection'
        : errorMessage(error);
  return {
    reason: 'protocol',
    summary: `${shownProxy(proxy)} opens no tunnel to ${place}: ${why}`,
  };
}

/** The header lines of a CONNECT request. */
function connectHeaders(proxy: URL, options: ProxyOptions, place: string): string[] {
  const configured = Object.entries(options.proxy_connect_header ?? {}).flatMap(([name, values]) =>
    values.map((value) => [name, toWire(value.reveal())]),
  );
  const known = new Set(configured.map(([name]) => name?.toLowerCase()));
  const own = [['User-Agent', userAgent], ...proxyAuthorization(proxy)].filter(
    ([name]) => !known.has(name?.toLowerCase()),
  );
  return ['Host', place, ...own.flat(), ...configured.flat()];
}

/**
 * Asks a proxy for a tunnel to `place`, which is `host:port`. On failure the connection is gone; else it
 * leads to the place.
 */
export async function openTunnel(
  { socket }: ProxyLink,
  proxy: URL,
  place: string,
  options: ProxyOptions,
  context: ProbeContext,
): Promise<Socket | Failure> {
  const outcome = await new Promise<Socket | Failure>((resolve) => {
    const doing = `waiting for ${shownProxy(proxy)} to connect to ${place}`;
    const stop = onAbort(context.signal, () => settle(timedOut(context, doing)));
    let isSettled = false;
    function settle(end: Socket | Failure): void {
      // The request is over once there is a tunnel, which is no end of the connection.
      if (isSettled) return;
      isSettled = true;
      stop();
      if (isFailure(end)) socket.destroy();
      resolve(end);
    }
    try {
      const outgoing = startRequest({
        createConnection: () => socket,
        method: 'CONNECT',
        path: place,
        headers: connectHeaders(proxy, options, place),
        maxHeaderSize: proxyAnswerBytesMax,
      });
      outgoing.on('error', (error) => settle(brokenTunnel(error, proxy, place)));
      outgoing.once('close', () => settle(brokenTunnel('it closed the connection', proxy, place)));
      outgoing.once('connect', ({ statusCode = 0, statusMessage = '' }, _socket, early) => {
        if (statusCode < 200 || statusCode > 299) {
          settle(refused(statusCode, statusMessage, proxy, place));
        } else if (early.length > 0) {
          settle(brokenTunnel('it spoke before it was asked', proxy, place));
        } else {
          settle(socket);
        }
      });
      outgoing.end();
    } catch (error) {
      // A value of a header that no header can have.
      settle(brokenTunnel(error, proxy, place));
    }
  });
  context.log(isFailure(outcome) ? outcome.summary : `${shownProxy(proxy)} connected to ${place}`);
  return outcome;
}
