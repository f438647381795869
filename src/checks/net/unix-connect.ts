import { connect, type Socket } from 'node:net';
import { errorCode, errorMessage, isFailure, onAbort, timedOut, type Failure } from './failure.ts';
import type { ProbeContext } from './probe.ts';

const connectErrors: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ENOTDIR: 'there is no such socket',
  ECONNREFUSED: 'refused, nobody listens on it',
  ENOTSOCK: 'it is no socket',
  EPROTOTYPE: 'it is no stream socket',
  EAGAIN: 'its queue of connections is full',
};

function connectFailure(error: unknown, path: string): Failure {
  const code = errorCode(error);
  if (code === 'EACCES' || code === 'EPERM') {
    return {
      reason: 'permission',
      summary: `may not connect to ${path}: permission denied (${code})`,
      unknown: true,
    };
  }
  return {
    reason: 'connect',
    summary: `connect to ${path} failed: ${connectErrors[code] ?? errorMessage(error)}`,
  };
}

/** The name as the system wants it: with a leading `@` it is an abstract one, outside the file system. */
function addressOf(path: string): string {
  return path.startsWith('@') ? `\0${path.slice(1)}` : path;
}

/**
 * Connects to a Unix stream socket, if the gate of the probe lets it. Whoever gets the socket destroys it;
 * it keeps an error listener, so that a late error never becomes an uncaught one.
 */
export async function connectUnix(path: string, context: ProbeContext): Promise<Socket | Failure> {
  if (path === '' || path.includes('\0')) {
    return { reason: 'connect', summary: 'the target is no path of a Unix socket' };
  }
  const refusal = context.gate?.refusalOfPath(path);
  if (refusal !== undefined) return { reason: 'permission', summary: refusal };
  const outcome = await new Promise<Socket | Failure>((resolve) => {
    const socket = connect({ path: addressOf(path) });
    // A peer sees no address of it, so there is nothing by which the gate could know it again.
    context.sawTls?.(undefined);
    const stop = onAbort(context.signal, () => fail(timedOut(context, `connecting to ${path}`)));
    function fail(failure: Failure): void {
      stop();
      socket.destroy();
      resolve(failure);
    }
    socket.on('error', (error) => fail(connectFailure(error, path)));
    socket.once('connect', () => {
      stop();
      resolve(socket);
    });
  });
  context.log(isFailure(outcome) ? outcome.summary : `connected to ${path}`);
  return outcome;
}
