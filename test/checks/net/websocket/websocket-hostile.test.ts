import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { upgrade } from '../../../../src/checks/net/websocket/websocket-connection.ts';
import { eventually } from '../../../support/eventually.ts';
import { metric, probeContext } from '../../../support/probe-context.ts';
import { startTcpServer } from '../../../support/tcp-server.ts';
import {
  runWebsocket,
  startBareServer,
  startWebsocketServer,
  upgradeAnswer,
} from '../../../support/websocket-server.ts';

const query = { query_response: [{ expect: 'hello' }] };
const status = 'probe_websocket_status_code';
const upgraded = 'probe_websocket_connection_upgraded';
const failed = 'probe_websocket_failed_due_to_regex';

describe('an answer to the upgrade that', () => {
  test.each([
    ['is no HTTP', '220 mx.example ESMTP\r\n', 0, 'no HTTP'],
    ['has an endless head', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(300_000)}`, 0, 'response head'],
    [
      'has a wrong key',
      'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: a\r\n\r\n',
      101,
      'Sec-WebSocket-Accept',
    ],
    [
      'upgrades to something else',
      'HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
      101,
      'Invalid Upgrade header',
    ],
    ['upgrades to nothing', 'HTTP/1.1 101 X\r\n\r\n', 101, 'HTTP 101 without saying'],
  ])('%s fails', async (_name, text, code, sentence) => {
    await using server = await startBareServer((socket) => void socket.write(text));
    const outcome = await runWebsocket(server.url, query, { timeoutMs: 3000 });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(outcome.summary).toContain(sentence);
    expect(metric(outcome, status)).toBe(code);
    expect(metric(outcome, upgraded)).toBe(0);
    expect(metric(outcome, failed)).toBe(0);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('brings compression that nobody asked for fails', async () => {
    await using server = await startBareServer((socket, request) => {
      expect(request).not.toMatch(/sec-websocket-extensions/i);
      socket.write(upgradeAnswer(request, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'));
    });
    const outcome = await runWebsocket(server.url, query);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect([metric(outcome, status), metric(outcome, upgraded)]).toEqual([101, 0]);
  });

  test('comes after other answers is the one that counts', async () => {
    await using server = await startBareServer(
      (socket, request) =>
        void socket.write(
          `HTTP/1.1 103 Early Hints\r\n\r\n${upgradeAnswer(request)}\x81\x05hello`,
          'latin1',
        ),
    );
    const outcome = await runWebsocket(server.url, query);
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, status)).toBe(101);
  });

  test('never comes, though the connection ends, fails', async () => {
    await using atOnce = await startTcpServer((socket) => void socket.end());
    const target = (port: number): string => `ws://127.0.0.1:${port}`;
    const hungUp = await runWebsocket(target(atOnce.port), query, { timeoutMs: 3000 });
    expect(hungUp).toMatchObject({ status: 'critical', reason: 'protocol' });
    await using later = await startBareServer((socket) => void socket.destroy());
    const dropped = await runWebsocket(later.url, query, { timeoutMs: 3000 });
    expect(dropped).toMatchObject({ status: 'critical', reason: 'protocol' });
    await using resetting = await startBareServer((socket) => void socket.resetAndDestroy());
    const reset = await runWebsocket(resetting.url, query, { timeoutMs: 3000 });
    expect(reset).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(metric(reset, status)).toBe(0);
  });
});

/** What is sent behind a right answer to the upgrade. */
const frames: [string, (socket: Socket) => void, string][] = [
  ['a masked frame', (socket) => socket.write('\x81\x85abcdhello', 'latin1'), 'MASK must be clear'],
  ['a frame of no known kind', (socket) => socket.write('\x8f\x00', 'latin1'), 'invalid opcode'],
  ['a compressed frame', (socket) => socket.write('\xc1\x05hello', 'latin1'), 'RSV1 must be clear'],
  ['a continuation of nothing', (socket) => socket.write('\x80\x00', 'latin1'), 'invalid opcode'],
  ['text that is no UTF-8', (socket) => socket.write('\x81\x02\xc3\x28', 'latin1'), 'UTF-8'],
  [
    'a frame that says it is huge',
    (socket) => socket.write(Buffer.of(0x81, 0x7f, 0, 0, 0, 1, 0, 0, 0, 0)),
    'a message of more than 1048576 bytes',
  ],
  [
    'a message of endless parts',
    (socket) => {
      const part = Buffer.concat([Buffer.of(0x00, 0x7e, 0xff, 0xff), Buffer.alloc(0xffff, 'x')]);
      socket.write(Buffer.of(0x01, 0x01, 0x78));
      const more = (): void => {
        while (!socket.destroyed && socket.write(part));
      };
      socket.on('drain', more);
      more();
    },
    'a message of more than 1048576 bytes',
  ],
  ['an end without a close', (socket) => void socket.end(), 'ended without a close'],
  [
    'half a message and an end',
    (socket) => void socket.end('\x81\x05he', 'latin1'),
    'ended without a close',
  ],
];

describe('a server that sends', () => {
  test.each(frames)('%s fails the step', async (_name, serve, sentence) => {
    await using server = await startBareServer((socket, request) => {
      socket.write(upgradeAnswer(request), () => serve(socket));
    });
    const outcome = await runWebsocket(server.url, query, { timeoutMs: 5000 });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(outcome.summary).toContain(sentence);
    expect([metric(outcome, status), metric(outcome, upgraded), metric(outcome, failed)]).toEqual([
      101, 1, 1,
    ]);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('a flood of pings and takes no answers in is left', async () => {
    await using server = await startBareServer((socket, request) => {
      socket.write(upgradeAnswer(request));
      const pings = Buffer.alloc(20_000, '\x89\x00', 'latin1');
      const more = (): void => {
        while (!socket.destroyed && socket.write(pings));
      };
      socket.on('drain', more);
      more();
    });
    const outcome = await runWebsocket(server.url, query, { timeoutMs: 300 });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(metric(outcome, failed)).toBe(1);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('a message that does not end is left at the deadline', async () => {
    await using server = await startBareServer((socket, request) => {
      socket.write(upgradeAnswer(request));
      socket.write('\x81\x05hel', 'latin1');
    });
    const outcome = await runWebsocket(server.url, query, { timeoutMs: 200 });
    expect(outcome.reason).toBe('timeout');
    expect(metric(outcome, failed)).toBe(1);
  });

  test('what would upset a terminal is quoted without it', async () => {
    await using server = await startWebsocketServer((socket) => socket.send('\u001B[31mred\nline'));
    const outcome = await runWebsocket(server.url, query);
    expect(outcome.summary).toContain('sent "[31mred line", wanted a match of hello');
  });
});

test('a peer that takes nothing in does not hold up a step that sends', async () => {
  await using server = await startBareServer((socket, request) => {
    socket.write(upgradeAnswer(request));
    socket.pause();
  });
  const outcome = await runWebsocket(
    server.url,
    { query_response: [{ send: 'x'.repeat(20 * 1024 * 1024) }] },
    { timeoutMs: 2000 },
  );
  expect(outcome).toMatchObject({ status: 'critical', reason: 'timeout' });
  expect(outcome.summary).toContain('while sending to');
  expect(metric(outcome, failed)).toBe(1);
});

test('a connection that ended before the upgrade was asked for fails at once', async () => {
  await using server = await startTcpServer((socket) => void socket.end());
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'close');
  using context = probeContext(3000);
  const url = new URL('ws://127.0.0.1/');
  const { status: code, result } = await upgrade(socket, { url, headers: {}, peer: 'a' }, context);
  expect([code, result]).toMatchObject([0, { reason: 'protocol' }]);
});
