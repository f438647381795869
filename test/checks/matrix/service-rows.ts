import { existsSync } from 'node:fs';
import type { Case, TypeRows } from './case.ts';
import { emptyPipe, emptyPort, lockedFile, noisyPort, silentPort, unixSocket } from './servers.ts';

export const briefly = { timeoutMs: 700 };
export const at = (port: number): string => `127.0.0.1:${port}`;
export const needs = (program: string): string | undefined =>
  existsSync(program) ? undefined : `${program} is missing`;

export type Keys = Readonly<Record<string, unknown>>;

/** The rows of a service that is spoken to over TCP or a Unix socket. */
export function withoutService(
  keysFor: (place: string) => Keys,
  given: { readonly nonsense: RegExp; readonly hanging?: RegExp },
): Pick<TypeRows, 'hanging' | 'nonsense'> & { readonly absent: readonly Case[] } {
  return {
    absent: [
      {
        with: 'a port on which nobody listens',
        set: async () => ({ keys: keysFor(at(await emptyPort())) }),
        is: 'critical',
        because: 'connect',
        says: /connect to 127\.0\.0\.1:\d+ refused/,
      },
    ],
    hanging: [
      {
        with: 'a server that takes connections and is silent',
        set: async () => ({ ...briefly, keys: keysFor(at(await silentPort())) }),
        is: 'critical',
        because: 'timeout',
        says: given.hanging ?? /no answer within 700ms while waiting for 127\.0\.0\.1:\d+ to/,
      },
    ],
    nonsense: [
      {
        with: 'a server that sends noise',
        set: async () => ({ keys: keysFor(at(await noisyPort())) }),
        is: 'critical',
        because: 'protocol',
        says: given.nonsense,
      },
    ],
  };
}

/** A Unix socket of a service, and a password in a file, that the agent may not use. */
export function closedPlaces(
  keysFor: (place: string) => Keys,
  login: Keys | undefined,
): readonly Case[] {
  const ofFile: Case = {
    with: 'a password that only others may read',
    set: async () => ({
      isPowerless: true,
      keys: { ...keysFor(at(9)), ...login, password_file: await lockedFile() },
    }),
    is: 'unknown',
    because: 'permission',
    says: /lacks the right to read .*locked\.txt.*: grant it/,
  };
  return [
    {
      with: 'a socket of others',
      set: async () => ({
        isPowerless: true,
        keys: keysFor(await unixSocket((socket) => socket.end(), 0)),
      }),
      is: 'unknown',
      because: 'permission',
      says: /may not use .*service\.sock: /,
    },
    ...(login === undefined ? [] : [ofFile]),
  ];
}

/** A password that nobody will ever read. */
export const pipeCase = (keysFor: (place: string) => Keys, login: Keys): Case => ({
  with: 'a password file that is a pipe nobody writes into',
  set: async () => ({
    ...briefly,
    keys: { ...keysFor(at(9)), ...login, password_file: await emptyPipe() },
  }),
  is: 'unknown',
  because: 'missing',
  says: /is no regular file$/,
});
