import { isIP } from 'node:net';
import { isFailure, type Failure } from '../failure.ts';
import { parseHostPort } from '../host-port.ts';
import { leavesLookupToProxy, type HttpOptions } from './http-options.ts';
import { proxyOf } from './http-proxy.ts';
import type { HttpRequest } from './http-request.ts';
import { hostForProxy, type HttpPhases, type Route } from './http-trip.ts';
import { hostOf, isSecure } from '../../../lib/http-url.ts';
import type { ProbeContext } from '../probe.ts';
import { resolveHost, type Address } from '../resolve.ts';

/** The URL as blackbox_exporter looks for its proxy: with the address where that is known. */
function addressed(url: URL, address: Address | undefined): URL {
  if (address === undefined) return url;
  const copy = new URL(url);
  copy.hostname = address.family === 6 ? `[${address.ip}]` : address.ip;
  return copy;
}

/** The hosts that a proxy is told of, and connects to without anybody having looked at their address. */
function hostsToldToProxy(request: HttpRequest, address: Address | undefined): string[] {
  if (!isSecure(request.url)) {
    const host = hostForProxy(request);
    return [parseHostPort(host, 0)?.host ?? host];
  }
  return address === undefined ? [hostOf(request.url)] : [];
}

/** Why the gate is closed to what a proxy will connect to; undefined where it may. */
async function refusedByGate(
  request: HttpRequest,
  address: Address | undefined,
  options: HttpOptions,
  context: ProbeContext,
): Promise<Failure | undefined> {
  const { gate } = context;
  if (gate === undefined) return undefined;
  for (const host of hostsToldToProxy(request, address)) {
    if (isIP(host) !== 0) {
      const anyAddress = { ...options, ip_protocol_fallback: true };
      const { found } = await resolveHost(host, anyAddress, context);
      if (isFailure(found)) return found;
      continue;
    }
    const refusal = gate.refusalOfName(host);
    if (refusal !== undefined) return { reason: 'permission', summary: refusal };
  }
  return undefined;
}

/**
 * How a request reaches its server: straight to `known` or to the address of its host, or through a proxy,
 * which gets the address if it is known and else the name. Adds to the phases what a lookup takes.
 */
export async function routeFor(
  request: HttpRequest,
  known: Address | undefined,
  options: HttpOptions,
  phases: HttpPhases,
  context: ProbeContext,
): Promise<Route | Failure> {
  const proxy = proxyOf(addressed(request.url, known), options);
  if (proxy !== undefined) {
    if (isFailure(proxy)) return proxy;
    const refusal = await refusedByGate(request, known, options, context);
    return refusal ?? { proxy, address: known };
  }
  if (known !== undefined) return { address: known };
  const { lookupMs, found } = await resolveHost(hostOf(request.url), options, context);
  if (phases.resolve !== undefined && !leavesLookupToProxy(options)) phases.resolve += lookupMs;
  return isFailure(found) ? found : { address: found };
}
