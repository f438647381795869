import { describe, expect, test } from 'vitest';
import { bodyBytesMax } from '../../src/model/limits.ts';
import { mebibyte, probeAlone } from '../support/hostile-memory.ts';
import { startHttpServer } from '../support/http-server.ts';
import { metric } from '../support/probe-context.ts';

/** What six expressions may hold up everything else over 10 MiB, in processor time of a slow machine. */
const blockedMs = 8000;
/** The body as bytes and as text, twice as much while it grows, and what the engine remembers. */
const grownBytes = 16 * bodyBytesMax;

const length = bodyBytesMax;

/** Without a pattern, but always the same: a generator of Lehmer's. */
function noise(): string {
  let state = 1;
  const letters = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) {
    state = (state * 48_271) % 2_147_483_647;
    letters[at] = state % 2 === 0 ? 0x61 : 0x62;
  }
  return letters.toString('latin1');
}

const bodies = {
  'a and an end': `${'a'.repeat(length - 1)}!`,
  'a and b at random': noise(),
  'lines of words': 'some words in a line\n'.repeat(length / 21),
  'letters of two bytes': 'é'.repeat(length / 2),
};

describe.each(Object.entries(bodies))('a body of 10 MiB: %s', (_what, body) => {
  const bytes = Buffer.from(body);

  test('is judged in time that grows with its length only', async () => {
    await using server = await startHttpServer((_request, response) => {
      response.writeHead(200, { 'Content-Length': bytes.length });
      response.end(bytes);
    });
    const expressions = [
      String.raw`^(a+)+$x`,
      '(a+)+!?y$',
      '(.*a){20}z',
      '^(a|aa)+y',
      String.raw`(\w+\s?)*\d{9}`,
      '(a|b)*a(a|b){12}cc',
    ];
    const outcome = await probeAlone(
      {
        kind: 'http',
        target: server.url,
        block: { fail_if_body_matches_regexp: expressions },
        timeoutMs: 15_000,
      },
      { grownBytes, blockedMs },
    );
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(0);
    expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBeGreaterThan(9 * mebibyte);
  });
});
