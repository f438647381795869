import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { bodyBytesMax } from '../../src/model/limits.ts';
import * as bodies from '../support/hostile-bodies.ts';
import { mebibyte, probeAlone } from '../support/hostile-memory.ts';
import { beginning, trickle } from '../support/hostile-peer.ts';
import { metric } from '../support/probe-context.ts';
import { runHttp } from '../support/probe-http.ts';
import { besiege } from '../support/siege.ts';
import { startTcpServer } from '../support/tcp-server.ts';

type Block = Parameters<typeof runHttp>[1];

/** What a body that is only counted may cost: buffers of sockets, of zlib, and what is not yet collected. */
const countingBytes = 192 * mebibyte;
/** A body that is judged is kept in full, up to `bodyBytesMax`, as bytes and as text. */
const judgingBytes = countingBytes + 6 * bodyBytesMax;

const judged: Block = { fail_if_body_matches_regexp: ['(a+)+$'] };
const limited: Block = { body_size_limit: '1MB' };

/** Measures the probe of one server from outside. */
async function measured(
  serve: (socket: Socket) => void,
  block: Block,
  grownBytes: number,
  timeoutMs = 1000,
): Promise<ProbeOutcome> {
  await using server = await startTcpServer(serve);
  const target = `127.0.0.1:${server.port}`;
  return await probeAlone({ kind: 'http', target, block: block ?? {}, timeoutMs }, { grownBytes });
}

describe('a body without end', () => {
  test.each([
    ['plain', bodies.endlessPlain],
    ['in chunks', bodies.endlessChunks(4096)],
    ['in chunks of one byte', bodies.endlessChunks(1)],
  ])('%s is counted until the deadline and not kept', async (_what, serve) => {
    const outcome = await measured(serve, {}, countingBytes);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(metric(outcome, 'probe_http_status_code')).toBe(200);
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBeGreaterThan(64 * 1024);
  });

  test.each([
    ['plain', bodies.endlessPlain, 1000, judgingBytes],
    // Half a megabyte comes in this time; a list of all its chunks would take some 250 MB.
    ['in chunks of one byte', bodies.endlessChunks(1), 1500, 96 * mebibyte],
  ])('%s is kept up to a bound if it is to be judged', async (_what, serve, timeoutMs, bytes) => {
    const outcome = await measured(serve, judged, bytes, timeoutMs);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(1);
  });

  test.each([
    ['plain', bodies.endlessPlain, limited],
    ['in chunks', bodies.endlessChunks(4096), { ...limited, ...judged }],
  ])('%s ends at body_size_limit', async (_what, serve, block) => {
    const outcome = await besiege(serve, async (address, ms) => runHttp(address, block, ms), 5000);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'body' });
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(mebibyte);
  });

  test.each([
    ['an extension', bodies.endlessExtension, 0],
    ['trailers', bodies.endlessTrailers, 5],
  ])('%s of it without end is cut off', async (_what, serve, bytes) => {
    const outcome = await besiege(serve, async (address, ms) => runHttp(address, {}, ms), 5000);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'body' });
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(bytes);
  });

  test('byte by byte ends at the deadline', async () => {
    const serve = beginning('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n', (socket) =>
      trickle(socket, 'x'),
    );
    const outcome = await besiege(serve, async (address, ms) => runHttp(address, {}, ms), 200);
    expect(outcome.reason).toBe('timeout');
    expect(outcome.summary).toMatch(/while reading the body, \d+ bytes so far$/);
  });
});

describe.each(['gzip', 'deflate'] as const)('a bomb in %s', (compression) => {
  const serve = bodies.endlessBomb[compression];

  test('is counted until the deadline', async () => {
    const outcome = await measured(serve, { compression }, countingBytes);
    expect(outcome.reason).toBe('timeout');
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBeGreaterThan(4 * mebibyte);
  });

  test('is kept up to a bound if it is to be judged', async () => {
    const outcome = await measured(serve, { compression, ...judged }, judgingBytes);
    expect(outcome.reason).toBe('timeout');
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(1);
  });

  test('ends at body_size_limit', async () => {
    const outcome = await measured(serve, { compression, ...limited }, countingBytes, 5000);
    expect(outcome.reason).toBe('body');
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(mebibyte);
  });
});

describe('a bomb in br', () => {
  const serve = bodies.brotliBomb();
  const compression = 'br';

  test('is measured to its end', async () => {
    const outcome = await measured(serve, { compression }, countingBytes, 10_000);
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(bodies.brotliBombBytes);
  });

  test('is judged by its first part', async () => {
    const outcome = await measured(serve, { compression, ...judged }, judgingBytes, 10_000);
    expect(outcome.status).toBe('ok');
    expect(outcome.detail.join('\n')).toContain(`the first ${bodyBytesMax} are judged`);
  });

  test('ends at body_size_limit', async () => {
    const outcome = await measured(serve, { compression, ...limited }, countingBytes, 5000);
    expect(outcome.reason).toBe('body');
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(mebibyte);
  });
});

test('a packed body that unpacks to nothing for ever ends at the deadline', async () => {
  const outcome = await measured(bodies.emptyMembers, { compression: 'gzip' }, countingBytes);
  expect(outcome).toMatchObject({ status: 'critical' });
  expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(0);
});
