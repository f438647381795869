import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { proxyFor } from '../lib/http-proxy-choice.ts';
import type { ProxyOptions } from '../lib/http-proxy-options.ts';
import { tlsSetup, type TlsFault, type TlsSetup } from '../lib/tls-context.ts';
import type { TlsOptions } from '../lib/tls-options.ts';
import type { Outcome } from '../model/delivery.ts';
import { forwardingAgent, tunnellingAgent } from './http-proxy.ts';

/** How long a connection that nobody uses is kept: the next message may come with the same group. */
const idleMs = 5000;

/** What opens the connections for requests to one address. */
export interface Agents {
  readonly http?: HttpAgent;
  readonly https?: HttpsAgent;
}

const directPlain = new HttpAgent({ keepAlive: true, timeout: idleMs });

/** Agents by their TLS setup, which is a new one whenever a file behind it changes. */
const direct = new WeakMap<TlsSetup, HttpsAgent>();

/** The agents for a URL under these options, or why no connection can be opened. */
export async function agentsFor(
  url: URL,
  options: ProxyOptions & { readonly tls_config?: TlsOptions | undefined },
): Promise<Agents | Outcome> {
  const proxy = proxyFor(url, options);
  if (proxy !== undefined && !(proxy instanceof URL)) {
    return { kind: 'passing', reason: 'connect', detail: proxy.fault };
  }
  if (url.protocol === 'http:' && proxy?.protocol !== 'https:') {
    return { http: proxy === undefined ? directPlain : forwardingAgent(proxy, {}) };
  }
  const setup = await tlsSetup(options.tls_config);
  if ('kind' in setup) return { kind: 'passing', reason: 'tls', detail: describeTlsFault(setup) };
  const { context: secureContext, verify: rejectUnauthorized, serverName } = setup;
  const trusting = { secureContext, rejectUnauthorized };
  if (url.protocol === 'http:' && proxy !== undefined) {
    return { http: forwardingAgent(proxy, trusting) };
  }
  const named = serverName === undefined ? {} : { servername: serverName };
  const tls = { ...trusting, ...named };
  if (proxy !== undefined) {
    return { https: tunnellingAgent(proxy, options.proxy_connect_header, tls) };
  }
  const agent = direct.get(setup) ?? new HttpsAgent({ keepAlive: true, timeout: idleMs, ...tls });
  direct.set(setup, agent);
  return { https: agent };
}

/** Why `tls_config` cannot be used now. */
export function describeTlsFault(fault: TlsFault): string {
  const isUnreadable = fault.kind === 'unreadable';
  const why = isUnreadable ? `a file cannot be read (${codeOf(fault.error)})` : fault.fault;
  return `tls_config: ${why}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
