import type { Handler, WebRoute } from './exchange.ts';

export type Match =
  | {
      readonly kind: 'found';
      readonly route: WebRoute;
      readonly handler: Handler;
      readonly parameters: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'wrong-method'; readonly allow: string };

/** Splits the path of a request and decodes each segment; undefined when it is not decodable. */
export function pathSegments(path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined;
  try {
    return path.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** Finds what answers a request. A segment that was encoded with a slash in it stays one segment. */
export function createRouter(
  routes: readonly WebRoute[],
): (method: string, segments: readonly string[]) => Match {
  const table = routes.map((route) => ({ route, pattern: route.path.slice(1).split('/') }));
  return (method, segments) => {
    for (const { route, pattern } of table) {
      const parameters = matchSegments(pattern, segments);
      if (parameters === undefined) continue;
      const handler = route.any ?? handlerFor(route, method);
      if (handler === undefined) return { kind: 'wrong-method', allow: allowed(route) };
      return { kind: 'found', route, handler, parameters };
    }
    return { kind: 'missing' };
  };
}

function handlerFor(route: WebRoute, method: string): Handler | undefined {
  if (method === 'POST') return route.post;
  if (method === 'DELETE') return route.delete;
  return method === 'GET' || method === 'HEAD' ? route.get : undefined;
}

function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [position, expected] of pattern.entries()) {
    const segment = segments[position] ?? '';
    if (!expected.startsWith(':')) {
      if (segment !== expected) return undefined;
    } else {
      if (segment === '') return undefined;
      parameters[expected.slice(1)] = segment;
    }
  }
  return parameters;
}

function allowed(route: WebRoute): string {
  const methods = route.get === undefined ? [] : ['GET', 'HEAD'];
  const changes = [...(route.post ? ['POST'] : []), ...(route.delete ? ['DELETE'] : [])];
  return [...methods, ...changes].join(', ');
}
