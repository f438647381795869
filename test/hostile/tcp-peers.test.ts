import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { expectLineBytesMax } from '../../src/model/limits.ts';
import { mebibyte, probeAlone } from '../support/hostile-memory.ts';
import { pour, trickle } from '../support/hostile-peer.ts';
import { labelsOf, metric } from '../support/probe-context.ts';
import { runTcp } from '../support/probe-tcp.ts';
import { besiege } from '../support/siege.ts';
import { startTcpServer } from '../support/tcp-server.ts';

type Block = NonNullable<Parameters<typeof runTcp>[1]>;

const wanting = (expect: string): Block => ({ query_response: [{ expect }] });

async function siege(
  serve: (socket: Socket) => void,
  block: Block,
  timeoutMs?: number,
): Promise<ProbeOutcome> {
  return besiege(serve, async (address, ms) => runTcp(address, block, ms), timeoutMs);
}

describe('a banner', () => {
  test('without an end is cut off', async () => {
    const outcome = await siege((socket) => pour(socket, 'x'.repeat(4096)), wanting('y'), 5000);
    expect(outcome.reason).toBe('protocol');
    expect(outcome.summary).toContain(`a line of more than ${expectLineBytesMax} bytes`);
  });

  test('without a line feed waits for one until the deadline', async () => {
    const outcome = await siege((socket) => void socket.write('220 ready'), wanting('220'), 200);
    expect(outcome.reason).toBe('timeout');
  });

  test('without a line feed counts if the peer ends after it', async () => {
    const outcome = await siege((socket) => void socket.end('220 ready'), wanting('^220 ready$'));
    expect(outcome.status).toBe('ok');
  });

  test('byte by byte is read to its end', async () => {
    const banner = '220 ready\n';
    const outcome = await siege((socket) => trickle(socket, banner, 2), wanting('ready$'), 5000);
    expect(outcome.status).toBe('ok');
  });

  test('of NULs and of bytes that are no text goes into labels as text', async () => {
    const outcome = await siege((socket) => void socket.end(Buffer.from('00ff1b5b6d0a', 'hex')), {
      query_response: [{ expect: '(?s)^(.*)$', labels: [{ name: 'banner', value: '$1' }] }],
    });
    expect(outcome.status).toBe('ok');
    expect(labelsOf(outcome, 'probe_expect_info')).toEqual({ banner: '\0\ufffd\u001b[m' });
  });

  test('that would move a cursor is quoted without that', async () => {
    const evil = '\u001b[2J\u001b]0;title\u0007\u202eright\u2028down\r\n';
    const outcome = await siege((socket) => void socket.end(evil), wanting('never'));
    expect(outcome.reason).toBe('body');
    expect(outcome.summary).toContain('[2J ]0;title right down');
  });
});

describe('a flood', () => {
  test.each([
    ['of empty lines', '\n'.repeat(8192)],
    ['of short lines', 'not this one\r\n'.repeat(600)],
    ['of lines as long as allowed', `${'x'.repeat(expectLineBytesMax)}\n`],
    ['of NULs in lines', '\0\n'.repeat(4096)],
  ])('%s ends at the deadline, and is not kept', async (_what, lines) => {
    await using server = await startTcpServer((socket) => pour(socket, lines));
    const target = `127.0.0.1:${server.port}`;
    const order = { kind: 'tcp', target, block: wanting('^(a+)+never$'), timeoutMs: 1000 } as const;
    // Without a pause between them the lines of one piece take a quarter of a second.
    // Garbage that was not collected yet; what is poured in a second is several times that.
    const bounds = { grownBytes: 192 * mebibyte, blockedMs: 150 };
    const outcome = await probeAlone(order, bounds);
    expect(outcome.reason).toBe('timeout');
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(0);
  });

  test('that nobody asked for does not keep a connection open', async () => {
    const outcome = await siege((socket) => pour(socket, Buffer.alloc(65_536)), {});
    expect(outcome.status).toBe('ok');
  });

  test('of other bytes than those expected', async () => {
    const outcome = await siege((socket) => pour(socket, Buffer.alloc(65_536)), {
      query_response: [{ expect_bytes: Buffer.alloc(mebibyte, 1) }],
    });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'body' });
    expect(metric(outcome, 'probe_failed_due_to_bytes')).toBe(1);
  });
});

describe('a peer', () => {
  test('that never reads what it is sent', async () => {
    const outcome = await siege(
      (socket) => void socket.pause(),
      { query_response: [{ send: Buffer.alloc(8 * mebibyte, 'x') }] },
      300,
    );
    expect(outcome.reason).toBe('timeout');
    expect(outcome.summary).toContain('while sending to 127.0.0.1');
  });

  test('that resets while it is sent to', async () => {
    const outcome = await siege(
      (socket) => void socket.once('data', () => socket.resetAndDestroy()),
      { query_response: [{ send: Buffer.alloc(8 * mebibyte, 'x') }, { expect: 'x' }] },
      3000,
    );
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
  });

  test('that says nothing and ends', async () => {
    const outcome = await siege((socket) => void socket.end(), wanting('x'));
    expect(outcome).toMatchObject({ status: 'critical', reason: 'body' });
    expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(1);
  });

  test('that talks on in plain text where TLS was to start', async () => {
    const outcome = await siege(
      (socket) => void socket.write('220 go\r\n250 already here\r\n'.repeat(10)),
      { query_response: [{ expect: '220', starttls: true }, { expect: 'already' }] },
      500,
    );
    expect(outcome.status).toBe('critical');
    expect(['tls', 'timeout']).toContain(outcome.reason);
  });
});

test.each(['^(a+)+$', '^(a|aa)+$', '^(.*a){20}b$', '^(a*)*b'])(
  'the expression %s costs no more than its line is long',
  async (expression) => {
    const line = `${'a'.repeat(expectLineBytesMax - 2)}!\n`;
    const outcome = await siege((socket) => void socket.end(line.repeat(8)), wanting(expression));
    expect(outcome.status).toBe('critical');
    expect(['body', 'timeout']).toContain(outcome.reason);
  },
);
