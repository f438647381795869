import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib';
import { contest, type ProbeCase } from './kit/contest.ts';
import { answering, serving, type Reply } from './kit/http.ts';

const text = 'The bell rings when the tide is high. '.repeat(3).slice(0, 110);

const packed = {
  gzip: gzipSync(text),
  br: brotliCompressSync(text),
  deflate: deflateRawSync(text),
  identity: Buffer.from(text),
};

interface Lengths {
  readonly success: 0 | 1;
  readonly content: number;
  readonly body: number;
}

function lengths(title: string, http: object, reply: Reply, wanted: Lengths): ProbeCase {
  return {
    title,
    module: { prober: 'http', http },
    server: answering(reply),
    expect: {
      success: wanted.success,
      metrics: {
        probe_http_content_length: wanted.content,
        probe_http_uncompressed_body_length: wanted.body,
      },
    },
  };
}

/** A reply in one of the codings, which says so. */
function coded(coding: keyof typeof packed): Reply {
  return { headers: { 'content-encoding': coding }, body: packed[coding] };
}

const whole = { success: 1, content: 110, body: 110 } as const;

/** What a body is measured to be if nobody takes it apart. */
function asItCame(coding: keyof typeof packed): Lengths {
  const { length } = packed[coding];
  return { success: 1, content: length, body: length };
}

const lengthsWithoutCompression: readonly ProbeCase[] = [
  lengths('BB-T15 a body that is declared identity', {}, coded('identity'), whole),
  lengths('BB-T16 a body without a coding', {}, { body: text }, whole),
  lengths(
    'BB-T17 a coding that nobody knows is left alone',
    {},
    { headers: { 'content-encoding': 'xxx' }, body: text },
    whole,
  ),
  lengths(
    'BB-T18 the body of an answer that fails is measured as well',
    {},
    { status: 404, body: 'Not Found' },
    { success: 0, content: 9, body: 9 },
  ),
  lengths('BB-T19 brotli is not taken apart unasked', {}, coded('br'), asItCame('br')),
  lengths('BB-T19 deflate is not taken apart unasked', {}, coded('deflate'), asItCame('deflate')),
  lengths('BB-T19 gzip is not taken apart unasked', {}, coded('gzip'), asItCame('gzip')),
];

/** Taken apart: the declared length is that of what came, the other one that of the text. */
function apart(coding: keyof typeof packed): Lengths {
  return { success: 1, content: packed[coding].length, body: 110 };
}

const compression: readonly ProbeCase[] = [
  lengths('BB-T20 gzip is taken apart', { compression: 'gzip' }, coded('gzip'), apart('gzip')),
  lengths('BB-T20 brotli is taken apart', { compression: 'br' }, coded('br'), apart('br')),
  lengths(
    'BB-T20 raw deflate is taken apart',
    { compression: 'deflate' },
    coded('deflate'),
    apart('deflate'),
  ),
  lengths('BB-T21 identity is what it is', { compression: 'identity' }, coded('identity'), whole),
  lengths(
    'BB-T22 gzip that is taken for deflate cannot be read',
    { compression: 'deflate' },
    coded('gzip'),
    { success: 0, content: packed.gzip.length, body: 0 },
  ),
  ...['gzip', 'br, gzip', '*'].map((accepted) =>
    lengths(
      `BB-T23 gzip is taken apart where Accept-Encoding is ${accepted}`,
      { compression: 'gzip', headers: { 'Accept-Encoding': accepted } },
      coded('gzip'),
      apart('gzip'),
    ),
  ),
  lengths(
    'BB-T24 gzip that was asked for is not taken apart without the option',
    { headers: { 'Accept-Encoding': 'gzip' } },
    coded('gzip'),
    asItCame('gzip'),
  ),
];

const short = 'a'.repeat(127);
const long = 'a'.repeat(129);

const bodyLimit: readonly ProbeCase[] = [
  lengths(
    'BB-T25 a body below the limit',
    { body_size_limit: '128B' },
    { body: short },
    { success: 1, content: 127, body: 127 },
  ),
  lengths(
    'BB-T26 a body beyond the limit',
    { body_size_limit: '128B' },
    { body: long },
    { success: 0, content: 129, body: 128 },
  ),
  lengths(
    'BB-T27 a compressed body is measured as it was before',
    { body_size_limit: '128B', compression: 'gzip' },
    { body: gzipSync(short) },
    { success: 1, content: gzipSync(short).length, body: 127 },
  ),
  lengths(
    'BB-T28 a compressed body that is beyond the limit once it is taken apart',
    { body_size_limit: '128B', compression: 'gzip' },
    { body: gzipSync(long) },
    { success: 0, content: gzipSync(long).length, body: 128 },
  ),
];

const otherBodies: readonly ProbeCase[] = [
  {
    title: 'BB-T111 a body that stalls fails at the deadline and keeps the status',
    module: { prober: 'http', timeout: '300ms' },
    server: serving((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
    }),
    expect: {
      success: 0,
      metrics: {
        probe_http_status_code: 200,
        probe_http_content_length: 100,
        probe_http_uncompressed_body_length: 4,
      },
    },
  },
  {
    title: 'BB-T112 a body in chunks has no declared length',
    module: { prober: 'http' },
    server: serving((_request, response) => {
      response.write('first ');
      response.end('last');
    }),
    expect: {
      success: 1,
      metrics: { probe_http_content_length: -1, probe_http_uncompressed_body_length: 10 },
    },
  },
  {
    title: 'BB-T113 the date of the last change is shown in seconds',
    module: { prober: 'http' },
    server: answering({ headers: { 'last-modified': 'Tue, 15 Nov 1994 12:45:26 GMT' } }),
    expect: {
      success: 1,
      metrics: { probe_http_last_modified_timestamp_seconds: 784903526 },
    },
  },
  ...['yesterday', '1994-11-15T12:45:26Z'].map((garbage) => ({
    title: `BB-T113 a last change of ${garbage} is no date`,
    module: { prober: 'http' as const },
    server: answering({ headers: { 'last-modified': garbage } }),
    expect: {
      success: 1 as const,
      absent: ['probe_http_last_modified_timestamp_seconds'],
    },
  })),
];

contest({ lengthsWithoutCompression, compression, bodyLimit, otherBodies });
