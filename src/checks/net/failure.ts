import type { FailureReason } from '../../model/result.ts';
import { humanDuration } from '../../lib/duration.ts';
import { FileFault } from '../../lib/plain-file.ts';
import type { ProbeContext } from './probe.ts';

/** Why a step of a probe went no further: an operating error as a value. */
export interface Failure {
  readonly reason: FailureReason;
  /** One sentence: what was measured and what was expected. */
  readonly summary: string;
  /** The agent could not look, which says nothing about the target. */
  readonly unknown?: true;
}

export function isFailure(step: object): step is Failure {
  return 'reason' in step && 'summary' in step;
}

/** The deadline passed `while` something was under way, such as `connecting to 127.0.0.1:9`. */
export function timedOut(context: ProbeContext, doing: string): Failure {
  return {
    reason: 'timeout',
    summary: `no answer within ${humanDuration(context.timeoutMs)} while ${doing}`,
  };
}

/** The code of a system error, such as `ECONNREFUSED`; empty for anything else. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const connectErrors: Readonly<Record<string, (peer: string) => string>> = {
  ECONNREFUSED: (peer) => `connect to ${peer} refused`,
  ECONNRESET: (peer) => `connection reset while connecting to ${peer}`,
  EHOSTUNREACH: (peer) => `no route to ${peer}: host unreachable`,
  ENETUNREACH: (peer) => `no route to ${peer}: network unreachable`,
  ETIMEDOUT: (peer) => `connect to ${peer} timed out in the network`,
  EADDRNOTAVAIL: (peer) =>
    `connect to ${peer} failed: no such local address or port (EADDRNOTAVAIL)`,
};

export function connectFailure(error: unknown, peer: string): Failure {
  const code = errorCode(error);
  const sentence = connectErrors[code]?.(peer);
  return {
    reason: code === 'ETIMEDOUT' ? 'timeout' : 'connect',
    summary: sentence ?? `connect to ${peer} failed: ${errorMessage(error)}`,
  };
}

/** A file the configuration names cannot be read: nothing is known of the target. `what` names it otherwise. */
export function unreadable(error: unknown, what: string): Failure {
  const unknown = true as const;
  const { code = '', path = what, message } = error as NodeJS.ErrnoException;
  const whose = path === what ? '' : ` (${what})`;
  if (error instanceof FileFault) {
    const reason = error.kind === 'hangs' ? 'timeout' : 'missing';
    return { reason, summary: message.startsWith(what) ? message : `${what}: ${message}`, unknown };
  }
  switch (code) {
    case 'EACCES':
    case 'EPERM': {
      const right = `the user of the agent lacks the right to read ${path}${whose}`;
      const remedy = 'grant it with chgrp and chmod, or setfacl -m u:USER:r';
      return { reason: 'permission', summary: `${right}: ${remedy}`, unknown };
    }
    case 'ENOENT':
    case 'ENOTDIR':
      return { reason: 'missing', summary: `${path} does not exist${whose}`, unknown };
    default:
      return { reason: 'missing', summary: `cannot read ${what}: ${message}`, unknown };
  }
}

/**
 * Calls `run` once the signal fires, very soon if it already has, but never before this returns; gives
 * the way to take that back.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) {
    let isWanted = true;
    queueMicrotask(() => isWanted && run());
    return () => {
      isWanted = false;
    };
  }
  signal.addEventListener('abort', run, { once: true });
  return () => signal.removeEventListener('abort', run);
}
