import type { Socket } from 'node:net';
import type { RedisOptions } from 'ioredis';
import { errorMessage, onAbort, timedOut, type Failure } from '../net/failure.ts';
import type { ProbeContext } from '../net/probe.ts';
import { guardStream } from './stream-guard.ts';

/** A conversation with a Redis server. */
export interface RedisSession {
  /** Sends one command and gives its answer: a text, or a failure of which `refusal` is Redis' own code. */
  ask(...words: readonly string[]): Promise<RedisAnswer>;
  close(): void;
}

export type RedisAnswer =
  | { readonly text: string | undefined }
  | (Failure & { readonly refusal?: string });

/** Commands that the client may send by itself. */
const ownCommands = ['auth', 'client', 'hello', 'info', 'quit', 'readonly', 'select'];

/**
 * Loads the client. It makes a method of each command in this list, of more than 500, which costs 4 MiB; a check
 * asks through `call`, and needs none of them.
 */
async function loadClient() {
  const { list } = await import('@ioredis/commands');
  list.splice(0, list.length, ...ownCommands);
  const { Redis } = await import('ioredis');
  return Redis;
}

/** Begins a conversation over a socket, which belongs to the session from now on. */
export async function openRedis(
  socket: Socket,
  peer: string,
  context: ProbeContext,
): Promise<RedisSession> {
  const Redis = await loadClient();
  // A plain function can be a constructor: the client asks for one that gives it its socket.
  function Connector(): object {
    return { check: () => true, connect: async () => socket, disconnect: () => socket.destroy() };
  }
  const redis = new Redis({
    Connector: Connector as unknown as NonNullable<RedisOptions['Connector']>,
    lazyConnect: true,
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on('error', () => {});
  const close = (): void => {
    redis.disconnect();
    socket.destroy();
  };
  const stop = onAbort(context.signal, close);
  const faultOf = guardStream(socket);
  const connected = await redis.connect().then(
    () => undefined,
    (error: unknown) => error,
  );
  return {
    async ask(...words) {
      const [command = '', ...rest] = words;
      if (connected !== undefined) return broken(connected, command, peer);
      try {
        const answer: unknown = await redis.call(command, ...rest);
        return { text: textOf(answer) };
      } catch (error) {
        if (context.signal.aborted)
          return timedOut(context, `waiting for ${peer} to answer ${command}`);
        if (faultOf() === 'endless') return tooLong(peer, command);
        return refusalOf(error, command, peer) ?? broken(error, command, peer);
      }
    },
    close() {
      stop();
      close();
    },
  };
}

function textOf(answer: unknown): string | undefined {
  if (answer === null || answer === undefined) return undefined;
  return typeof answer === 'string' || typeof answer === 'number'
    ? String(answer)
    : JSON.stringify(answer);
}

/** An error that the server itself answered: its first word says which. */
function refusalOf(error: unknown, command: string, peer: string): RedisAnswer | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  const refusal = /^[A-Z]+/.exec(error.message)?.[0] ?? '';
  return {
    reason: 'status',
    refusal,
    summary: `${peer} answered ${command} with ${error.message}`,
  };
}

function tooLong(peer: string, command: string): RedisAnswer {
  return { reason: 'protocol', summary: `${peer} answers ${command} without end` };
}

function broken(error: unknown, command: string, peer: string): RedisAnswer {
  const message = errorMessage(error);
  return /closed/i.test(message)
    ? {
        reason: 'connect',
        summary: `${peer} closed the connection instead of answering ${command}`,
      }
    : { reason: 'protocol', summary: `${peer} does not speak the protocol of Redis` };
}
