import type { Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { anyText, holdsInTime, mutated } from '../support/fuzz.ts';
import { metric } from '../support/probe-context.ts';
import { runHttp } from '../support/probe-http.ts';
import { expectSound } from '../support/siege.ts';
import { startTcpServer, type TestServer } from '../support/tcp-server.ts';

/** Answers every request with the next bytes, and ends. */
async function answeringServer(next: () => Buffer): Promise<TestServer> {
  return startTcpServer((socket: Socket) => {
    socket.once('data', () => socket.resume().end(next()));
  });
}

const rules: Parameters<typeof runHttp>[1] = {
  fail_if_header_matches: [{ header: 'X-Forbidden', regexp: '.+', allow_missing: true }],
  fail_if_body_matches_regexp: ['forbidden'],
};

const sound = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nLast-Modified: Tue, 15 Nov 1994 12:45:26 GMT\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n',
  'HTTP/1.0 404 Not Found\r\nContent-Type: text/html\r\n\r\n<h1>not here</h1>',
  'HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: a=b; Path=/; HttpOnly\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
].map((text) => Buffer.from(text));

const name = fc.constantFrom(
  'Content-Length',
  'Transfer-Encoding',
  'Location',
  'Set-Cookie',
  'Last-Modified',
  'Connection',
  'Upgrade',
  'X-Forbidden',
  'Content-Encoding',
);
const value = fc.oneof(
  fc.constantFrom('5', 'chunked', 'close', '/'),
  fc.constantFrom(
    '',
    '0',
    '5',
    '-1',
    '99999999999999999999',
    'chunked',
    'gzip',
    'close',
    '/',
    '//x',
  ),
  anyText(30),
);
const status = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('200', '204', '302', '404') },
  { weight: 2, arbitrary: fc.integer({ min: 100, max: 999 }).map(String) },
  { weight: 1, arbitrary: anyText(4) },
);

const built = fc
  .record({
    version: fc.constantFrom('1.1', '1.1', '1.1', '1.1', '1.0', '1.0', '2.0', '11', ''),
    status,
    text: fc.oneof({ weight: 3, arbitrary: fc.constant('OK') }, anyText(10)),
    headers: fc.array(
      fc.tuple(
        fc.oneof({ weight: 9, arbitrary: name }, { weight: 1, arbitrary: anyText(8) }),
        value,
      ),
      { maxLength: 3 },
    ),
    end: fc.constantFrom('\r\n\r\n', '\r\n\r\n', '\r\n\r\n', '\n\n', ''),
    body: anyText(60),
  })
  .map(({ version, status, text, headers, end, body }) => {
    const lines = headers.map(([header, it]) => `\r\n${header}: ${it}`).join('');
    return Buffer.from(`HTTP/${version} ${status} ${text}${lines}${end}${body}`, 'latin1');
  });

test.each([
  ['damaged', mutated(sound)],
  ['made of pieces', built],
])(
  'an answer that is %s gives a verdict in time, and closes its connection',
  async (_what, all) => {
    let answer: Buffer = Buffer.alloc(0);
    await using server = await answeringServer(() => answer);
    const verdicts = new Set<string>();
    await holdsInTime(
      fc.asyncProperty(all, async (bytes) => {
        answer = bytes;
        const outcome = await runHttp(`http://127.0.0.1:${server.port}/`, rules, 2000);
        expectSound(outcome);
        expect(outcome.reason).not.toBe('internal');
        expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBeLessThanOrEqual(
          bytes.length,
        );
        const code = metric(outcome, 'probe_http_status_code') ?? -1;
        expect(code === 0 || (code >= 100 && code <= 999)).toBe(true);
        verdicts.add(outcome.reason ?? outcome.status);
      }),
      250,
    );
    await eventually(() => server.open.size === 0, 'every connection is closed');
    // Else the property would be about one kind of answer only.
    expect(verdicts.size).toBeGreaterThanOrEqual(3);
  },
);
