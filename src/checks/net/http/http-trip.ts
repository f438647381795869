import type { Socket } from 'node:net';
import type { SteadyMs } from '../../../model/time.ts';
import type { AddressOptions } from '../address-options.ts';
import { dial, secure, type TlsLayer, type TlsPlan } from '../dial.ts';
import { isFailure, type Failure } from '../failure.ts';
import { describePeer, formatHostPort, parseHostPort } from '../host-port.ts';
import { exchangeHttp1, type Reply } from './http-exchange.ts';
import { dialProxy, openTunnel, proxyAuthorization } from './http-proxy.ts';
import type { ProxyOptions } from '../../../lib/http-proxy-options.ts';
import type { HttpRequest } from './http-request.ts';
import { hostOf, isSecure, portOf } from '../../../lib/http-url.ts';
import type { ProbeContext } from '../probe.ts';
import type { Address } from '../resolve.ts';
import type { TlsOptions } from '../../../lib/tls-options.ts';

/** Milliseconds spent in each phase, added up over all trips of a probe. */
export interface HttpPhases {
  /** Undefined where looking up names is left to a proxy. */
  resolve: number | undefined;
  connect: number;
  tls: number;
  processing: number;
  transfer: number;
}

/** What one request brought: the head of its response, and the TLS connection it came over. */
export interface Trip {
  readonly reply: Reply;
  readonly tls?: TlsLayer;
  /** The proxy that answered or passed on the answer, where it could read along. */
  readonly proxy?: URL;
}

/** The options that decide how a request reaches its server. */
export type TripOptions = ProxyOptions &
  AddressOptions & {
    readonly tls_config?: TlsOptions | undefined;
    readonly enable_http2: boolean;
  };

/** Where a request goes: to an address, or to a proxy that may be left to find the address itself. */
export type Route =
  | { readonly address: Address; readonly proxy?: undefined }
  | { readonly address?: Address | undefined; readonly proxy: URL };

interface TripPlan {
  readonly request: HttpRequest;
  readonly route: Route;
  readonly options: TripOptions;
  /** Whether this goes to the host the probe was asked for, for which a server name may be forced. */
  readonly isHome: boolean;
  /** The host that the first request named: at home its name is forced, wherever a redirect leads there. */
  readonly homeHost?: string;
  /** A redirect led here: what a lookup of the proxy takes counts. */
  readonly isRedirect: boolean;
  readonly cookies: string | undefined;
}

/** A connection that is ready for the request. */
interface Link {
  readonly socket: Socket;
  readonly tls?: TlsLayer | undefined;
  readonly connectMs: number;
  readonly tlsMs: number;
  readonly readyAt: SteadyMs;
}

function tlsPlan({ request, options, isHome, homeHost = request.host }: TripPlan): TlsPlan {
  const asked = hostOf(request.url);
  return {
    config: options.tls_config,
    name: isHome ? (parseHostPort(homeHost, 0)?.host ?? asked) : asked,
    ignoresServerName: !isHome,
    protocols: options.enable_http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
  };
}

async function linkDirectly(
  plan: TripPlan,
  address: Address,
  context: ProbeContext,
): Promise<Link | Failure> {
  const { url } = plan.request;
  const startMs = context.clock.now().steadyMs;
  const place = { host: hostOf(url), address, port: portOf(url) };
  const dialled = await dial(
    { ...place, ...(isSecure(url) ? { tls: tlsPlan(plan) } : {}) },
    context,
  );
  if (isFailure(dialled)) return dialled;
  const { socket, tls, connectedAt } = dialled;
  const readyAt = context.clock.now().steadyMs;
  const tlsMs = tls === undefined ? 0 : readyAt - connectedAt;
  return { socket, tls, connectMs: connectedAt - startMs, tlsMs, readyAt };
}

/**
 * Connects through a proxy: to the proxy itself for a plain request, through a tunnel for one over TLS. The
 * phase connect is that of the proxy then; what the tunnel takes to open belongs to none.
 */
async function linkThroughProxy(
  plan: TripPlan,
  proxy: URL,
  phases: HttpPhases,
  context: ProbeContext,
): Promise<Link | Failure> {
  const { request, options, route, isRedirect } = plan;
  const { url } = request;
  const now = (): SteadyMs => context.clock.now().steadyMs;
  const link = await dialProxy(proxy, options, context);
  if (isFailure(link)) return link;
  if (isRedirect && phases.resolve !== undefined) phases.resolve += link.lookupMs;
  if (!isSecure(url)) {
    const readyAt = now();
    return { socket: link.socket, connectMs: readyAt - link.lookedUpAt, tlsMs: 0, readyAt };
  }
  const host = route.address?.ip ?? hostOf(url);
  const place = formatHostPort(host, portOf(url));
  const socket = await openTunnel(link, proxy, place, options, context);
  if (isFailure(socket)) return socket;
  const startMs = now();
  const peer = describePeer(hostOf(url), host, portOf(url));
  const tls = await secure(socket, tlsPlan(plan), peer, context);
  if (isFailure(tls)) return tls;
  const readyAt = now();
  const connectMs = link.connectedAt - link.lookedUpAt;
  return { socket: tls.secured.socket, tls, connectMs, tlsMs: readyAt - startMs, readyAt };
}

/** What can stand in a URL as a host with a port, and leads nowhere else there. */
const plainHost = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** The host, perhaps with a port, under which a proxy is asked for a plain request. */
export function hostForProxy({ host, url }: HttpRequest): string {
  return plainHost.test(host) ? host : url.host;
}

/** The request as a proxy wants it: with the whole URL, and who asks. */
function forProxy(request: HttpRequest, proxy: URL): HttpRequest {
  const { pathname, search, protocol } = request.url;
  return {
    ...request,
    target: `${protocol}//${hostForProxy(request)}${pathname}${search}`,
    headers: [...request.headers, ...proxyAuthorization(proxy)],
  };
}

/** One line for whoever looks for a fault: how long each step of a trip took. */
function describeTrip({ request }: TripPlan, link: Link, headMs: number): string {
  const ms = (value: number): string => `${value.toFixed(1)}ms`;
  const steps = `connect ${ms(link.connectMs)}, tls ${ms(link.tlsMs)}, response head ${ms(headMs)}`;
  return `${request.method} ${request.url.host}${request.url.pathname}: ${steps}`;
}

/**
 * Connects, shakes hands where the URL wants TLS, sends the request and waits for the head of the
 * response. A trip that never got its connection adds nothing to the phases.
 */
export async function makeTrip(
  plan: TripPlan,
  phases: HttpPhases,
  context: ProbeContext,
): Promise<Trip | Failure> {
  const { request, route, cookies } = plan;
  const { proxy } = route;
  const link = await (proxy === undefined
    ? linkDirectly(plan, route.address, context)
    : linkThroughProxy(plan, proxy, phases, context));
  if (isFailure(link)) return link;
  const { socket, tls } = link;
  phases.connect += link.connectMs;
  phases.tls += link.tlsMs;
  const isHttp2 = tls?.secured.socket.alpnProtocol === 'h2';
  const exchange = isHttp2 ? (await import('./http2-exchange.ts')).exchangeHttp2 : exchangeHttp1;
  const reader = isSecure(request.url) ? undefined : proxy;
  const sent = reader === undefined ? request : forProxy(request, reader);
  const reply = await exchange(socket, sent, cookies, context);
  if (isFailure(reply)) return reply;
  phases.processing += reply.firstByteAt - link.readyAt;
  context.debug?.(describeTrip(plan, link, reply.firstByteAt - link.readyAt));
  return {
    reply,
    ...(tls === undefined ? {} : { tls }),
    ...(reader === undefined ? {} : { proxy: reader }),
  };
}
