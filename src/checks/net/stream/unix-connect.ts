import { connect, type Socket } from 'node:net';
import { connected } from '../connect.ts';
import { errorCode, errorMessage, type Failure } from '../failure.ts';
import type { ProbeContext } from '../probe.ts';

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

/** Connects to a Unix stream socket, if the gate of the probe lets it, as `connected` gives it. */
export async function connectUnix(path: string, context: ProbeContext): Promise<Socket | Failure> {
  if (path === '' || path.includes('\0')) {
    return { reason: 'connect', summary: 'the target is no path of a Unix socket' };
  }
  const refusal = context.gate?.refusalOfPath(path);
  if (refusal !== undefined) return { reason: 'permission', summary: refusal };
  // A peer sees no address of it, so there is nothing by which the gate could know it again.
  return connected(connect({ path: addressOf(path) }), path, context, connectFailure);
}
