import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib';
import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { bodyBytesMax } from '../../../../src/model/limits.ts';
import { metric } from '../../../support/probe-context.ts';
import { startHttpServer } from '../../../support/http-server.ts';
import { runHttp } from '../../../support/probe-http.ts';
import { startTcpServer } from '../../../support/tcp-server.ts';

const text = 'Twinkle, twinkle, little star. '.repeat(4).slice(0, 110);
const packed = {
  gzip: gzipSync(text),
  br: brotliCompressSync(text),
  deflate: deflateRawSync(text),
  identity: Buffer.from(text),
};

const answerWith =
  (body: string | Buffer, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(200, { 'Content-Length': Buffer.byteLength(body), ...headers }).end(body);

describe('the length of the body', () => {
  test.each([
    ['BB-T15', { 'Content-Encoding': 'identity' }],
    ['BB-T16', {}],
    ['BB-T17', { 'Content-Encoding': 'xxx' }],
  ])('%s is the same with %j', async (_id, headers) => {
    await using server = await startHttpServer(answerWith(text, headers));
    const outcome = await runHttp(server.url);
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_content_length')).toBe(110);
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(110);
  });

  test('BB-T18 is measured although the status is wrong', async () => {
    await using server = await startHttpServer((_request, response) =>
      response.writeHead(404, { 'Content-Length': 9 }).end('not there'),
    );
    const outcome = await runHttp(server.url);
    expect(outcome.status).toBe('critical');
    expect(metric(outcome, 'probe_http_content_length')).toBe(9);
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(9);
  });

  test('BB-T112 is announced as -1 if the answer is chunked', async () => {
    await using server = await startHttpServer((_request, response) => {
      response.write('a');
      response.end('bc');
    });
    const outcome = await runHttp(server.url);
    expect(metric(outcome, 'probe_http_content_length')).toBe(-1);
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(3);
  });
});

describe('compression', () => {
  test.each(['gzip', 'br', 'deflate'] as const)('BB-T19 %s is left alone', async (coding) => {
    const headers = { 'Content-Encoding': coding };
    await using server = await startHttpServer(answerWith(packed[coding], headers));
    const outcome = await runHttp(server.url);
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(packed[coding].length);
  });

  test.each(['gzip', 'br', 'deflate', 'identity'] as const)(
    'BB-T20 BB-T21 %s is unpacked if so configured, and judged unpacked',
    async (compression) => {
      await using server = await startHttpServer(answerWith(packed[compression]));
      const rule = { fail_if_body_not_matches_regexp: ['little star'] };
      const outcome = await runHttp(server.url, { compression, ...rule });
      expect(outcome.status).toBe('ok');
      expect(metric(outcome, 'probe_http_content_length')).toBe(packed[compression].length);
      expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(110);
    },
  );

  test.each(['gzip', 'br, gzip', '*'])(
    'BB-T23 gzip is unpacked under Accept-Encoding %s',
    async (accepted) => {
      const seen: unknown[] = [];
      await using server = await startHttpServer((request, response) => {
        seen.push(request.headers['accept-encoding']);
        answerWith(packed.gzip)(request, response);
      });
      const options = { compression: 'gzip', headers: { 'Accept-Encoding': accepted } };
      const outcome = await runHttp(server.url, options);
      expect(outcome.status).toBe('ok');
      expect(seen).toEqual([accepted]);
      expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(110);
    },
  );

  test('BB-T24 gzip stays packed where no compression is configured', async () => {
    await using server = await startHttpServer(answerWith(packed.gzip));
    const options = { headers: { 'Accept-Encoding': 'gzip' } };
    const outcome = await runHttp(server.url, options);
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(packed.gzip.length);
  });

  test.each([
    ['gzip', 'critical'],
    ['deflate', 'critical'],
    ['br', 'ok'],
    ['identity', 'ok'],
  ])('an empty body taken for %s is %s', async (compression, status) => {
    await using server = await startHttpServer(answerWith(''));
    expect((await runHttp(server.url, { compression })).status).toBe(status);
  });

  test.each([
    ['gzip', 'critical'],
    ['br', 'ok'],
  ])('a redirect that is not followed, unpacked from %s, is %s', async (compression, status) => {
    await using server = await startHttpServer((_request, response) =>
      response.writeHead(302, { Location: '/next' }).end(packed.gzip),
    );
    const options = { follow_redirects: false, valid_status_codes: [302], compression };
    const outcome = await runHttp(server.url, options);
    expect(outcome.status).toBe(status);
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(0);
  });

  test.each([
    ['BB-T22 gzip taken for deflate', packed.gzip, 'deflate'],
    ['a plain body taken for gzip', packed.identity, 'gzip'],
  ] as const)('%s fails with no byte read', async (_id, body, compression) => {
    await using server = await startHttpServer(answerWith(body));
    const outcome = await runHttp(server.url, { compression });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'body' });
    expect(metric(outcome, 'probe_http_content_length')).toBe(body.length);
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(0);
  });
});

describe('body_size_limit', () => {
  const limit = { body_size_limit: '128B' };
  test.each([
    ['BB-T25', 127, true, 127],
    ['at the limit', 128, true, 128],
    ['BB-T26', 129, false, 128],
  ])('%s judges a body of %i bytes', async (_id, length, isOk, measured) => {
    await using server = await startHttpServer(answerWith('x'.repeat(length)));
    const outcome = await runHttp(server.url, limit);
    expect(outcome.reason).toBe(isOk ? undefined : 'body');
    expect(metric(outcome, 'probe_http_content_length')).toBe(length);
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(measured);
  });

  test.each([
    ['BB-T27', 127, true],
    ['BB-T28', 129, false],
  ])('%s counts after unpacking', async (_id, length, isOk) => {
    await using server = await startHttpServer(answerWith(gzipSync('x'.repeat(length))));
    const outcome = await runHttp(server.url, { ...limit, compression: 'gzip' });
    expect(outcome.status).toBe(isOk ? 'ok' : 'critical');
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(Math.min(length, 128));
  });
});

describe('rules about the body', () => {
  test.each([
    ['BB-T60 one matches', 'fail_if_body_matches_regexp', ['could not connect'], false],
    ['BB-T61 none matches', 'fail_if_body_matches_regexp', ['error'], true],
    ['BB-T62 one of two matches', 'fail_if_body_matches_regexp', ['error', 'connect'], false],
    ['BB-T63 none of two', 'fail_if_body_matches_regexp', ['error', 'down'], true],
    ['BB-T64 it is missing', 'fail_if_body_not_matches_regexp', ['ready'], false],
    ['BB-T65 it is there', 'fail_if_body_not_matches_regexp', ['database'], true],
    ['BB-T66 one of two missing', 'fail_if_body_not_matches_regexp', ['database', 'ready'], false],
    ['BB-T67 both there', 'fail_if_body_not_matches_regexp', ['database', 'connect'], true],
  ])('%s: %s %j', async (_id, key, expressions, isOk) => {
    await using server = await startHttpServer(answerWith('could not connect to database'));
    const outcome = await runHttp(server.url, { [key]: expressions });
    expect(outcome.reason).toBe(isOk ? undefined : 'body');
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(isOk ? 0 : 1);
    expect(metric(outcome, 'probe_http_content_length')).toBe(29);
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(29);
  });

  test('BB-T107 are not judged once the status is wrong', async () => {
    await using server = await startHttpServer((_request, response) =>
      response.writeHead(404).end('error'),
    );
    const outcome = await runHttp(server.url, { fail_if_body_matches_regexp: ['error'] });
    expect(outcome.reason).toBe('status');
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(0);
  });

  test('see the first part of a body that is longer than what is kept', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const chunks = Array<Buffer>(bodyBytesMax / chunk.length).fill(chunk);
    const body = Buffer.concat([Buffer.from('<head>'), ...chunks, Buffer.from('<end>')]);
    await using server = await startHttpServer(answerWith(body));
    const head = await runHttp(server.url, { fail_if_body_not_matches_regexp: ['^<head>'] });
    expect(head.status).toBe('ok');
    expect(metric(head, 'probe_http_uncompressed_body_length')).toBe(body.length);
    const end = await runHttp(server.url, { fail_if_body_not_matches_regexp: ['<end>'] });
    expect(end.reason).toBe('body');
    expect(end.detail.join('\n')).toContain(`the first ${bodyBytesMax} are judged`);
  });
});

test('a body that is cut off fails, and breaks a rule that needed it', async () => {
  await using server = await startTcpServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'));
  });
  const target = `127.0.0.1:${server.port}`;
  const plain = await runHttp(target);
  expect(plain).toMatchObject({ status: 'critical', reason: 'body' });
  expect(plain.summary).toBe('the connection was closed before the body was complete');
  expect(metric(plain, 'probe_http_status_code')).toBe(200);
  expect(metric(plain, 'probe_failed_due_to_regex')).toBe(0);
  const judged = await runHttp(target, { fail_if_body_not_matches_regexp: ['abc'] });
  expect(metric(judged, 'probe_failed_due_to_regex')).toBe(1);
});
