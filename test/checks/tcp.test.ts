import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { familyNames, labelsOf, metric } from '../support/probe-context.ts';
import { addressFamilies, dialogueFamilies, runTcp } from '../support/probe-tcp.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';

/** Sends each line in turn, after having received a line for the one before. */
function script(socket: Socket, lines: readonly string[], received: string[] = []): void {
  const left = [...lines];
  socket.write(left.shift() ?? '');
  socket.on('data', (bytes) => {
    received.push(bytes.toString());
    socket.write(left.shift() ?? '');
  });
}

describe('a plain connection', () => {
  test('BB-P01 is made and closed again', async () => {
    await using server = await startTcpServer((socket) => void socket.resume());
    const outcome = await runTcp(`127.0.0.1:${server.port}`);
    expect(outcome.status).toBe('ok');
    expect(outcome.summary).toContain(`connected to 127.0.0.1:${server.port} in `);
    expect(familyNames(outcome)).toEqual([...addressFamilies, ...dialogueFamilies].toSorted());
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('BB-P02 is refused, and only the address is exported', async () => {
    const port = await closedPort();
    const outcome = await runTcp(`127.0.0.1:${port}`);
    expect(outcome).toMatchObject({
      reason: 'connect',
      summary: `connect to 127.0.0.1:${port} refused`,
    });
    expect(familyNames(outcome)).toEqual(addressFamilies);
    expect((await runTcp('127.0.0.1:0')).status).toBe('critical');
  });

  test.each(['127.0.0.1', 'localhost', '::1', '127.0.0.1:70000', 'a:b:1'])(
    'BB-P17 %s is no target, and nothing is exported',
    async (target) => {
      const outcome = await runTcp(target);
      expect(outcome).toMatchObject({ status: 'critical', reason: 'resolve' });
      expect(familyNames(outcome)).toEqual([]);
    },
  );

  test.each([
    ['127.0.0.1', 'ip6', 4],
    ['::1', 'ip4', 6],
  ] as const)('BB-P13 %s with %s is still IPv%i', async (host, preferred, family) => {
    await using server = await startTcpServer((socket) => void socket.resume(), host);
    const target = family === 4 ? `${host}:${server.port}` : `[${host}]:${server.port}`;
    const outcome = await runTcp(target, { preferred_ip_protocol: preferred });
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_ip_protocol')).toBe(family);
  });

  test('comes from the configured address', async () => {
    let from: string | undefined;
    await using server = await startTcpServer((socket) => {
      from = socket.remoteAddress;
      socket.resume();
    });
    const target = `127.0.0.1:${server.port}`;
    expect((await runTcp(target, { source_ip_address: '127.0.0.9' })).status).toBe('ok');
    expect(from).toBe('127.0.0.9');
    const wrong = await runTcp(target, { source_ip_address: 'nonsense' });
    expect(wrong).toMatchObject({ status: 'critical', reason: 'connect' });
  });
});

describe('a dialogue', () => {
  test('BB-P08 skips lines that do not match', async () => {
    const received: string[] = [];
    await using server = await startTcpServer((socket) =>
      script(socket, [':chat NOTICE AUTH :hello\r\n', ':chat 001 prober :welcome\r\n'], received),
    );
    const outcome = await runTcp(`127.0.0.1:${server.port}`, {
      query_response: [{ send: 'NICK prober' }, { expect: '^:[^ ]+ 001' }],
    });
    expect(outcome.status).toBe('ok');
    expect(received).toEqual(['NICK prober\n']);
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(0);
  });

  test('BB-P09 fails if the stream ends before a line matches', async () => {
    await using server = await startTcpServer((socket) => socket.end('ERROR :busy\r\n'));
    const outcome = await runTcp(`127.0.0.1:${server.port}`, {
      query_response: [{ expect: '^:[^ ]+ 001' }],
    });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'body' });
    expect(outcome.summary).toContain('last came "ERROR :busy"');
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(1);
  });

  test('BB-P10 BB-P15 fills groups into what is sent and into labels', async () => {
    const received: string[] = [];
    await using server = await startTcpServer((socket) =>
      script(socket, ['SSH-2.0-OpenSSH_9.6p1 Debian-3\n', 'done\n'], received),
    );
    const outcome = await runTcp(`127.0.0.1:${server.port}`, {
      query_response: [
        {
          expect: '^SSH-2.0-([^ -]+)(?: (?P<comment>.*))?$',
          send: 'SSH-2.0-${1}$$',
          labels: [
            { name: 'software', value: '$1' },
            { name: 'comment', value: '<${comment}>' },
          ],
        },
        { expect: 'done' },
      ],
    });
    expect(outcome.status).toBe('ok');
    expect(received).toEqual(['SSH-2.0-OpenSSH_9.6p1$\n']);
    expect(labelsOf(outcome, 'probe_expect_info')).toEqual({
      software: 'OpenSSH_9.6p1',
      comment: '<Debian-3>',
    });
  });

  test('BB-P18 exports the labels of several steps', async () => {
    await using server = await startTcpServer((socket) => socket.end('a\nb\n'));
    const step = (expect: string) => ({ expect, labels: [{ name: 'line', value: '$0' }] });
    const outcome = await runTcp(`127.0.0.1:${server.port}`, {
      query_response: [step('a'), step('b')],
    });
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_expect_info', { line: 'a' })).toBe(1);
    expect(metric(outcome, 'probe_expect_info', { line: 'b' })).toBe(1);
  });
});

describe('what a dialogue reads', () => {
  test.each([
    ['BB-P11 the same', 'SSH-2.0-', true, 0],
    ['BB-P12 others', 'FTP-2.0-', false, 1],
    ['too few', 'SSH', false, 0],
  ])('expects bytes and gets %s', async (_id, text, isOk, differs) => {
    await using server = await startTcpServer((socket) => socket.end(text));
    const outcome = await runTcp(`127.0.0.1:${server.port}`, {
      query_response: [{ expect_bytes: 'SSH-2.0-' }],
    });
    expect(outcome.reason).toBe(isOk ? undefined : 'body');
    expect(metric(outcome, 'probe_failed_due_to_bytes')).toBe(differs);
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(0);
  });

  test('finds the bytes that came in one go with a line, and sends raw bytes as they are', async () => {
    const received: Buffer[] = [];
    await using server = await startTcpServer((socket) => {
      socket.write('ready\nS');
      socket.on('data', (bytes) => {
        received.push(bytes);
        socket.end('bye\n');
      });
    });
    const outcome = await runTcp(`127.0.0.1:${server.port}`, {
      query_response: [
        { expect: 'ready' },
        { expect_bytes: Buffer.from('S'), send: Uint8Array.of(0, 255) },
        { expect: 'bye' },
      ],
    });
    expect(outcome.status).toBe('ok');
    expect(Buffer.concat(received)).toEqual(Buffer.of(0, 255, 10));
  });

  test('BB-P14 ends at the deadline if nothing comes, which no expression is to blame for', async () => {
    await using server = await startTcpServer((socket) => void socket.resume());
    const outcome = await runTcp(
      `127.0.0.1:${server.port}`,
      { query_response: [{ expect: 'hello' }] },
      200,
    );
    expect(outcome.reason).toBe('timeout');
    expect(outcome.summary).toMatch(
      /^no answer within 200ms while waiting for a line that matches/,
    );
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(0);
  });

  test('gives up on a line that does not end', async () => {
    await using server = await startTcpServer((socket) => {
      socket.write('x'.repeat(200 * 1024));
    });
    const outcome = await runTcp(`127.0.0.1:${server.port}`, {
      query_response: [{ expect: 'hello' }],
    });
    expect(outcome.reason).toBe('protocol');
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(0);
  });
});
