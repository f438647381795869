import { gzipSync } from 'node:zlib';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { ProbeOutcome } from '../../../../src/checks/net/probe.ts';
import { responseHeadBytesMax } from '../../../../src/model/limits.ts';
import { eventually } from '../../../support/eventually.ts';
import { metric } from '../../../support/probe-context.ts';
import { runHttp } from '../../../support/probe-http.ts';
import { startTcpServer } from '../../../support/tcp-server.ts';

const timeoutMs = 200;
/** What the end of the probe may take after the deadline, on a machine that has other things to do. */
const graceMs = 1000;

/** Runs a probe against a server that misbehaves and expects it to end in time and leave nothing open. */
async function probeMisbehaving(
  serve: (socket: Socket) => void,
  scheme = 'http',
): Promise<ProbeOutcome> {
  await using server = await startTcpServer(serve);
  const outcome = await runHttp(`${scheme}://127.0.0.1:${server.port}`, {}, timeoutMs);
  expect((outcome.values[0]?.value ?? 0) * 1000).toBeLessThan(timeoutMs + graceMs);
  await eventually(() => server.open.size === 0, 'the probe closes its connection');
  return outcome;
}

/** Writes again and again until the peer is gone. */
function pour(socket: Socket, chunk: string | Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

test('a server that accepts and never answers', async () => {
  const outcome = await probeMisbehaving((socket) => void socket.resume());
  expect(outcome.reason).toBe('timeout');
  expect(outcome.summary).toMatch(/^no answer within 200ms while waiting for the response head/);
  expect(metric(outcome, 'probe_http_duration_seconds', { phase: 'connect' })).toBeGreaterThan(0);
});

test('a server that sends its head byte by byte', async () => {
  const outcome = await probeMisbehaving((socket) => {
    socket.resume().write('HTTP/1.1 200 OK\r\nX: ');
    const timer = setInterval(() => socket.write('x'), 5);
    socket.once('close', () => clearInterval(timer));
  });
  expect(outcome.reason).toBe('timeout');
});

test('a server whose head never ends', async () => {
  const outcome = await probeMisbehaving((socket) => {
    socket.resume().write('HTTP/1.1 200 OK\r\n');
    pour(socket, 'X-Padding: 0123456789\r\n'.repeat(100));
  });
  expect(outcome.reason).toBe('protocol');
  expect(outcome.summary).toContain(`longer than ${responseHeadBytesMax} bytes`);
});

test('BB-T111 a body that stalls keeps the status', async () => {
  const outcome = await probeMisbehaving((socket) => {
    socket.resume().write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
  });
  expect(outcome.reason).toBe('timeout');
  expect(outcome.summary).toBe('no answer within 200ms while reading the body, 3 bytes so far');
  expect(metric(outcome, 'probe_http_status_code')).toBe(200);
});

test('a body that never ends is counted and not kept', async () => {
  const before = process.memoryUsage().rss;
  const outcome = await probeMisbehaving((socket) => {
    socket.resume().write('HTTP/1.1 200 OK\r\n\r\n');
    pour(socket, Buffer.alloc(64 * 1024, 'x'));
  });
  expect(outcome.reason).toBe('timeout');
  expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBeGreaterThan(1024 * 1024);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
});

test('a small body that unpacks to a huge one stops at its limit', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  await using server = await startTcpServer((socket) => {
    socket.resume().write(`HTTP/1.1 200 OK\r\nContent-Length: ${bomb.length}\r\n\r\n`);
    socket.write(bomb);
  });
  const options = { compression: 'gzip', body_size_limit: '1MB' } as const;
  const outcome = await runHttp(`127.0.0.1:${server.port}`, options);
  expect(outcome.reason).toBe('body');
  expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(1024 * 1024);
});

test('a TLS handshake that stops half-way', async () => {
  const outcome = await probeMisbehaving((socket) => {
    // The head of a record with a ServerHello that never comes.
    socket.resume().write(Buffer.from('160303007a02000076', 'hex'));
  }, 'https');
  expect(outcome.reason).toBe('timeout');
  expect(outcome.summary).toMatch(/^no answer within 200ms while in the TLS handshake with 127/);
});

test.each([
  ['nothing at all', '', /closed the connection without a response/],
  ['half a head', 'HTTP/1.1 200 OK\r\nX', /closed the connection without a response/],
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', /is not HTTP/],
])('a server that sends %s and closes', async (_what, text, sentence) => {
  const outcome = await probeMisbehaving((socket) => {
    socket.once('data', () => socket.end(text));
  });
  expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
  expect(outcome.summary).toMatch(sentence);
});

test('a server that speaks no TLS where TLS is wanted', async () => {
  const outcome = await probeMisbehaving((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  }, 'https');
  expect(outcome).toMatchObject({ status: 'critical', reason: 'tls' });
  expect(outcome.summary).toContain('does not speak TLS');
});

test('a tunnel that was asked for and granted is no response', async () => {
  await using server = await startTcpServer((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 200 Connected\r\n\r\n'));
  });
  const outcome = await runHttp(`127.0.0.1:${server.port}`, { method: 'CONNECT' });
  expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
});

test('a signal that is aborted from the start ends the probe at once', async () => {
  const outcome = await runHttp('http://127.0.0.1:9', {}, 0);
  expect(outcome.status).toBe('critical');
});
