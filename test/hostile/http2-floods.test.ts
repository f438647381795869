import type { Socket } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { pour } from '../support/hostile-peer.ts';
import { mebibyte, probeAlone } from '../support/hostile-memory.ts';
import * as h2 from '../support/http2-frames.ts';
import { startHttp2Server } from '../support/http-server.ts';
import { metric } from '../support/probe-context.ts';
import { runHttp } from '../support/probe-http.ts';
import { besiege } from '../support/siege.ts';
import { createAuthority } from '../support/tls-authority.ts';

const authority = createAuthority();
afterAll(() => authority[Symbol.dispose]());
const sound = authority.issue();
const tls_config = { ca: authority.ca };

async function siege(serve: (socket: Socket) => void, timeoutMs = 400): Promise<ProbeOutcome> {
  return besiege(
    await h2.startFrameServer(sound, serve),
    async (address, ms) => runHttp(`https://${address}`, { tls_config }, ms),
    timeoutMs,
  );
}

const status = h2.field(':status', '200');
const head = h2.headFrame([status]);
const many = (one: Buffer): Buffer => Buffer.concat(Array<Buffer>(500).fill(one));
const pouring =
  (start: Buffer, more: Buffer): ((socket: Socket) => void) =>
  (socket) => {
    socket.resume().write(start);
    pour(socket, more);
  };
const none = Buffer.alloc(0);
const hello = h2.frame('data', { stream: 1, payload: Buffer.from('hello') });
const number = (value: number): Buffer => Buffer.from(value.toString(16).padStart(8, '0'), 'hex');

const cancelled = h2.frame('reset', { stream: 1, payload: number(8) });

describe('a flood of HTTP/2 frames', () => {
  test.each([
    ['settings', many(h2.frame('settings', { payload: Buffer.from('000400010000', 'hex') }))],
    ['empty settings', many(h2.frame('settings'))],
    ['pings', many(h2.frame('ping', { payload: Buffer.alloc(8) }))],
    ['window updates', many(h2.frame('window', { payload: number(1) }))],
    ['priorities', many(h2.frame('priority', { stream: 1, payload: Buffer.alloc(5) }))],
    ['frames nobody knows', many(Buffer.from('000004f0000000000000000000', 'hex'))],
    ['resets of streams that are none', many(h2.frame('reset', { stream: 3, payload: number(8) }))],
    ['interim answers', many(h2.headFrame([h2.field(':status', '103')]))],
    ['farewells', many(h2.frame('goAway', { payload: Buffer.alloc(8) }))],
  ])('%s before any answer', async (_what, frames) => {
    const outcome = await siege(pouring(none, frames));
    expect(outcome.status).toBe('critical');
    expect(['protocol', 'timeout']).toContain(outcome.reason);
    expect(metric(outcome, 'probe_http_status_code')).toBe(0);
  });

  test.each([
    ['pings', many(h2.frame('ping', { payload: Buffer.alloc(8) }))],
    ['empty data', many(h2.frame('data', { stream: 1 }))],
    ['padding', many(h2.frame('data', { stream: 1, flags: 8, payload: Buffer.of(3, 0, 0, 0) }))],
    ['data beyond every window', h2.frame('data', { stream: 1, payload: Buffer.alloc(16_384) })],
  ])('%s in the middle of the body', async (_what, frames) => {
    const outcome = await siege(pouring(head, frames));
    expect(outcome.status).toBe('critical');
    expect(['body', 'timeout']).toContain(outcome.reason);
    expect(metric(outcome, 'probe_http_status_code')).toBe(200);
  });

  test('a head that goes on in frame after frame', async () => {
    const fields = Array.from({ length: 100 }, (_, at) => h2.field(`x-${at}`, 'y'.repeat(100)));
    const more = h2.frame('continuation', { stream: 1, payload: Buffer.concat(fields) });
    const outcome = await siege(pouring(h2.headFrame([status], 0), more), 5000);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
  });

  test('a head of empty frames', async () => {
    const more = many(h2.frame('continuation', { stream: 1 }));
    const outcome = await siege(pouring(h2.headFrame([status], 0), more), 5000);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
  });

  test('a head of a few bytes that unpack to megabytes', async () => {
    // One long field is remembered, then named again by its number (RFC 7541, 6.1), a byte each time.
    const remembered = h2.field('x', 'y'.repeat(4000));
    remembered[0] = 0x40;
    const again = Buffer.alloc(4000, 0xbe);
    const outcome = await siege(h2.sending(h2.headFrame([status, remembered, again])), 3000);
    expect(outcome.status).toBe('critical');
    expect(['protocol', 'timeout', 'body']).toContain(outcome.reason);
  });
});

describe('HTTP/2 that is none', () => {
  test.each([
    ['an answer in HTTP/1.1', Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')],
    ['zeros', Buffer.alloc(4096)],
    ['a frame longer than allowed', Buffer.from('ffffff000000000001', 'hex')],
    ['a head without status', h2.headFrame([h2.field('x', 'y')], 5)],
    ['a head with two', h2.headFrame([status, status], 5)],
    ['a status that is no number', h2.headFrame([h2.field(':status', 'abc')], 5)],
    ['a status of six digits', h2.headFrame([h2.field(':status', '200000')], 5)],
    ['a name in capitals', h2.headFrame([status, h2.field('X', 'y')], 5)],
    ['a length that is not kept', h2.headFrame([status, h2.field('content-length', '9')], 5)],
    ['a length that is no number', h2.headFrame([status, h2.field('content-length', '-1')], 5)],
    ['a header about the connection', h2.headFrame([status, h2.field('connection', 'close')], 5)],
    [
      'a code of HPACK that is none',
      h2.headFrame([status, Buffer.from('ff80808080808080', 'hex')]),
    ],
    ['data before the head', h2.frame('data', { stream: 1, payload: Buffer.from('hello') })],
    ['a head for a stream that is none', h2.frame('headers', { flags: 5, stream: 7 })],
    ['a promise nobody allowed', h2.frame('push', { flags: 4, stream: 1, payload: number(2) })],
    ['settings of half a length', h2.frame('settings', { payload: Buffer.alloc(5) })],
    ['a ping of half a length', h2.frame('ping', { payload: Buffer.alloc(4) })],
    ['a window of nothing', h2.frame('window', { payload: number(0) })],
    ['a reset', h2.frame('reset', { stream: 1, payload: number(2) })],
    ['a farewell', h2.frame('goAway', { payload: Buffer.concat([number(0), number(11)]) })],
  ])('%s', async (_what, bytes) => {
    const outcome = await siege(h2.sending(bytes));
    expect(outcome.status).toBe('critical');
    expect(['protocol', 'timeout']).toContain(outcome.reason);
    expect(metric(outcome, 'probe_http_status_code')).toBe(0);
  });

  test.each([
    ['a NUL', 'a\0b'],
    ['a line feed', 'a\r\nb: c'],
  ])('a header with %s in its value is as good as none', async (_what, value) => {
    const fields = [status, h2.field('x', value)];
    const outcome = await besiege(
      await h2.startFrameServer(sound, h2.sending(h2.headFrame(fields, 5))),
      async (address, ms) => {
        const rule = { header: 'x', regexp: '.*' };
        return runHttp(
          `https://${address}`,
          { tls_config, fail_if_header_not_matches: [rule] },
          ms,
        );
      },
    );
    expect(outcome.summary).toBe('the header x is missing');
  });

  test.each([
    ['the head', none, 'protocol'],
    ['the body', Buffer.concat([head, hello]), 'body'],
    ['the body, by a reset', Buffer.concat([head, hello, cancelled]), 'body'],
  ])('a stream that ends before %s does', async (_what, bytes, reason) => {
    const outcome = await siege((socket) => void socket.resume().end(bytes), 5000);
    expect(outcome).toMatchObject({ status: 'critical', reason });
    expect(metric(outcome, 'probe_http_status_code')).toBe(reason === 'body' ? 200 : 0);
  });

  test('a body that is complete before the connection ends is sound', async () => {
    const last = h2.frame('data', { stream: 1, flags: h2.endStream });
    const outcome = await siege(
      (socket) => void socket.resume().end(Buffer.concat([head, hello, last])),
      5000,
    );
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(5);
  });
});

test('a body without end over HTTP/2 is counted and not kept', async () => {
  await using server = await startHttp2Server(sound, (_request, response) => {
    response.on('error', () => {});
    pour(response as unknown as Socket, Buffer.alloc(64 * 1024, 'x'));
  });
  const order = {
    kind: 'http',
    target: server.url,
    block: { tls_config },
    timeoutMs: 500,
  } as const;
  const outcome = await probeAlone(order, { grownBytes: 192 * mebibyte });
  expect(outcome.reason).toBe('timeout');
  expect(metric(outcome, 'probe_http_version')).toBe(2);
  expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBeGreaterThan(mebibyte);
});
