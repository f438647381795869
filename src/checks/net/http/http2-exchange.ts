import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { onAbort, type Failure } from '../failure.ts';
import {
  closedEarly,
  exchangeFailure,
  headTimeout,
  type Exchange,
  type Reply,
} from './http-exchange.ts';
import type { HttpRequest } from './http-request.ts';

/** Headers that speak of the connection; HTTP/2 forbids them. */
const connectionHeaders = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/i;

function streamHeaders(request: HttpRequest, cookies: string | undefined): OutgoingHttpHeaders {
  const { method, url, host, headers, body } = request;
  const own = headers
    .filter(([name]) => !connectionHeaders.test(name))
    .map(([name, value]) => [name.toLowerCase(), value]);
  return {
    ':method': method,
    ':scheme': url.protocol.slice(0, -1),
    ':authority': host,
    ':path': `${url.pathname}${url.search}`,
    ...Object.fromEntries(own),
    ...(cookies === undefined ? {} : { cookie: cookies }),
    ...(body === undefined ? {} : { 'content-length': String(body.length) }),
  };
}

/** What Node says of HTTP/1.1 in the same case. */
function cutOff(): Error {
  return Object.assign(new Error('the stream was cut off'), { code: 'ECONNRESET' });
}

/** An exchange in HTTP/2, over a TLS connection that agreed on it. */
export const exchangeHttp2: Exchange = async (socket, request, cookies, context) => {
  const { connect, constants } = await import('node:http2');
  return new Promise((resolve) => {
    const session = connect(request.url.origin, {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    const stop = onAbort(context.signal, () => settle(headTimeout(request, context)));
    function close(): void {
      session.destroy();
      socket.destroy();
    }
    function settle(outcome: Reply | Failure): void {
      stop();
      if ('reason' in outcome) close();
      resolve(outcome);
    }
    session.on('error', (error) => settle(exchangeFailure(error, request)));
    if (context.signal.aborted) return;
    const stream = session.request(streamHeaders(request, cookies), {
      endStream: request.body === undefined,
    });
    stream.on('error', (error) => settle(exchangeFailure(error, request)));
    stream.once('close', () => settle(closedEarly(request)));
    // Node ends a body that was cut off as if it were whole; only the code of the stream tells them apart.
    stream.once('end', () => {
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) stream.emit('error', cutOff());
    });
    stream.once('response', (head: IncomingHttpHeaders, flags: number, rawHeaders: string[]) =>
      settle({
        status: Number(head[':status']),
        version: 2,
        headers: rawHeaders,
        firstByteAt: context.clock.now().steadyMs,
        body: stream,
        endsWithHead: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0,
        close,
      }),
    );
    if (request.body !== undefined) stream.end(request.body);
  });
};
