import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { responseHeadBytesMax, websocketMessageBytesMax } from '../../../model/limits.ts';
import { isOver } from '../connect.ts';
import { errorCode, errorMessage, onAbort, timedOut, type Failure } from '../failure.ts';
import { shownUrl } from '../../../lib/http-url.ts';
import type { ProbeContext } from '../probe.ts';
import { protocolHeader, type UpgradeHeaders } from './websocket-headers.ts';

/** A websocket after its upgrade. Messages are read one by one, and only as many as are asked for. */
export interface WebsocketConnection {
  /** The next message as text, whether it came as text or as bytes. */
  receive(): Promise<{ readonly text: string } | Failure>;
  /** Sends one text message; waits until it is out. */
  send(text: string | Uint8Array): Promise<Failure | undefined>;
}

/** What came of the upgrade. */
export interface Upgrade {
  /** Of the answer; 0 if there was none. */
  readonly status: number;
  readonly result: WebsocketConnection | Failure;
}

interface UpgradePlan {
  readonly url: URL;
  readonly headers: UpgradeHeaders;
  /** How sentences call the peer. */
  readonly peer: string;
}

function protocolFailure(summary: string): Failure {
  return { reason: 'protocol', summary };
}

/** Why there was no upgrade, or no further message, from the error of the library. */
function socketFailure(error: unknown, peer: string): Failure {
  const code = errorCode(error);
  switch (code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return protocolFailure(`${peer} closed the connection`);
    case 'HPE_HEADER_OVERFLOW':
      return protocolFailure(
        `${peer} sent a response head of more than ${responseHeadBytesMax} bytes`,
      );
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return protocolFailure(
        `${peer} sent a message of more than ${websocketMessageBytesMax} bytes`,
      );
    default: {
      const what = code.startsWith('HPE_') ? 'no HTTP' : 'no valid websocket';
      return protocolFailure(`what ${peer} sent is ${what}: ${errorMessage(error)}`);
    }
  }
}

/** Calls back with the status of the answer, whatever becomes of it. */
function watchAnswer(
  websocket: WebSocket,
  answered: (status: number, failure?: Failure) => void,
  peer: string,
): void {
  websocket.once('upgrade', ({ headers, statusCode = 0 }: IncomingMessage) => {
    answered(statusCode);
    // The library knows only protocols that it asked for itself, and insists on an answer to those.
    delete headers[protocolHeader];
  });
  websocket.once('unexpected-response', (_request, { statusCode = 0 }) => {
    const said = `${peer} answered HTTP ${statusCode}`;
    const failure: Failure =
      statusCode === 101
        ? protocolFailure(`${said} without saying what the connection is upgraded to`)
        : { reason: 'status', summary: `${said}, wanted 101 Switching Protocols` };
    answered(statusCode, failure);
  });
}

/** What the library calls the end of a connection without a close frame (RFC 6455, 7.1.5). */
const endedWithoutClose = 1006;

/** Hands out messages one at a time; between two questions the socket is not read. */
function conversation(
  websocket: WebSocket,
  peer: string,
  context: ProbeContext,
): WebsocketConnection {
  const waiting: string[] = [];
  let ended: Failure | undefined;
  let wake = (): void => {};
  const end = (failure: Failure): void => {
    ended ??= failure;
    wake();
  };
  websocket.on('message', (data: Buffer) => {
    waiting.push(data.toString('utf8'));
    websocket.pause();
    wake();
  });
  websocket.on('error', (error) => end(socketFailure(error, peer)));
  websocket.on('close', (code) => {
    const isBroken = code === endedWithoutClose;
    const how = isBroken ? 'ended without a close' : `was closed by it with code ${code}`;
    end(protocolFailure(`the websocket with ${peer} ${how}`));
  });
  return {
    async receive() {
      for (;;) {
        const text = waiting.shift();
        if (text !== undefined) return { text };
        if (ended !== undefined) return ended;
        if (context.signal.aborted) return timedOut(context, `waiting for a message from ${peer}`);
        websocket.resume();
        await new Promise<void>((resolve) => {
          const stop = onAbort(context.signal, () => wake());
          wake = () => {
            stop();
            resolve();
          };
        });
      }
    },
    async send(text) {
      if (ended !== undefined) return ended;
      return new Promise((resolve) => {
        const stop = onAbort(context.signal, () =>
          resolve(timedOut(context, `sending to ${peer}`)),
        );
        websocket.send(text, { binary: false }, (error) => {
          stop();
          const failed = error instanceof Error;
          resolve(failed ? protocolFailure(`cannot send to ${peer}: ${error.message}`) : undefined);
        });
      });
    },
  };
}

/**
 * Asks for the upgrade over a connected socket and waits for the answer; redirects are not followed. The
 * caller destroys the socket.
 */
export async function upgrade(
  socket: Socket,
  { url, headers, peer }: UpgradePlan,
  context: ProbeContext,
): Promise<Upgrade> {
  const { WebSocket } = await import('ws');
  if (isOver(socket)) {
    return { status: 0, result: protocolFailure(`${peer} closed the connection`) };
  }
  return new Promise((resolve) => {
    let status = 0;
    const stop = onAbort(context.signal, () =>
      settle(timedOut(context, `waiting for ${peer} to upgrade to a websocket`)),
    );
    function settle(result: Upgrade['result']): void {
      stop();
      resolve({ status, result });
    }
    try {
      // The credentials are in a header already; the library would put those of the URL into a second one.
      const websocket = new WebSocket(shownUrl(url), {
        createConnection: () => socket,
        headers,
        perMessageDeflate: false,
        maxPayload: websocketMessageBytesMax,
        maxHeaderSize: responseHeadBytesMax,
      });
      watchAnswer(websocket, answered, peer);
      websocket.on('error', (error) => settle(socketFailure(error, peer)));
      websocket.once('open', () => settle(conversation(websocket, peer, context)));
    } catch (error) {
      // Headers that Node does not send, whoever configured them.
      const summary = `the upgrade request cannot be sent: ${errorMessage(error)}`;
      settle({ reason: 'header', summary, unknown: true });
    }
    function answered(code: number, failure?: Failure): void {
      status = code;
      if (failure !== undefined) settle(failure);
    }
  });
}
