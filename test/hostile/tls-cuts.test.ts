import { afterAll, describe, expect, test } from 'vitest';
import type { ProbeOutcome } from '../../src/checks/net/probe.ts';
import { startCuttingRelay, startSlowRelay, type Cut } from '../support/cutting-relay.ts';
import { eventually } from '../support/eventually.ts';
import { trickle } from '../support/hostile-peer.ts';
import { startHttpsServer } from '../support/http-server.ts';
import { familyNames } from '../support/probe-context.ts';
import { runHttp } from '../support/probe-http.ts';
import { runTcp } from '../support/probe-tcp.ts';
import { besiege, expectSound, heldToTime } from '../support/siege.ts';
import { createAuthority } from '../support/tls-authority.ts';

const authority = createAuthority();
afterAll(() => authority[Symbol.dispose]());
const sound = authority.issue();
const tls_config = { ca: authority.ca };

/** Every cut in the first bytes, where records and messages begin, and then some all along. */
function* cuts(end: number): Generator<number> {
  for (let at = 0; at < Math.min(end, 100); at += 1) yield at;
  for (let at = 100; at < end; at += 23) yield at;
  for (let at = end - 20; at < end; at += 1) yield at;
}

/** Probes a server again and again, of whose answer one more piece is let through each time. */
async function sweep(
  version: 'TLSv1.2' | 'TLSv1.3',
  cut: Cut,
  timeoutMs: number,
  places: (end: number) => Iterable<number> = cuts,
): Promise<ProbeOutcome[]> {
  await using server = await startHttpsServer({ ...sound, maxVersion: version }, (_, response) =>
    response.end('hello'),
  );
  let limit = Infinity;
  await using relay = await startCuttingRelay(server.port, () => limit, cut);
  const probe = async (): Promise<ProbeOutcome> =>
    runHttp(`https://127.0.0.1:${relay.port}`, { tls_config }, timeoutMs);
  const whole = await runHttp(`https://127.0.0.1:${relay.port}`, { tls_config });
  expect(whole.status).toBe('ok');
  const outcomes: ProbeOutcome[] = [];
  for (const place of places(relay.seen() - 40)) {
    limit = place;
    const outcome = await probe();
    expectSound(outcome);
    outcomes.push(outcome);
  }
  await eventually(() => relay.open.size === 0, 'every connection is closed');
  return outcomes;
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s that stops half-way', (version) => {
  test.each(['end', 'reset'] as const)('at any byte, by %s', async (cut) => {
    const outcomes = await sweep(version, cut, 3000);
    expect(outcomes.length).toBeGreaterThan(120);
    for (const outcome of outcomes) {
      expect(outcome.status).toBe('critical');
      expect(['tls', 'protocol', 'body']).toContain(outcome.reason);
    }
    const inHandshake = outcomes.slice(0, 100);
    for (const outcome of inHandshake) {
      expect(outcome.reason).toBe('tls');
      expect(familyNames(outcome).filter((name) => /^probe_(?:ssl|tls)_/.test(name))).toEqual([]);
    }
  });

  test('and stalls, until the deadline', async () => {
    const outcomes = await sweep(version, 'stall', 60, (end) => [0, 3, 5, 40, 130, 400, end >> 1]);
    for (const outcome of outcomes) expect(outcome.reason).toBe('timeout');
  });
});

describe('a handshake byte by byte', () => {
  test.each([
    ['of a record that says it is long', Buffer.from('1603034000020000fc0303', 'hex')],
    ['of an alert', Buffer.from('15030300020228', 'hex')],
    ['of a record of length 0', Buffer.from('1603030000', 'hex')],
  ])('%s', async (_what, bytes) => {
    const outcome = await besiege(
      (socket) => trickle(socket.resume(), bytes, 20),
      async (address, ms) => runHttp(`https://${address}`, {}, ms),
      250,
    );
    expect(['tls', 'timeout']).toContain(outcome.reason);
  });

  test('of a sound server is cut off by the deadline, and done if there is time', async () => {
    await using server = await startHttpsServer(sound, (_, response) => response.end('hello'));
    await using slow = await startSlowRelay(server.port, 5);
    const probe = async (port: number, ms: number): Promise<ProbeOutcome> =>
      runTcp(`127.0.0.1:${port}`, { tls: true, tls_config }, ms);
    const late = await heldToTime(200, async () => probe(slow.port, 200));
    expect(late.reason).toBe('timeout');
    await using quick = await startSlowRelay(server.port, 0);
    expect((await probe(quick.port, 10_000)).status).toBe('ok');
  });
});

describe('records that are none', () => {
  test.each([
    ['zeros', Buffer.alloc(4096)],
    ['all ones', Buffer.alloc(4096, 0xff)],
    ['records without end and without meaning', Buffer.from('1703030001aa'.repeat(500), 'hex')],
    ['empty records', Buffer.from('1603030000'.repeat(500), 'hex')],
    ['alerts that only warn', Buffer.from('15030300020100'.repeat(500), 'hex')],
    ['a certificate before any hello', Buffer.from('16030300070b000003000000', 'hex')],
    ['a hello of SSL 2', Buffer.from('802e0100020015000000100100800200800300', 'hex')],
  ])('%s', async (_what, bytes) => {
    const outcome = await besiege(
      (socket) => void socket.resume().write(bytes),
      async (address, ms) => runTcp(address, { tls: true }, ms),
      400,
    );
    expect(outcome.status).toBe('critical');
    expect(['tls', 'timeout']).toContain(outcome.reason);
  });
});

test('a certificate of thousands of names is shown up to what TLS lets through', async () => {
  const names = Array.from({ length: 2000 }, (_, at) => `DNS:host-${at}.example`);
  const large = authority.issue({ names: [...names, 'IP:127.0.0.1'].join() });
  await using server = await startHttpsServer(large, (_, response) => response.end('hello'));
  const outcome = await heldToTime(5000, async () => runHttp(server.url, { tls_config }));
  expect(outcome.status).toBe('ok');
  const other = await heldToTime(5000, async () =>
    runHttp(server.url, { tls_config: { ...tls_config, server_name: 'other.example' } }),
  );
  expect(other.reason).toBe('tls');
});
