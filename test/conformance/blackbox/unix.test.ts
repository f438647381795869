import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { listenUnix } from '../../support/probe-unix.ts';
import { contest, type ProbeCase } from './kit/contest.ts';

const directory = mkdtempSync(join(tmpdir(), 'tocsin-unix-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const path = join(directory, 'there.sock');
const missing = join(directory, 'not-there.sock');
const beyond = 'unix came with 0.28';

const sockets: readonly ProbeCase[] = [
  {
    title: 'BB-P16 a socket file that somebody listens at',
    module: { prober: 'unix' },
    server: async () => {
      const server = await listenUnix(createServer(), path);
      return { target: path, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
    },
    expect: { success: 1, families: ['probe_failed_due_to_regex', 'probe_failed_due_to_bytes'] },
    beyond,
  },
  {
    title: 'BB-P16 a socket file that is not there',
    module: { prober: 'unix' },
    target: missing,
    expect: { success: 0, families: [] },
    beyond,
  },
];

contest({ sockets }, { config: { server: { probe: { allow: [path, missing] } } } });
