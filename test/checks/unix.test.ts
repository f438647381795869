import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, createServer, TLSSocket } from 'node:tls';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { unix } from '../../src/checks/unix.ts';
import { unixBlock } from '../../src/checks/net/stream/unix-options.ts';
import { closedGate } from '../support/closed-gate.ts';
import { eventually } from '../support/eventually.ts';
import { familyNames, labelsOf, metric } from '../support/probe-context.ts';
import { dialogueFamilies } from '../support/probe-tcp.ts';
import { listenUnix, runUnix, startUnixServer } from '../support/probe-unix.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createAuthority } from '../support/tls-authority.ts';

const tlsFamilies = [
  'probe_ssl_earliest_cert_expiry',
  'probe_ssl_last_chain_expiry_timestamp_seconds',
  'probe_ssl_last_chain_info',
  'probe_tls_version_info',
];

describe('a socket file', () => {
  test('BB-P16 is connected to and closed again, and no address is exported', async () => {
    await using server = await startUnixServer((socket) => void socket.resume());
    const outcome = await runUnix(server.path);
    expect(outcome.status).toBe('ok');
    expect(outcome.summary).toContain(`connected to ${server.path} in `);
    expect(familyNames(outcome)).toEqual(dialogueFamilies);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('BB-P16 that is missing fails, and nothing is exported', async () => {
    const path = join(temporaryFolder(), 'none.sock');
    const outcome = await runUnix(path);
    expect(outcome).toMatchObject({
      status: 'critical',
      reason: 'connect',
      summary: `connect to ${path} failed: there is no such socket`,
    });
    expect(familyNames(outcome)).toEqual([]);
  });

  test('that nobody listens on, or that is a plain file, fails', async () => {
    const file = join(temporaryFolder(), 'plain');
    writeFileSync(file, '');
    expect(await runUnix(file)).toMatchObject({ status: 'critical', reason: 'connect' });
    expect(await runUnix(temporaryFolder())).toMatchObject({ status: 'critical' });
    expect(await runUnix(`/tmp/${'x'.repeat(300)}`)).toMatchObject({ status: 'critical' });
  });

  test.skipIf(process.getuid?.() === 0)('without permission leaves the state unknown', async () => {
    const folder = join(temporaryFolder(), 'closed');
    mkdirSync(folder);
    await using server = await listenUnix(createPlainServer(), join(folder, 'a.sock'));
    chmodSync(folder, 0);
    const outcome = await runUnix(server.path);
    chmodSync(folder, 0o700);
    expect(outcome).toMatchObject({ status: 'unknown', reason: 'permission' });
  });

  test.each(['', 'a\0b'])('%j is no path', async (target) => {
    expect(await runUnix(target)).toMatchObject({ status: 'critical', reason: 'connect' });
  });

  test('may have an abstract name, outside the file system', async () => {
    const name = `tocsin-test-${process.pid}`;
    await using server = await listenUnix(createPlainServer(), `\0${name}`);
    expect((await runUnix(`@${name}`)).status).toBe('ok');
    expect(server.path).toContain(name);
  });

  test('is not touched if the gate is closed to it', async () => {
    let connections = 0;
    await using server = await startUnixServer(() => {
      connections += 1;
    });
    const outcome = await runUnix(server.path, {}, { gate: closedGate });
    expect(outcome).toMatchObject({
      status: 'critical',
      reason: 'permission',
      summary: `${server.path} is not allowed`,
    });
    expect(familyNames(outcome)).toEqual([]);
    expect((await runUnix(server.path)).status).toBe('ok');
    await eventually(() => connections === 1, 'only the second probe connects');
  });
});

describe('a dialogue over a socket file', () => {
  test('sends, expects and exports labels as one over TCP does', async () => {
    const received: string[] = [];
    await using server = await startUnixServer((socket) => {
      socket.on('data', (bytes) => {
        received.push(bytes.toString());
        socket.write(received.length === 1 ? '+PONG 7.2\r\n' : '+OK\r\n');
      });
    });
    const outcome = await runUnix(server.path, {
      query_response: [
        { send: 'PING' },
        {
          expect: '^\\+PONG (.+)$',
          send: 'SEEN ${1}',
          labels: [{ name: 'version', value: '$1' }],
        },
        { expect_bytes: '+OK' },
      ],
    });
    expect(outcome.status).toBe('ok');
    expect(received).toEqual(['PING\n', 'SEEN 7.2\n']);
    expect(labelsOf(outcome, 'probe_expect_info')).toEqual({ version: '7.2' });
  });

  test('BB-P18 exports the labels of several steps', async () => {
    await using server = await startUnixServer((socket) => socket.end('a\nb\n'));
    const outcome = await runUnix(server.path, {
      query_response: [
        { expect: 'a', labels: [{ name: 'first', value: '$0' }] },
        { expect: 'b', labels: [{ name: 'second', value: '$0' }] },
      ],
    });
    expect(metric(outcome, 'probe_expect_info', { first: 'a' })).toBe(1);
    expect(metric(outcome, 'probe_expect_info', { second: 'b' })).toBe(1);
  });

  test('fails by the expression if the stream ends, and by nothing if the time does', async () => {
    await using ending = await startUnixServer((socket) => socket.end('ERR\n'));
    const ended = await runUnix(ending.path, { query_response: [{ expect: '^OK' }] });
    expect(ended).toMatchObject({ status: 'critical', reason: 'body' });
    expect(metric(ended, 'probe_failed_due_to_regex')).toBe(1);
    await using silent = await startUnixServer((socket) => void socket.resume());
    const late = await runUnix(
      silent.path,
      { query_response: [{ expect: '^OK' }] },
      { timeoutMs: 150 },
    );
    expect(late.reason).toBe('timeout');
    expect(metric(late, 'probe_failed_due_to_regex')).toBe(0);
  });
});

describe('TLS over a socket file', () => {
  const authority = createAuthority();
  afterAll(() => authority[Symbol.dispose]());
  const { ca } = authority;
  const named = authority.issue({ names: 'DNS:db.internal' });

  test('is verified for the configured name, and exported', async () => {
    await using server = await listenUnix(createServer(named));
    const right = await runUnix(server.path, {
      tls: true,
      tls_config: { ca, server_name: 'db.internal' },
    });
    expect(right.status).toBe('ok');
    expect(familyNames(right)).toEqual([...dialogueFamilies, ...tlsFamilies].toSorted());
    const other = await runUnix(server.path, {
      tls: true,
      tls_config: { ca, server_name: 'web.internal' },
    });
    expect(other).toMatchObject({ status: 'critical', reason: 'tls' });
    expect(familyNames(other)).toEqual([]);
  });

  test('needs a name, unless nothing is verified', async () => {
    const local = authority.issue({ names: 'DNS:localhost' });
    await using server = await listenUnix(createServer(local));
    const nameless = await runUnix(server.path, { tls: true, tls_config: { ca } });
    expect(nameless).toMatchObject({ status: 'unknown', reason: 'tls' });
    const unverified = await runUnix(server.path, {
      tls: true,
      tls_config: { insecure_skip_verify: true },
    });
    expect(unverified.status).toBe('ok');
    const refused = v.safeParse(unixBlock, { tls: true });
    expect(refused.issues?.[0].message).toContain('a server_name in tls_config');
    expect(v.safeParse(unixBlock, { query_response: [{ starttls: true }] }).success).toBe(false);
  });

  test('starts in the middle of a dialogue, even where it was there from the start', async () => {
    const secureContext = createSecureContext(named);
    const layer = (socket: ConstructorParameters<typeof TLSSocket>[0]): TLSSocket => {
      const secured = new TLSSocket(socket, { isServer: true, secureContext });
      secured.on('error', () => {});
      return secured;
    };
    await using plain = await startUnixServer((socket) => {
      socket.once('data', () => {
        socket.write('go\n');
        layer(socket).write('secret\n');
      });
    });
    const steps = [{ send: 'TLS' }, { expect: 'go', starttls: true }, { expect: 'secret' }];
    const upgraded = await runUnix(plain.path, {
      tls_config: { ca, server_name: 'db.internal' },
      query_response: steps,
    });
    expect(upgraded.status).toBe('ok');
    expect(familyNames(upgraded)).toEqual(expect.arrayContaining(tlsFamilies));
    await using twice = await listenUnix(
      createServer(named, (socket) => {
        socket.once('data', () => {
          socket.write('go\n');
          layer(socket).write('secret\n');
        });
      }),
    );
    const nested = await runUnix(twice.path, {
      tls: true,
      tls_config: { ca, server_name: 'db.internal' },
      query_response: steps,
    });
    expect(nested.status).toBe('ok');
    expect(nested.families.filter(({ name }) => name === tlsFamilies[0])).toHaveLength(1);
    const nameless = await runUnix(plain.path, { query_response: steps });
    expect(nameless).toMatchObject({ status: 'unknown', reason: 'tls' });
    expect(metric(nameless, 'probe_failed_due_to_regex')).toBe(0);
  });

  test('with a broken tls_config fails and does not crash', async () => {
    await using server = await listenUnix(createServer(named));
    const outcome = await runUnix(server.path, {
      tls: true,
      tls_config: { ca_file: '/nonexistent/ca.pem', server_name: 'db.internal' },
    });
    expect(outcome).toMatchObject({ status: 'unknown', reason: 'missing' });
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });
});

test('a check of this type has a path and a block, and shows the path', () => {
  const options = v.parse(v.strictObject(unix.entries), { target: '/run/a.sock' });
  expect(unix.target?.(options)).toBe('/run/a.sock');
});
