import { redirectsMax } from '../../../model/limits.ts';
import { createCookieJar } from './cookie-jar.ts';
import { isFailure, type Failure } from '../failure.ts';
import { headerValue } from './http-headers.ts';
import { followsRedirects, type HttpOptions } from './http-options.ts';
import { isNamed, redirectedRequest, type HttpRequest } from './http-request.ts';
import { routeFor } from './http-route.ts';
import { makeTrip, type HttpPhases, type Trip } from './http-trip.ts';
import { hostOf, isHttp, shownUrl } from '../../../lib/http-url.ts';
import type { ProbeContext } from '../probe.ts';
import type { Address } from '../resolve.ts';

/** Where a chain of requests ended. */
export interface ChainEnd {
  /** Redirects seen, those that were not followed included. */
  readonly redirects: number;
  /** The last request sent. */
  readonly request: HttpRequest;
  readonly end: Trip | Failure;
  /** The response is a redirect that was not followed: its body is not read. */
  readonly isRefused: boolean;
}

const redirectCodes = new Set([301, 302, 303, 307, 308]);

/**
 * Sends the request and follows where it leads, as far as the options and the limit allow. `home` is the
 * address of the target; undefined where its lookup is left to a proxy.
 */
export async function followChain(
  first: HttpRequest,
  home: Address | undefined,
  options: HttpOptions,
  phases: HttpPhases,
  context: ProbeContext,
): Promise<ChainEnd> {
  const jar = createCookieJar();
  const homeHost = hostOf(first.url);
  let request = first;
  let redirects = 0;
  const ended = (end: Trip | Failure, isRefused = false): ChainEnd => ({
    redirects,
    request,
    end,
    isRefused,
  });
  for (;;) {
    const isHome = hostOf(request.url) === homeHost;
    const route = await routeFor(request, isHome ? home : undefined, options, phases, context);
    if (isFailure(route)) return ended(route);
    const own = request.headers.find(isNamed('cookie'));
    const cookies = [own?.[1], jar.header(request.url)].filter((text) => text !== undefined);
    const asked = { ...request, headers: request.headers.filter((header) => header !== own) };
    const plan = {
      request: asked,
      route,
      options,
      isHome,
      homeHost: first.host,
      isRedirect: redirects > 0,
      cookies: cookies.join('; ') || undefined,
    };
    const trip = await makeTrip(plan, phases, context);
    if (isFailure(trip)) return ended(trip);
    const { reply } = trip;
    context.log(`HTTP ${reply.status} from ${shownUrl(request.url)}`);
    const location = headerValue(reply.headers, 'location');
    // Without a place to go to, or with an empty one, this is the final response.
    if (!redirectCodes.has(reply.status) || !location) return ended(trip);
    const next = redirectedRequest(request, reply.status, location);
    if (next === undefined) return ended(stray(trip, request));
    redirects += 1;
    if (!followsRedirects(options) || redirects > redirectsMax) return ended(trip, true);
    if (!isHttp(next.url)) return ended(stray(trip, request));
    await jar.store(request.url, reply.headers);
    reply.close();
    request = next;
  }
}

/** Ends a trip whose redirect leads nowhere. */
function stray({ reply }: Trip, { url }: HttpRequest): Failure {
  reply.close();
  return {
    reason: 'protocol',
    summary: `${shownUrl(url)} redirects to something that is no http or https URL`,
  };
}
