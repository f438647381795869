import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { CheckTypeName } from '../../../src/model/check.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { folderWith } from '../../support/host-check.ts';
import { listen } from '../../support/tcp-server.ts';
import { createAuthority } from '../../support/tls-authority.ts';
import { kept, type Case, type TypeRows } from './case.ts';
import { emptyPipe, emptyPort, lockedFile, noise, noisyPort, silentPort } from './servers.ts';

const briefly = { timeoutMs: 700 };

const dayMs = 86_400_000;

/** A server with a certificate of an authority of its own, which the keys trust. */
async function servedCertificate(days: number) {
  const authority = createAuthority();
  onTestFinished(() => authority[Symbol.dispose]());
  const { cert, key } = authority.issue({ days });
  const server = await kept(listen(createTlsServer({ cert, key }, (socket) => socket.end())));
  const folder = await folderWith({ 'ca.pem': authority.ca, 'own.pem': cert });
  const keys = { target: `127.0.0.1:${server.port}`, ca_file: join(folder, 'ca.pem') };
  return { keys, file: join(folder, 'own.pem') };
}

const certificate: TypeRows = {
  healthy: [
    {
      with: 'one that is served, and the same on disk',
      set: async () => {
        const { keys, file: path } = await servedCertificate(25);
        return { keys: { ...keys, file: path } };
      },
      is: 'ok',
      says: /expires in .*, and the one on disk is the same$/,
    },
  ],
  failing: [
    {
      with: 'one that expires soon',
      set: async () => ({ keys: (await servedCertificate(5)).keys }),
      is: 'warning',
      because: 'threshold',
      says: /expires in [45]d/,
    },
    {
      with: 'one that is expired',
      set: async () => ({ keys: (await servedCertificate(-5)).keys }),
      is: 'critical',
      because: 'tls',
      says: /expired .* ago, on \d{4}-/,
    },
    {
      with: 'a host whose date is a year behind',
      set: async () => {
        const { file: path } = await servedCertificate(25);
        const clock = createFakeClock({ wallMs: Date.now() - 365 * dayMs });
        return { clock, keys: { file: path, verify: false } };
      },
      is: 'critical',
      because: 'tls',
      says: /is not valid before \d{4}-\d\d-\d\d, and the date of this host is \d{4}-\d\d-\d\d: is its clock right\?$/,
    },
    {
      with: 'a host whose date is a year ahead',
      set: async () => {
        const { file: path } = await servedCertificate(25);
        const clock = createFakeClock({ wallMs: Date.now() + 365 * dayMs });
        return { clock, keys: { file: path, verify: false } };
      },
      is: 'critical',
      because: 'tls',
      says: /expired .* ago, on \d{4}-\d\d-\d\d$/,
    },
  ],
  forbidden: [
    {
      with: 'a file that only others may read',
      set: async () => ({ isPowerless: true, keys: { file: await lockedFile() } }),
      is: 'unknown',
      because: 'permission',
      says: /lacks the right to read it: .*locked\.txt\. Grant it/,
    },
  ],
  absent: [
    {
      with: 'no such file',
      set: () => ({ keys: { file: '/nowhere/cert.pem' } }),
      is: 'critical',
      because: 'missing',
      says: /^\/nowhere\/cert\.pem does not exist$/,
    },
    {
      with: 'a port on which nobody listens',
      set: async () => ({ keys: { target: `127.0.0.1:${await emptyPort()}` } }),
      is: 'critical',
      because: 'connect',
      says: /refused$/,
    },
  ],
  hanging: [
    {
      with: 'a server that is silent',
      set: async () => ({ ...briefly, keys: { target: `127.0.0.1:${await silentPort()}` } }),
      is: 'critical',
      because: 'timeout',
      says: /no answer within 700ms/,
    },
    {
      with: 'a server that is silent before STARTTLS',
      set: async () => ({
        ...briefly,
        keys: { target: `127.0.0.1:${await silentPort()}`, starttls: 'smtp' },
      }),
      is: 'critical',
      because: 'timeout',
      says: /no answer within 700ms/,
    },
    {
      with: 'a file that is a pipe nobody writes into',
      set: async () => ({ ...briefly, keys: { file: await emptyPipe() } }),
      is: 'critical',
      because: 'timeout',
      says: /hangs: its file system has not answered/,
    },
  ],
  nonsense: [
    {
      with: 'a server that sends noise',
      set: async () => ({ ...briefly, keys: { target: `127.0.0.1:${await noisyPort()}` } }),
      is: 'critical',
      because: 'tls',
      says: /does not speak TLS|handshake/,
    },
    {
      with: 'noise in the file',
      set: async () => ({
        keys: { file: join(await folderWith({ 'a.pem': noise.toString('latin1') }), 'a.pem') },
      }),
      is: 'critical',
      because: 'missing',
      says: /holds no certificate in PEM format$/,
    },
  ],
};

const commandCase = (
  rest: Omit<Case, 'set'> & { readonly lines: string; readonly mode?: number },
): Case => ({
  ...rest,
  set: async () => {
    const folder = await folderWith({ plugin: `#!/bin/sh\n${rest.lines}\n` });
    await chmod(folder, 0o755);
    await chmod(join(folder, 'plugin'), rest.mode ?? 0o755);
    return { ...briefly, keys: { command: [join(folder, 'plugin')] } };
  },
});

const command: TypeRows = {
  healthy: [
    commandCase({
      with: 'a plugin that is content',
      lines: 'echo "fine | a=1"',
      is: 'ok',
      says: /^fine$/,
    }),
  ],
  failing: [
    commandCase({
      with: 'a plugin that is not',
      lines: 'echo broken; exit 2',
      is: 'critical',
      because: 'command',
      says: /^broken$/,
    }),
    commandCase({
      with: 'a plugin that warns',
      lines: 'echo slow; exit 1',
      is: 'warning',
      because: 'command',
      says: /^slow$/,
    }),
  ],
  forbidden: [
    {
      with: 'another user than the agent may become',
      set: () => ({ isPowerless: true, keys: { command: ['/bin/true'], user: 'root' } }),
      is: 'unknown',
      because: 'permission',
      says: /^only root may run a program as root: run the agent as root, or leave out user$/,
    },
    {
      with: 'a program that is not among those allowed',
      set: () => ({ keys: { command: ['/bin/true'], allow: ['0'.repeat(64)] } }),
      is: 'unknown',
      because: 'permission',
      says: /not among those of allow$/,
    },
  ],
  absent: [
    {
      with: 'no such program',
      set: () => ({ keys: { command: ['/nowhere/plugin'] } }),
      is: 'unknown',
      because: 'command',
      says: /^there is no program \/nowhere\/plugin: install it or correct its path$/,
    },
  ],
  hanging: [
    commandCase({
      with: 'a plugin that does not end',
      lines: 'exec sleep 60',
      is: 'unknown',
      because: 'timeout',
      says: /did not end within 700ms and was stopped$/,
    }),
  ],
  nonsense: [
    commandCase({
      with: 'a plugin that prints noise and ends with 77',
      lines: "printf '\\201\\377\\0|x=y;;~:@|\\n'; exit 77",
      is: 'unknown',
      because: 'command',
      says: /ended with exit code 77/,
    }),
    commandCase({
      with: 'a file that is no program',
      lines: 'echo never',
      mode: 0o644,
      is: 'unknown',
      because: 'command',
      says: /is not executable for the user of the agent: chmod \+x/,
    }),
  ],
};

export const programRows = { certificate, command } satisfies Partial<
  Record<CheckTypeName, TypeRows>
>;
