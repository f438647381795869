import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { FailureReason } from '../../../model/result.ts';
import { isOver } from '../connect.ts';
import { errorMessage, onAbort, timedOut, type Failure } from '../failure.ts';
import { readMessage, type MessageFault } from './grpc-message.ts';
import {
  codeOfHttpStatus,
  codeOfReset,
  codeWithName,
  decodeMessage,
  grpcCode,
  parseStatus,
} from './grpc-status.ts';
import type { ProbeContext } from '../probe.ts';
import { excerpt } from '../record.ts';
import { userAgent } from '../user-agent.ts';

/** One unary call over a connection of its own. */
export interface GrpcCall {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly path: string;
  readonly metadata: Readonly<Record<string, readonly string[]>>;
  /** The framed request. */
  readonly request: Buffer;
  /** How sentences call the peer. */
  readonly peer: string;
}

/** Why a call came to nothing, under the code that gRPC has for it. */
export interface GrpcFault {
  readonly code: number;
  readonly failure: Failure;
}

/** What came of a call: the message of a status OK, or a fault. */
export type GrpcAnswer = Buffer | GrpcFault;

/** How far an answer has got. */
interface Progress {
  head?: IncomingHttpHeaders;
  trailers?: IncomingHttpHeaders;
}

function fault(code: number, reason: FailureReason, summary: string): GrpcFault {
  return { code, failure: { reason, summary } };
}

function headerText(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.[0] ?? '');
}

const reasons: Readonly<Record<number, FailureReason>> = {
  [grpcCode.deadlineExceeded]: 'timeout',
  [grpcCode.permissionDenied]: 'auth',
  [grpcCode.unauthenticated]: 'auth',
};

/** The status that the server gave, in its trailers or in an answer that is nothing but these. */
function statusFault({ head, trailers }: Progress, peer: string): GrpcFault | undefined {
  const source = trailers?.['grpc-status'] === undefined ? head : trailers;
  const written = headerText(source?.['grpc-status']);
  const code = parseStatus(written);
  if (code === undefined) {
    const said = `${peer} answered the gRPC status ${JSON.stringify(excerpt(written))}, wanted a number`;
    return fault(grpcCode.internal, 'protocol', said);
  }
  if (code === grpcCode.ok) return undefined;
  const message = excerpt(decodeMessage(headerText(source?.['grpc-message'])));
  const said = `${peer} answered gRPC status ${codeWithName(code)}, wanted OK`;
  return fault(code, reasons[code] ?? 'status', message === '' ? said : `${said}: ${message}`);
}

function hasStatus({ head, trailers }: Progress): boolean {
  return (trailers?.['grpc-status'] ?? head?.['grpc-status']) !== undefined;
}

function isGrpc(head: IncomingHttpHeaders): boolean {
  return /^application\/grpc(?:$|[+;])/i.test(headerText(head['content-type']));
}

/** An answer that HTTP alone has to explain. */
function httpFault(head: IncomingHttpHeaders, peer: string): GrpcFault {
  const status = Number(head[':status']);
  const type = excerpt(headerText(head['content-type']));
  const code = codeOfHttpStatus(status);
  const kind = type === '' ? 'no content type' : type;
  const said = `${peer} answered HTTP ${status} with ${kind}, wanted 200 with application/grpc`;
  return fault(code, reasons[code] ?? 'protocol', said);
}

function messageFault({ code, fault: what }: MessageFault, peer: string): GrpcFault {
  return fault(code, 'protocol', `${peer} sent ${what}`);
}

function brokenOff(peer: string): GrpcFault {
  const said = `${peer} closed the connection before it answered`;
  return fault(grpcCode.unavailable, 'protocol', said);
}

/** What a stream that is over without a status comes to. */
function endFault(stream: ClientHttp2Stream, progress: Progress, peer: string): GrpcFault {
  if (stream.rstCode !== 0) {
    const said = `${peer} reset the call with error ${stream.rstCode} of HTTP/2`;
    return fault(codeOfReset(stream.rstCode), 'protocol', said);
  }
  const { head } = progress;
  if (head !== undefined && Number(head[':status']) !== 200) return httpFault(head, peer);
  const what = head === undefined ? 'an answer' : 'a status';
  return fault(grpcCode.internal, 'protocol', `${peer} ended the call without ${what}`);
}

/** Follows the events of a call and settles exactly once. */
function follow(
  session: ClientHttp2Session,
  stream: ClientHttp2Stream,
  socket: Socket,
  peer: string,
  settle: (answer: GrpcAnswer) => void,
): void {
  const progress: Progress = {};
  let reader = readMessage('');
  session.on('goaway', (_code, lastStream) => {
    if (stream.id !== undefined && lastStream >= stream.id) return;
    const said = `${peer} closes the connection and does not take the call (GOAWAY)`;
    settle(fault(grpcCode.unavailable, 'protocol', said));
  });
  stream.once('response', (head) => {
    progress.head = head;
    reader = readMessage(headerText(head['grpc-encoding']));
    if (!isGrpc(head)) settle(httpFault(head, peer));
  });
  stream.once('trailers', (trailers: IncomingHttpHeaders) => {
    progress.trailers = trailers;
  });
  stream.on('data', (chunk: Buffer) => {
    const wrong = reader.add(chunk);
    if (wrong !== undefined) settle(messageFault(wrong, peer));
  });
  stream.once('close', () => {
    if (!hasStatus(progress)) {
      // What ended the connection is told by the session, which comes next.
      if (!session.destroyed && !socket.destroyed) settle(endFault(stream, progress, peer));
      return;
    }
    const refused = statusFault(progress, peer);
    if (refused !== undefined) return settle(refused);
    const message = reader.end();
    settle('code' in message ? messageFault(message, peer) : message);
  });
}

/** Makes a unary call over a connected socket, which is closed at the end. */
export async function callGrpc(
  socket: Socket,
  call: GrpcCall,
  context: ProbeContext,
): Promise<GrpcAnswer> {
  const { peer } = call;
  const { connect } = await import('node:http2');
  if (isOver(socket)) return brokenOff(peer);
  const answer = await new Promise<GrpcAnswer>((resolve) => {
    const session = connect(`${call.scheme}://localhost`, {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    const late = (): Failure => timedOut(context, `waiting for the gRPC answer from ${peer}`);
    const stop = onAbort(context.signal, () =>
      settle({ code: grpcCode.deadlineExceeded, failure: late() }),
    );
    function settle(outcome: GrpcAnswer): void {
      stop();
      resolve(outcome);
      session.destroy();
      socket.destroy();
    }
    session.on('error', (error) => {
      const said = `the connection with ${peer} failed: ${errorMessage(error)}`;
      settle(fault(grpcCode.unavailable, 'protocol', said));
    });
    session.once('close', () => settle(brokenOff(peer)));
    if (context.signal.aborted || session.destroyed) return;
    const stream = startCall(session, call);
    if ('code' in stream) return settle(stream);
    follow(session, stream, socket, peer, settle);
    stream.end(call.request);
  });
  context.log(Buffer.isBuffer(answer) ? `received ${answer.length} bytes` : answer.failure.summary);
  return answer;
}

/** Sends the head of the call. Node refuses headers that HTTP/2 forbids, whoever configured them. */
function startCall(session: ClientHttp2Session, call: GrpcCall): ClientHttp2Stream | GrpcFault {
  try {
    const stream = session.request({
      ...Object.fromEntries(Object.entries(call.metadata).map(([key, list]) => [key, [...list]])),
      ':method': 'POST',
      ':scheme': call.scheme,
      ':authority': call.authority,
      ':path': call.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': userAgent,
    });
    // What it has to say is said by its close, and by the session.
    stream.on('error', () => {});
    return stream;
  } catch (error) {
    return {
      code: grpcCode.internal,
      failure: {
        reason: 'header',
        summary: `the metadata cannot be sent: ${errorMessage(error)}`,
        unknown: true,
      },
    };
  }
}
