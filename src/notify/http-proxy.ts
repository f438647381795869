import { Agent as HttpAgent, request as plainRequest, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent, request as securedRequest } from 'node:https';
import { isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { toWire } from '../lib/header-text.ts';
import { basicAuthorization } from '../lib/http-basic.ts';
import type { ProxyOptions } from '../lib/http-proxy-options.ts';
import { hostOf, isSecure, portOf } from '../lib/http-url.ts';
import { proxyAnswerBytesMax, sendTimeoutMs } from '../model/limits.ts';

type Headers = NonNullable<ProxyOptions['proxy_connect_header']>;

/** TLS options that hold for the proxy as well as for the server behind it. */
type Trusting = Pick<ConnectionOptions, 'secureContext' | 'rejectUnauthorized'>;

/** A proxy that did not open a tunnel, with what it answered. */
export interface TunnelError extends Error {
  readonly code: 'ERR_PROXY_TUNNEL';
  readonly statusCode: number;
}

function proxyPlace(proxy: URL, trusting: Trusting) {
  const host = hostOf(proxy);
  return {
    host,
    port: portOf(proxy),
    ...(isSecure(proxy) ? { ...trusting, servername: isIP(host) === 0 ? host : '' } : {}),
  };
}

/** An agent for plain requests, which a proxy takes with the whole URL in their first line. */
export function forwardingAgent(proxy: URL, trusting: Trusting): HttpAgent {
  const agent = new HttpAgent({ proxyEnv: { http_proxy: proxy.href } });
  // Node would verify the proxy with authorities of its own.
  if (isSecure(proxy)) agent.createConnection = () => connectTls(proxyPlace(proxy, trusting));
  return agent;
}

/** An agent for requests over TLS, each in a tunnel that the proxy opens (RFC 9110, 9.3.6). */
export function tunnellingAgent(
  proxy: URL,
  headers: Headers | undefined,
  options: AgentOptions & ConnectionOptions,
): HttpsAgent {
  const agent = new HttpsAgent(options);
  agent.createConnection = (target, callback) => {
    const place = `${target.host}:${target.port}`;
    const ask = isSecure(proxy) ? securedRequest : plainRequest;
    const asking = ask({
      ...proxyPlace(proxy, options),
      agent: false,
      method: 'CONNECT',
      path: place,
      headers: connectHeaders(proxy, headers, place),
      maxHeaderSize: proxyAnswerBytesMax,
      timeout: sendTimeoutMs,
    });
    asking.once('timeout', () => asking.destroy(new Error('the proxy does not answer')));
    asking.once('error', (error) => callback?.(error, asking.socket as never));
    asking.once('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode >= 200 && statusCode < 300) {
        callback?.(null, connectTls({ ...(target as ConnectionOptions), socket }));
        return;
      }
      socket.destroy();
      callback?.(refusal(statusCode), socket);
    });
    asking.end();
    return undefined;
  };
  return agent;
}

function connectHeaders(proxy: URL, headers: Headers = {}, place: string): string[] {
  const known = proxy.username !== '' || proxy.password !== '';
  const own = known ? ['Proxy-Authorization', basicAuthorization(proxy)] : [];
  const configured = Object.entries(headers).flatMap(([name, values]) =>
    values.flatMap((value) => [name, toWire(value.reveal())]),
  );
  return ['Host', place, ...own, ...configured];
}

function refusal(statusCode: number): TunnelError {
  const error = new Error('the proxy opens no tunnel');
  return Object.assign(error, { code: 'ERR_PROXY_TUNNEL', statusCode } as const);
}
