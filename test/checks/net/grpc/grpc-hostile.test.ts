import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { callGrpc } from '../../../../src/checks/net/grpc/grpc-call.ts';
import { eventually } from '../../../support/eventually.ts';
import { answer, framed, runGrpc, startGrpcServer } from '../../../support/grpc-server.ts';
import { metric, probeContext } from '../../../support/probe-context.ts';
import { startTcpServer } from '../../../support/tcp-server.ts';

const serving = Uint8Array.of(0x08, 0x01);
const grpcHead = { ':status': 200, 'content-type': 'application/grpc' };

/** An answer that says status OK but has this body. */
const bodies: [string, Uint8Array, number, string][] = [
  ['no message', Buffer.alloc(0), 13, 'sent no message'],
  ['half a prefix', Buffer.of(0, 0, 0), 13, 'sent a message that was cut off'],
  ['half a message', framed(serving).subarray(0, 6), 13, 'sent a message that was cut off'],
  ['two messages', Buffer.concat([framed(serving), framed(serving)]), 13, 'more than one message'],
  ['a compressed message', framed(serving, 1), 13, 'marked as compressed, without an encoding'],
  ['an unknown flag', framed(serving, 7), 13, 'the compression flag 7'],
  ['a huge message', Buffer.of(0, 0xff, 0xff, 0xff, 0xff, 1), 8, 'a message of 4294967295 bytes'],
  ['no protobuf', framed(Buffer.of(0xff, 0xff)), 13, 'no health answer'],
  ['a field cut off', framed(Buffer.of(0x12, 0x09, 0x01)), 13, 'no health answer'],
  ['a field of no known type', framed(Buffer.of(0x0f, 0x09)), 13, 'no health answer'],
  ['a field without number', framed(Buffer.of(0x02, 0x00)), 13, 'no health answer'],
  ['a number without end', framed(Buffer.alloc(12, 0x88)), 13, 'no health answer'],
];

describe('a body of', () => {
  test.each(bodies)('%s fails', async (_name, body, code, sentence) => {
    await using server = await startGrpcServer((stream) => answer(stream, body));
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(outcome.summary).toContain(sentence);
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(code);
  });

  test('unknown fields beside the status is fine, and the last status counts', async () => {
    const fields = [0x08, 2, 0x10, 0x96, 1, 0x1a, 2, 1, 2, 0x25, 1, 2, 3, 4, 0x29];
    const eight = [1, 2, 3, 4, 5, 6, 7, 8];
    const body = framed(Uint8Array.of(...fields, ...eight, 0x08, 1));
    await using server = await startGrpcServer((stream) => answer(stream, body));
    expect((await runGrpc(`127.0.0.1:${server.port}`)).status).toBe('ok');
  });

  test('nothing is a status of UNKNOWN', async () => {
    await using server = await startGrpcServer((stream) => answer(stream, framed(Buffer.alloc(0))));
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome.status).toBe('critical');
    const unknown = { serving_status: 'UNKNOWN' };
    expect(metric(outcome, 'probe_grpc_healthcheck_response', unknown)).toBe(1);
  });

  test('one byte at a time is put together', async () => {
    await using server = await startGrpcServer((stream) => {
      stream.respond(grpcHead, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      const bytes = [...framed(serving)];
      const next = (): void => {
        const byte = bytes.shift();
        if (byte === undefined) stream.end();
        else stream.write(Buffer.of(byte), next);
      };
      next();
    });
    expect((await runGrpc(`127.0.0.1:${server.port}`)).status).toBe('ok');
  });
});

test('a message in an encoding nobody asked for fails with 12', async () => {
  await using server = await startGrpcServer((stream) => {
    stream.respond({ ...grpcHead, 'grpc-encoding': 'gzip' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(framed(serving, 1));
  });
  const outcome = await runGrpc(`127.0.0.1:${server.port}`);
  expect(outcome.summary).toContain('compressed with gzip');
  expect(metric(outcome, 'probe_grpc_status_code')).toBe(12);
});

describe('a status of', () => {
  test.each([
    ['16', 16, 'auth'],
    ['7', 7, 'auth'],
    ['8', 8, 'status'],
    ['99', 99, 'status'],
    ['', 13, 'protocol'],
    ['-1', 13, 'protocol'],
    ['0x1', 13, 'protocol'],
  ])('%j counts as %i', async (status, code, reason) => {
    await using server = await startGrpcServer((stream) =>
      answer(stream, framed(serving), { 'grpc-status': status }),
    );
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome).toMatchObject({ status: 'critical', reason });
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(code);
  });

  test('failure has its sentence decoded and made harmless', async () => {
    await using server = await startGrpcServer((stream) =>
      answer(stream, Buffer.alloc(0), {
        'grpc-status': '14',
        'grpc-message': 'gr%C3%BCn%0A%1b[31mred 100%zz',
      }),
    );
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome.summary).toMatch(/14 UNAVAILABLE, wanted OK: grün \[31mred 100%zz$/);
  });

  test('HTTP alone is translated', async () => {
    const answers: [number, number][] = [
      [400, 13],
      [401, 16],
      [403, 7],
      [404, 12],
      [429, 14],
      [502, 14],
      [503, 14],
      [504, 14],
      [500, 2],
      [302, 2],
    ];
    for (const [status, code] of answers) {
      await using server = await startGrpcServer((stream) => {
        stream.respond({ ':status': status, 'content-type': 'text/html' });
        stream.write('never ends');
      });
      const outcome = await runGrpc(`127.0.0.1:${server.port}`);
      expect([status, metric(outcome, 'probe_grpc_status_code')]).toEqual([status, code]);
      expect(outcome.summary).toContain(`answered HTTP ${status} with text/html`);
    }
  });

  test('200 for something that is no gRPC is 2', async () => {
    await using server = await startGrpcServer((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpcish' });
      stream.end('hello');
    });
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(2);
  });

  test.each([
    ['gRPC counts even beside an HTTP status', { ...grpcHead, 'grpc-status': '5' }, 5],
    ['gRPC in an answer that is none does not count', { 'grpc-status': '5' }, 14],
    ['HTTP counts in an answer of gRPC that has no other', grpcHead, 14],
  ])('%s', async (_name, head, code) => {
    await using server = await startGrpcServer((stream) =>
      stream.respond({ ...head, ':status': 503 }, { endStream: true }),
    );
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(code);
  });

  test('none at the end of an answer is 13', async () => {
    await using server = await startGrpcServer((stream) => {
      stream.respond(grpcHead);
      stream.end(framed(serving));
    });
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome.summary).toContain('ended the call without a status');
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(13);
  });
});

describe('a server that', () => {
  test.each([
    [2, 13],
    [3, 8],
    [7, 14],
    [8, 1],
    [11, 8],
    [12, 7],
  ])('resets the call with error %i of HTTP/2 counts as %i', async (error, code) => {
    await using server = await startGrpcServer((stream) => stream.close(error));
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(code);
  });

  const ways: [string, (stream: ServerHttp2Stream) => void][] = [
    ['closes the connection', (stream) => stream.session?.destroy()],
    ['drops the connection', (stream) => stream.session?.socket.destroy()],
    ['goes away with an error', (stream) => stream.session?.goaway(2, 1)],
    [
      'drops it in the middle of an answer',
      (stream) => {
        stream.respond(grpcHead);
        stream.write(framed(serving).subarray(0, 6), () => stream.session?.destroy());
      },
    ],
  ];
  test.each(ways)('%s counts as 14', async (_name, serve) => {
    await using server = await startGrpcServer(serve);
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(14);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('goes away before the call counts as 14', async () => {
    const settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const goAway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    await using server = await startTcpServer((socket) => {
      socket.once('data', () => socket.resume().write(Buffer.from([...settings, ...goAway])));
    });
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome.summary).toContain('does not take the call');
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(14);
  });

  test('goes away but still answers is well', async () => {
    await using server = await startGrpcServer((stream) => {
      stream.session?.goaway(0, 2 ** 31 - 1);
      answer(stream, framed(serving));
    });
    expect((await runGrpc(`127.0.0.1:${server.port}`)).status).toBe('ok');
  });

  test.each([
    ['talks HTTP/1.1', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'],
    ['greets like a mail server', '220 mx.example ESMTP\r\n'],
    ['sends garbage frames', '\0\0\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'.repeat(50)],
  ])('%s counts as 14', async (_name, text) => {
    await using server = await startTcpServer((socket) => {
      socket.resume();
      socket.write(Buffer.from(text, 'latin1'));
    });
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(14);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test.each([
    ['hangs up', (end: () => void, _reset: () => void) => end()],
    ['resets', (_end: () => void, reset: () => void) => reset()],
  ])('accepts and %s counts as 14', async (_name, leave) => {
    await using server = await startTcpServer((socket) =>
      leave(
        () => socket.end(),
        () => socket.resetAndDestroy(),
      ),
    );
    const outcome = await runGrpc(`127.0.0.1:${server.port}`, {}, { timeoutMs: 3000 });
    expect(outcome.status).toBe('critical');
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(14);
  });

  test.each([
    ['never answers a call', (stream: ServerHttp2Stream) => void stream.resume()],
    ['never ends an answer', (stream: ServerHttp2Stream) => stream.respond(grpcHead)],
  ])('%s is left at the deadline, with 4', async (_name, serve) => {
    await using server = await startGrpcServer(serve);
    const outcome = await runGrpc(`127.0.0.1:${server.port}`, {}, { timeoutMs: 200 });
    expect(outcome.reason).toBe('timeout');
    expect(outcome.summary).toContain('while waiting for the gRPC answer');
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(4);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });
});

test('a connection that ended before the call began counts as 14, at once', async () => {
  await using server = await startTcpServer((socket) => void socket.end());
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'close');
  using context = probeContext(3000);
  const call = { scheme: 'http', authority: 'a', path: '/', metadata: {}, peer: 'a' } as const;
  const answered = await callGrpc(socket, { ...call, request: Buffer.alloc(5) }, context);
  expect(answered).toMatchObject({ code: 14, failure: { reason: 'protocol' } });
});
