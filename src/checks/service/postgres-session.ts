import type { Socket } from 'node:net';
import { errorMessage, isFailure, onAbort, timedOut, type Failure } from '../net/failure.ts';
import type { ProbeContext } from '../net/probe.ts';
import { readStream } from '../net/stream-reader.ts';
import type { Connected } from './endpoint.ts';
import { guardStream } from './stream-guard.ts';

/** A conversation with a PostgreSQL server. */
export interface PostgresSession {
  /** Runs one statement; gives its rows, each value as the text that the server sent. */
  ask(statement: string): Promise<Rows | PostgresRefusal>;
  close(): void;
}

export interface Rows {
  readonly rows: readonly (readonly (string | null)[])[];
}

/** A failure; `code` is the SQLSTATE where the server itself refused. */
export type PostgresRefusal = Failure & { readonly code?: string };

export interface PostgresLogin {
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
}

/** The request for TLS: its length and its number. Source: PostgreSQL, "Message Formats", SSLRequest. */
const tlsRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Asks the server for TLS, which it must agree to, and puts it on the socket with `tls`. */
export async function secureAsPostgres(
  { socket, peer }: Connected,
  tls: () => Promise<Socket | Failure>,
  context: ProbeContext,
): Promise<Socket | Failure> {
  socket.write(tlsRequest);
  const reader = readStream(socket, context.signal);
  const answer = await reader.bytes(1);
  reader.release();
  const said = Buffer.isBuffer(answer) ? answer.toString('latin1') : answer;
  if (said === 'S') return tls();
  socket.destroy();
  if (said === 'late') return timedOut(context, `waiting for ${peer} to agree to TLS`);
  if (said === 'N') return { reason: 'tls', summary: `${peer} does not offer TLS` };
  return foreign(peer);
}

/** Logs in over a socket, which belongs to the session from now on. */
export async function openPostgres(
  socket: Socket,
  peer: string,
  login: PostgresLogin,
  context: ProbeContext,
): Promise<PostgresSession | PostgresRefusal> {
  const { default: pg } = await import('pg');
  const faultOf = guardStream(socket, isPostgres);
  // The client wants to connect by itself: it is told that it has.
  const connect = (): Socket => {
    process.nextTick(() => socket.emit('connect'));
    return socket;
  };
  const client = new pg.Client({
    stream: () => Object.assign(socket, { connect }),
    ssl: false,
    user: login.user,
    database: login.database,
    // As a function: otherwise the environment and ~/.pgpass of the agent would be asked.
    password: () => login.password ?? '',
    application_name: 'tocsin',
  });
  client.on('error', () => {});
  const stop = onAbort(context.signal, () => void socket.destroy());
  const failureOf = (error: unknown, doing: string): PostgresRefusal => {
    if (context.signal.aborted) return timedOut(context, `waiting for ${peer} to ${doing}`);
    if (faultOf() === 'foreign') return foreign(peer);
    if (faultOf() === 'endless') {
      return { reason: 'protocol', summary: `${peer} sends without end when it should ${doing}` };
    }
    return refusalOf(error, peer, doing);
  };
  const close = (): void => {
    stop();
    client.end().catch(() => {});
    socket.destroySoon();
  };
  try {
    await client.connect();
  } catch (error) {
    const failure = failureOf(error, 'log in');
    close();
    return failure;
  }
  return {
    async ask(text) {
      try {
        const query = { text, rowMode: 'array', queryMode: 'extended', types: asText } as const;
        const { rows } = await client.query<(string | null)[]>(query);
        return { rows };
      } catch (error) {
        return failureOf(error, 'answer a query');
      }
    },
    close,
  };
}

/** Values as the server wrote them. */
const asText = { getTypeParser: () => (text: string) => text };

/** A server first asks for a login, refuses, remarks or negotiates; the message is no longer than some kilobytes. */
function isPostgres(first: Buffer): boolean {
  if (!/[RENv]/.test(String.fromCodePoint(first[0] ?? 0))) return false;
  return first.length < 5 || first.readUInt32BE(1) < firstMessageBytesMax;
}

const firstMessageBytesMax = 64 * 1024;

function foreign(peer: string): Failure {
  return { reason: 'protocol', summary: `${peer} does not speak the protocol of PostgreSQL` };
}

function refusalOf(error: unknown, peer: string, doing: string): PostgresRefusal {
  const message = errorMessage(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^[0-9A-Z]{5}$/.test(code)) {
    return { reason: 'status', code, summary: `${peer} says: ${message}` };
  }
  if (/client password must be/.test(message)) {
    return {
      reason: 'auth',
      summary: `${peer} wants a password, and none is configured`,
      unknown: true,
    };
  }
  if (/SASL|SCRAM|authentication/i.test(message)) {
    return { reason: 'auth', summary: `logging in to ${peer} failed: ${message}`, unknown: true };
  }
  return /terminated|ECONNRESET|EPIPE|closed/i.test(`${message} ${code}`)
    ? { reason: 'connect', summary: `${peer} closed the connection when it should ${doing}` }
    : { reason: 'protocol', summary: `${peer} does not ${doing}: ${message}` };
}

export function isRefusal(answer: object): answer is PostgresRefusal {
  return isFailure(answer);
}
