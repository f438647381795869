import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/model/delivery.ts';
import { httpReceivers } from '../support/http-receivers.ts';
import { type HttpFault, startScriptedHttpServer } from '../support/scripted-http-server.ts';
import { sendThrough } from '../support/send-through.ts';
import { type Authority, createAuthority } from '../support/tls-authority.ts';

let authority: Authority;
beforeAll(async () => {
  authority = createAuthority();
  // What the first request loads must not count against its time.
  await using server = await startScriptedHttpServer(() => ({ status: 200 }));
  for (const { integration, options } of httpReceivers)
    await sendThrough(integration, options(server.origin));
});
afterAll(() => authority[Symbol.dispose]());

/** What a receiver does, and how that is judged where Slack's own words do not decide. */
interface Hostility {
  readonly what: string;
  readonly fault: HttpFault;
  readonly outcome: Partial<Outcome>;
  /** Slack has taken a message only if it says so. */
  readonly ofSlack?: Partial<Outcome>;
}

const unclear: Partial<Outcome> = { kind: 'passing', reason: 'protocol' };

const hostilities: readonly Hostility[] = [
  {
    what: 'asks for a wait in seconds',
    fault: { status: 429, headers: { 'retry-after': '17' } },
    outcome: { kind: 'passing', reason: 'rate_limited', retryAfterMs: 17_000 },
  },
  {
    what: 'asks for a wait until a date',
    fault: {
      status: 429,
      headers: {
        date: 'Wed, 15 Jan 2025 12:00:00 GMT',
        'retry-after': 'Wed, 15 Jan 2025 12:01:30 GMT',
      },
    },
    outcome: { kind: 'passing', reason: 'rate_limited', retryAfterMs: 90_000 },
  },
  {
    what: 'asks for a wait that is nonsense',
    fault: { status: 429, headers: { 'retry-after': 'tomorrow' } },
    outcome: { kind: 'passing', reason: 'rate_limited' },
  },
  {
    what: 'fails',
    fault: { status: 500, body: 'oops' },
    outcome: { kind: 'passing', reason: 'server_error', detail: 'HTTP 500: oops' },
  },
  {
    what: 'says 200 and means no',
    fault: { status: 200, body: '{"ok":false,"error":"is_archived"}' },
    outcome: { kind: 'delivered' },
    ofSlack: { kind: 'permanent', reason: 'not_found' },
  },
  {
    what: 'breaks off in the middle of its answer',
    fault: 'half a body',
    outcome: { kind: 'delivered' },
    ofSlack: { ...unclear, detail: 'HTTP 200, cut off' },
  },
  {
    what: 'says nothing',
    fault: 'hang',
    outcome: {
      kind: 'passing',
      reason: 'timeout',
      detail: 'gave up while waiting for the answer',
    },
  },
  {
    what: 'breaks the connection',
    fault: 'reset',
    outcome: { kind: 'passing', reason: 'connect' },
  },
  {
    what: 'redirects to a page',
    fault: { status: 302, headers: { location: 'https://login.example/' } },
    outcome: { kind: 'permanent', reason: 'protocol' },
  },
  {
    what: 'redirects to nowhere',
    fault: { status: 308, headers: { location: 'javascript:alert(1)' } },
    outcome: { kind: 'permanent', reason: 'protocol' },
  },
  {
    what: 'sends its answer byte by byte without an end',
    fault: 'drip',
    outcome: { kind: 'delivered' },
    ofSlack: { ...unclear, detail: 'HTTP 200, cut off' },
  },
  {
    what: 'floods the agent',
    fault: 'flood',
    outcome: { kind: 'delivered' },
    ofSlack: unclear,
  },
  {
    what: 'answers with a page of escape sequences',
    fault: { status: 503, body: '\u{1b}[2J\u{202e}\r\n\0'.repeat(1000) },
    outcome: { kind: 'passing', reason: 'server_error' },
  },
];

/** An Alertmanager is one of several, and is named in front of what went wrong. */
function withoutPeer(outcome: Outcome): Outcome {
  return { ...outcome, detail: outcome.detail.replace(/^127\.0\.0\.1:\d+: /, '') };
}

describe.for(httpReceivers)('$name', ({ name, integration, options, content }) => {
  test.for(hostilities)('that $what is understood', async ({ fault, outcome, ofSlack }) => {
    await using server = await startScriptedHttpServer(() => ({ status: 200, body: content }));
    server.script(fault);
    // What keeps the agent waiting ends with the attempt; a flood has to be dammed before.
    const isEndless = fault === 'hang' || fault === 'drip';
    const given = { ...options(server.origin), timeout: isEndless ? '1s' : '10s' };
    const startedAt = performance.now();
    const answer = withoutPeer(await sendThrough(integration, given));
    const expected = name.startsWith('slack') ? (ofSlack ?? outcome) : outcome;
    expect(answer).toMatchObject(expected);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    // One attempt is one request: when to repeat it is for the outbox to say.
    expect(server.requests).toHaveLength(1);
    expect(answer.detail.length).toBeLessThan(300);
    for (const character of ['\u{1b}', '\0', '\n']) expect(answer.detail).not.toContain(character);
    // The next one finds a receiver that is well.
    expect(await sendThrough(integration, given)).toMatchObject({ kind: 'delivered' });
  });

  test('that shows an expired certificate is not told', async () => {
    const expired = authority.issue({ days: -1 });
    const answer = { status: 200, body: content };
    await using server = await startScriptedHttpServer(() => answer, expired);
    const http_config = { tls_config: { ca: authority.ca } };
    const given = { ...options(server.origin), http_config };
    const outcome = withoutPeer(await sendThrough(integration, given));
    expect(outcome).toEqual({
      kind: 'passing',
      reason: 'tls',
      detail: 'failed while agreeing on TLS (CERT_HAS_EXPIRED)',
    });
    expect(server.requests).toEqual([]);
  });

  test('that is aborted comes back at once', async () => {
    await using server = await startScriptedHttpServer(() => ({ status: 200, body: content }));
    server.script('hang');
    const signal = AbortSignal.timeout(50);
    const sending = sendThrough(integration, options(server.origin), undefined, { signal });
    expect(await sending).toMatchObject({ kind: 'passing', reason: 'timeout' });
  });
});
