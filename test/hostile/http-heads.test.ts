import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { responseHeadBytesMax } from '../../src/model/limits.ts';
import { answering, beginning, pour, trickle } from '../support/hostile-peer.ts';
import { metric } from '../support/probe-context.ts';
import { runHttp } from '../support/probe-http.ts';
import { besiege } from '../support/siege.ts';

type Block = Parameters<typeof runHttp>[1];

async function siege(
  serve: (socket: Socket) => void,
  block: Block = {},
  timeoutMs?: number,
): Promise<ProbeOutcome> {
  return besiege(serve, async (address, ms) => runHttp(address, block, ms), timeoutMs);
}

const ok = 'HTTP/1.1 200 OK\r\n';
const five = 'Content-Length: 5\r\n\r\nhello';

describe('a head without end', () => {
  test.each([
    ['of many headers', `${ok}A: b\r\n`, 'X-Padding: 0123456789\r\n'.repeat(100)],
    ['of one header line', `${ok}X: `, 'x'.repeat(4096)],
    ['of one header name', ok, 'x'.repeat(4096)],
    ['of one status text', 'HTTP/1.1 200 ', 'O'.repeat(4096)],
    [
      'after many interim answers',
      'HTTP/1.1 100 Continue\r\n\r\n'.repeat(9) + ok,
      'X: y\r\n'.repeat(1000),
    ],
  ])('%s is cut off', async (_what, start, more) => {
    const outcome = await siege(
      beginning(start, (socket) => pour(socket, more)),
      {},
      5000,
    );
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(metric(outcome, 'probe_http_status_code')).toBe(0);
  });

  test('of many headers says how long it may be', async () => {
    const outcome = await siege(
      beginning(ok, (socket) => pour(socket, 'A: b\r\n'.repeat(1000))),
      {},
      5000,
    );
    expect(outcome.summary).toContain(`longer than ${responseHeadBytesMax} bytes`);
  });

  test.each([
    ['of spaces before a value', `${ok}X:`, ' '.repeat(4096)],
    ['of empty lines', '', '\r\n'.repeat(4096)],
    ['of interim answers', '', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)],
    ['of early hints', '', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(100)],
  ])('%s lasts until the deadline and is not kept', async (_what, start, more) => {
    const outcome = await siege(
      beginning(start, (socket) => pour(socket, more)),
      {},
      300,
    );
    expect(outcome).toMatchObject({ status: 'critical', reason: 'timeout' });
  });

  test.each([
    ['the status line', `${ok}A: b\r\n\r\n`],
    ['an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50)],
  ])('byte by byte: %s', async (_what, text) => {
    const outcome = await siege(
      beginning('', (socket) => trickle(socket, text, 20)),
      {},
      200,
    );
    expect(outcome).toMatchObject({ status: 'critical', reason: 'timeout' });
  });
});

describe('a head that is not HTTP', () => {
  test.each([
    ['HTTP/0.9', '<html>hello</html>'],
    ['another protocol', '220 mail.example ESMTP\r\n'],
    ['a version that is none', 'HTTP/9.9 200 OK\r\n\r\n'],
    ['a version without number', 'HTTP/x 200 OK\r\n\r\n'],
    ['a negative status', 'HTTP/1.1 -1 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a NUL in a value', `${ok}X: a\0b\r\n${five}`],
    ['a NUL in a name', `${ok}X\0: a\r\n${five}`],
    ['a header without colon', `${ok}nonsense\r\n${five}`],
    ['a space in a name', `${ok}X Y: a\r\n${five}`],
    ['a lone CR in a value', `${ok}X: a\rb\r\n${five}`],
    ['two lengths that differ', `${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`],
    ['a list of lengths', `${ok}Content-Length: 5, 6\r\n\r\nhello!`],
    ['a negative length', `${ok}Content-Length: -5\r\n\r\nhello`],
    ['a length with a sign', `${ok}Content-Length: +5\r\n\r\nhello`],
    ['a length in hexadecimal', `${ok}Content-Length: 0x5\r\n\r\nhello`],
    ['a length beyond all numbers', `${ok}Content-Length: ${'9'.repeat(40)}\r\n\r\nhello`],
  ])('%s', async (_what, text) => {
    const outcome = await siege(answering(text));
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(metric(outcome, 'probe_http_status_code')).toBe(0);
    expect(metric(outcome, 'probe_http_version')).toBe(0);
  });
});

describe('a head that is odd', () => {
  test.each([
    ['bytes that are no UTF-8 in a value', `${ok}X: \xff\xfe\xc0\x80\r\n${five}`],
    ['bytes that are no UTF-8 in the status text', `HTTP/1.1 200 \xff\xfe\r\n${five}`],
    ['no status text', `HTTP/1.1 200\r\n${five}`],
    ['a NUL in the body', `${ok}Content-Length: 5\r\n\r\na\0b\0c`],
    ['bytes that are no UTF-8 in the body', `${ok}Content-Length: 4\r\n\r\n\xff\xc0\x80\xed`],
    ['a second answer behind the first', `${ok}${five}${ok}${five}`],
    ['rubbish behind the answer', `${ok}${five}\0\xff rubbish`],
    ['a header of 64 KiB', `${ok}X: ${'x'.repeat(65_536)}\r\n${five}`],
    ['an upgrade that is only offered', `${ok}Upgrade: h2c\r\n${five}`],
  ])('%s is taken', async (_what, text) => {
    const outcome = await siege(answering(text));
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_status_code')).toBe(200);
  });

  test.each([
    ['the same length twice', `${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
    ['a length and chunks', `${ok}Transfer-Encoding: chunked\r\n${five}`],
    ['lines that end with LF only', `${ok}${five}`.replaceAll('\r', '')],
    ['a folded header', `${ok}X: a\r\n b\r\n${five}`],
    ['a status of two digits', 'HTTP/1.1 99 Low\r\n\r\n'],
  ])('%s is refused, since others might read it in another way', async (_what, text) => {
    const outcome = await siege(answering(text));
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(outcome.summary).toContain('is not HTTP');
  });

  test.each([
    ['a status nobody knows', 'HTTP/1.1 999 High\r\n\r\n', 'status', 999],
    ['chunks that are none', `${ok}Transfer-Encoding: chunked\r\n\r\nnonsense`, 'body', 200],
    [
      'a chunk of negative length',
      `${ok}Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n`,
      'body',
      200,
    ],
    [
      'a chunk beyond all numbers',
      `${ok}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(40)}\r\n`,
      'body',
      200,
    ],
    ['a length beyond the body', `${ok}Content-Length: 9007199254740991\r\n\r\nhello`, 'body', 200],
    ['half a chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhe`, 'body', 200],
  ])('%s fails, with the status that came', async (_what, text, reason, status) => {
    const outcome = await siege(answering(text));
    expect(outcome).toMatchObject({ status: 'critical', reason });
    expect(metric(outcome, 'probe_http_status_code')).toBe(status);
  });

  test('an upgrade that nobody asked for is no success', async () => {
    const outcome = await siege(
      answering('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    );
    expect(outcome.status).toBe('critical');
  });
});
