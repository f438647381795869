import type { TlsOptions } from '../../lib/tls-options.ts';
import { hostOf, isSecure } from '../../lib/http-url.ts';
import { isFailure, type Failure } from '../net/failure.ts';
import type { ProbeContext } from '../net/probe.ts';
import { connectTo } from '../service/endpoint.ts';
import { callOver, type HttpAnswer } from '../service/http-get.ts';

/** How far a knock at a door came: each is undefined where it was not got to. */
export interface Knock {
  readonly connectMs?: number;
  readonly connected: true | Failure;
  readonly secureMs?: number;
  readonly secured?: true | Failure;
  readonly answer?: HttpAnswer | Failure;
}

/** Asks for a URL at an address of our choice, step by step, under the name in the URL. */
export async function knock(
  url: URL,
  at: { readonly target: string; readonly defaultPort: number },
  tls: TlsOptions | undefined,
  context: ProbeContext,
): Promise<Knock> {
  const startMs = context.clock.now().steadyMs;
  const since = (ms: number): number => context.clock.now().steadyMs - ms;
  const connected = await connectTo(at, context);
  if (isFailure(connected)) return { connected };
  const connectMs = since(startMs);
  const call = { method: 'GET', path: `${url.pathname}${url.search}` } as const;
  const place = { peer: connected.peer, host: url.host };
  if (!isSecure(url)) {
    const answer = await callOver(connected.socket, place, call, context);
    return { connected: true, connectMs, answer };
  }
  const tlsMs = context.clock.now().steadyMs;
  const secured = await connected.secure(tls, hostOf(url));
  if (isFailure(secured)) return { connected: true, connectMs, secured };
  const secureMs = since(tlsMs);
  const answer = await callOver(secured, place, call, context);
  return { connected: true, connectMs, secured: true, secureMs, answer };
}
