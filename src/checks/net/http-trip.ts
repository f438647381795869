import { dial, type TlsLayer, type TlsPlan } from './dial.ts';
import { isFailure, type Failure } from './failure.ts';
import { parseHostPort } from './host-port.ts';
import { exchangeHttp1, type Reply } from './http-exchange.ts';
import type { HttpOptions } from './http-options.ts';
import type { HttpRequest } from './http-request.ts';
import { hostOf, isSecure, portOf } from './http-url.ts';
import type { ProbeContext } from './probe.ts';
import type { Address } from './resolve.ts';

/** Milliseconds spent in each phase, added up over all trips of a probe. */
export interface HttpPhases {
  resolve: number;
  connect: number;
  tls: number;
  processing: number;
  transfer: number;
}

/** What one request brought: the head of its response, and the TLS connection it came over. */
export interface Trip {
  readonly reply: Reply;
  readonly tls?: TlsLayer;
}

interface TripPlan {
  readonly request: HttpRequest;
  readonly address: Address;
  readonly options: HttpOptions;
  /** Whether this goes to the host the probe was asked for, for which a server name may be forced. */
  readonly isHome: boolean;
  readonly cookies: string | undefined;
}

function tlsPlan({ request, options, isHome }: TripPlan): TlsPlan {
  const asked = hostOf(request.url);
  return {
    config: options.tls_config,
    name: isHome ? (parseHostPort(request.host, 0)?.host ?? asked) : asked,
    ignoresServerName: !isHome,
    protocols: options.enable_http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
  };
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
  const { request, address, cookies } = plan;
  const now = (): number => context.clock.now().steadyMs;
  const startMs = now();
  const dialled = await dial(
    {
      host: hostOf(request.url),
      address,
      port: portOf(request.url),
      ...(isSecure(request.url) ? { tls: tlsPlan(plan) } : {}),
    },
    context,
  );
  if (isFailure(dialled)) return dialled;
  const { socket, tls, connectedAt } = dialled;
  const readyMs = now();
  phases.connect += connectedAt - startMs;
  phases.tls += tls === undefined ? 0 : readyMs - connectedAt;
  const isHttp2 = tls?.secured.socket.alpnProtocol === 'h2';
  const exchange = isHttp2 ? (await import('./http2-exchange.ts')).exchangeHttp2 : exchangeHttp1;
  const reply = await exchange(socket, request, cookies, context);
  if (isFailure(reply)) return reply;
  phases.processing += reply.firstByteAt - readyMs;
  return { reply, ...(tls === undefined ? {} : { tls }) };
}
