import { chmod } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import type { CheckTypeName } from '../../../src/model/check.ts';
import { folderWith } from '../../support/host-check.ts';
import type { TypeRows } from './case.ts';
import { noise, unixSocket } from './servers.ts';

const briefly = { timeoutMs: 700 };
const greeting = { query_response: [{ expect: '^220 ' }] };

const overSocket = (path: string): Readonly<Record<string, unknown>> => ({
  target: path,
  unix: greeting,
});

const unix: TypeRows = {
  healthy: [
    {
      with: 'a socket that greets',
      set: async () => ({
        keys: overSocket(await unixSocket((socket) => socket.end('220 ready\r\n'))),
      }),
      is: 'ok',
      says: /service\.sock/,
    },
  ],
  failing: [
    {
      with: 'another greeting',
      set: async () => ({
        keys: overSocket(await unixSocket((socket) => socket.end('421 busy\r\n'))),
      }),
      is: 'critical',
      because: 'body',
      says: /last came "421 busy"/,
    },
  ],
  forbidden: [
    {
      with: 'a socket of others',
      set: async () => ({
        isPowerless: true,
        keys: overSocket(await unixSocket((socket) => socket.end('220 ready\r\n'), 0)),
      }),
      is: 'unknown',
      because: 'permission',
      says: /may not .*service\.sock/,
    },
  ],
  absent: [
    {
      with: 'no such socket',
      set: () => ({ keys: overSocket('/nowhere/service.sock') }),
      is: 'critical',
      because: 'connect',
      says: /there is no such socket$/,
    },
    {
      with: 'a file that is no socket',
      set: async () => ({ keys: overSocket(`${await folderWith({ 'a.sock': '' })}/a.sock`) }),
      is: 'critical',
      because: 'connect',
      says: /no socket|nobody listens/,
    },
  ],
  hanging: [
    {
      with: 'a socket that is silent',
      set: async () => ({
        ...briefly,
        keys: overSocket(await unixSocket((socket) => void socket.resume())),
      }),
      is: 'critical',
      because: 'timeout',
      says: /no answer within 700ms/,
    },
  ],
  nonsense: [
    {
      with: 'a socket that sends noise',
      set: async () => ({
        keys: overSocket(await unixSocket((socket) => socket.end(noise))),
      }),
      is: 'critical',
      because: ['body', 'protocol'],
      says: /220/,
    },
  ],
};

/** Lets `ping` be a program of these lines of shell. */
async function asPing(lines: string): Promise<Readonly<Record<string, unknown>>> {
  const folder = await folderWith({ ping: `#!/bin/sh\n${lines}\n` });
  await chmod(folder, 0o755);
  const before = process.env['PATH'];
  process.env['PATH'] = `${folder}:${before}`;
  onTestFinished(() => {
    process.env['PATH'] = before;
  });
  return { target: '127.0.0.1' };
}

const echo = '64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.05 ms';

const icmp: TypeRows = {
  healthy: [
    {
      with: 'a host that answers',
      set: async () => ({ keys: await asPing(`echo "${echo}"`) }),
      is: 'ok',
      says: /127\.0\.0\.1/,
    },
  ],
  failing: [
    {
      with: 'a router that says it cannot reach it',
      set: async () => ({
        keys: await asPing('echo "From 192.0.2.1 icmp_seq=1 Destination Host Unreachable"; exit 1'),
      }),
      is: 'critical',
      because: 'connect',
      says: /192\.0\.2\.1 says Destination Host Unreachable/,
    },
  ],
  forbidden: [
    {
      with: 'a ping that may not open its socket',
      set: async () => ({
        keys: await asPing('echo "ping: socket: Operation not permitted" >&2; exit 2'),
      }),
      is: 'unknown',
      because: 'permission',
      says: /ping_group_range/,
    },
  ],
  absent: [
    {
      with: 'a name that nobody has',
      set: () => ({ keys: { target: 'nobody.invalid' } }),
      is: 'critical',
      because: ['resolve', 'timeout'],
      says: /nobody\.invalid/,
    },
  ],
  hanging: [
    {
      with: 'a ping that does not end',
      set: async () => ({ ...briefly, keys: await asPing('exec sleep 60') }),
      is: 'critical',
      because: 'timeout',
      says: /no answer within 700ms while waiting for an echo reply/,
    },
  ],
  nonsense: [
    {
      with: 'a ping that prints noise',
      set: async () => ({ keys: await asPing("printf '\\201\\377\\0 nonsense\\n'; exit 1") }),
      is: 'unknown',
      because: 'command',
      says: /^ping tells nothing of replies, it says ".*nonsense"$/,
    },
  ],
};

export const nearRows = { icmp, unix } satisfies Partial<Record<CheckTypeName, TypeRows>>;
