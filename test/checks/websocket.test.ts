import { writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { websocket } from '../../src/checks/websocket.ts';
import {
  websocketBlock,
  websocketModuleBlock,
} from '../../src/checks/net/websocket/websocket-options.ts';
import { closedGate } from '../support/closed-gate.ts';
import { eventually } from '../support/eventually.ts';
import { familyNames, metric, phasesIn } from '../support/probe-context.ts';
import { addressFamilies } from '../support/probe-tcp.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createAuthority } from '../support/tls-authority.ts';
import {
  runWebsocket,
  startBareServer,
  startWebsocketServer,
} from '../support/websocket-server.ts';

const duration = 'probe_websocket_duration_seconds';
const parsed = [
  'probe_websocket_connection_upgraded',
  'probe_websocket_failed_due_to_regex',
  'probe_websocket_status_code',
];
const called = [...addressFamilies, ...parsed, duration].toSorted();

function verdict(outcome: Awaited<ReturnType<typeof runWebsocket>>): (number | undefined)[] {
  return [
    metric(outcome, 'probe_websocket_status_code'),
    metric(outcome, 'probe_websocket_connection_upgraded'),
    metric(outcome, 'probe_websocket_failed_due_to_regex'),
  ];
}

/** Greets, and says of each message whether it was the right one. */
function echoDialogue(right: string) {
  return startWebsocketServer((socket) => {
    socket.send('incoming_test');
    socket.on('message', (data: Buffer) =>
      socket.send(data.toString() === right ? 'passed' : 'failed'),
    );
  });
}

describe('the headers of an upgrade', () => {
  async function headersFor(block: v.InferInput<typeof websocketModuleBlock>, userInfo = '') {
    let seen: IncomingMessage | undefined;
    await using server = await startWebsocketServer((_socket, request) => {
      seen = request;
    });
    const outcome = await runWebsocket(server.url.replace('//', `//${userInfo}`), block);
    expect(outcome.status).toBe('ok');
    return seen?.headersDistinct ?? {};
  }
  const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

  test('BB-W01 have the basic credentials, inline, from files and from the URL', async () => {
    const folder = temporaryFolder();
    const [username_file, password_file] = [join(folder, 'user'), join(folder, 'password')];
    writeFileSync(username_file, 'user_from_file\n');
    writeFileSync(password_file, ' pass_from_file ');
    const inline = await headersFor({
      http_config: { basic_auth: { username: 'user', password: 'pass' } },
      headers: { 'X-Custom-Header': { values: ['custom_value'] } },
    });
    expect(inline.authorization).toEqual([basic('user:pass')]);
    expect(inline['x-custom-header']).toEqual(['custom_value']);
    const filed = await headersFor({
      http_config: { basic_auth: { username_file, password_file } },
    });
    expect(filed.authorization).toEqual([basic('user_from_file:pass_from_file')]);
    expect((await headersFor({}, 'me:mine@')).authorization).toEqual([basic('me:mine')]);
  });

  test('BB-W01 have the bearer and every value of the custom ones', async () => {
    const file = join(temporaryFolder(), 'value');
    writeFileSync(file, 'from_file\n');
    const seen = await headersFor({
      http_config: { authorization: { credentials: 'bearer-value' } },
      headers: {
        'X-Many': { values: ['one', 'two'], secrets: ['three'], files: [file] },
        'X-Plain': 'plain',
        'x-plain': 'again',
        authorization: 'Other scheme',
      },
    });
    expect(seen.authorization).toEqual(['Bearer bearer-value', 'Other scheme']);
    expect(seen['x-many']).toEqual(['one', 'two', 'three', 'from_file']);
    expect(seen['x-plain']).toEqual(['plain', 'again']);
    expect(seen['user-agent']?.[0]).toMatch(/^tocsin\//);
    const older = await headersFor({ http_config: { bearer_token: 'older-value' } });
    expect(older.authorization).toEqual(['Bearer older-value']);
    const nothing = await headersFor({ http_config: { authorization: {} } });
    expect(nothing.authorization).toBeUndefined();
  });

  test('may name another host and another agent, but nothing that the upgrade lives on', async () => {
    const seen = await headersFor({
      headers: {
        Host: 'chat.example',
        'User-Agent': 'mine',
        Connection: 'close',
        'sec-websocket-version': '1',
      },
    });
    expect(seen.host).toEqual(['chat.example']);
    expect(seen['user-agent']).toEqual(['mine']);
    expect(seen.connection).toEqual(['Upgrade']);
    expect(seen['sec-websocket-version']).toEqual(['13']);
  });

  test.each([['chat'], ['other'], [undefined]])(
    'may offer protocols, of which the server takes %s',
    async (taken) => {
      await using server = await startWebsocketServer(() => {}, {
        handleProtocols: () => taken ?? false,
      });
      const outcome = await runWebsocket(server.url, {
        headers: { 'Sec-WebSocket-Protocol': 'chat, superchat' },
      });
      expect(verdict(outcome)).toEqual([101, 1, 0]);
      expect(outcome.status).toBe('ok');
    },
  );

  test('from a file that is missing, or with what no header can hold, are not sent', async () => {
    await using server = await startWebsocketServer(() => {});
    const missing = await runWebsocket(server.url, {
      headers: { 'X-Key': { files: ['/no/file'] } },
    });
    expect(missing).toMatchObject({ status: 'unknown', reason: 'missing' });
    expect(phasesIn(missing, duration)).toEqual(['resolve']);
    const broken = await runWebsocket(server.url, {
      http_config: { authorization: { credentials: 'a\r\nX-Other: b' } },
    });
    expect(broken).toMatchObject({ status: 'unknown', reason: 'header' });
    expect(broken.summary).not.toContain('X-Other');
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('never show up in what is told or printed', async () => {
    await using server = await startWebsocketServer((socket) => socket.close());
    const block = {
      http_config: { basic_auth: { username: 'user', password: 'hidden-one' } },
      headers: { 'X-Key': { secrets: ['hidden-two'] } },
      query_response: [{ expect: 'never' }],
    };
    const outcome = await runWebsocket(server.url, block);
    const shown = inspect([outcome, v.parse(websocketBlock, block)], { depth: 9 });
    expect(outcome.status).toBe('critical');
    expect(shown).not.toMatch(/hidden|aGlkZGVu/);
  });
});

describe('a dialogue', () => {
  test('BB-W02 passes if every reply matches, and groups go into what is sent', async () => {
    await using server = await echoDialogue('hello test');
    const outcome = await runWebsocket(server.url, {
      query_response: [
        { expect: 'incoming_(.+)', send: 'hello ${1}' },
        { expect: '^passed' },
        { send: 'bye' },
        { expect: 'failed' },
      ],
    });
    expect(outcome.summary).toMatch(/ upgraded in .*, all steps of the dialogue passed$/);
    expect(outcome.status).toBe('ok');
    expect(verdict(outcome)).toEqual([101, 1, 0]);
    expect(familyNames(outcome)).toEqual(called);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('BB-W03 fails at the first message that does not match', async () => {
    await using server = await echoDialogue('hello test');
    const outcome = await runWebsocket(server.url, {
      query_response: [{ expect: '^someotherstring' }, { send: 'never' }],
    });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'body' });
    expect(outcome.summary).toContain('sent "incoming_test", wanted a match of ^someotherstring');
    expect(verdict(outcome)).toEqual([101, 1, 1]);
  });

  test('reads bytes like text, and sends raw bytes as text', async () => {
    let received: unknown;
    await using server = await startWebsocketServer((socket) => {
      socket.send(Buffer.from('bytes'));
      socket.on('message', (data: Buffer, isBinary) => {
        received = [data.toString(), isBinary];
        socket.send('done');
      });
    });
    const outcome = await runWebsocket(server.url, {
      query_response: [{ expect: '^bytes$', send: Buffer.from('$1 raw') }, { expect: 'done' }],
    });
    expect(outcome.status).toBe('ok');
    expect(received).toEqual(['$1 raw', false]);
  });

  test('reads no more messages than it has steps for, in their order', async () => {
    await using server = await startWebsocketServer((socket) => {
      for (let index = 0; index < 5000; index += 1) socket.send(`message ${index}`);
    });
    const outcome = await runWebsocket(server.url, {
      query_response: [{ expect: '^message 0$' }, { expect: '^message 1$' }, { expect: ' 2$' }],
    });
    expect(outcome.status).toBe('ok');
  });

  test('without an answer ends at the deadline, and the step counts as failed', async () => {
    await using server = await startWebsocketServer(() => {});
    const outcome = await runWebsocket(
      server.url,
      { query_response: [{ expect: 'hello' }] },
      { timeoutMs: 200 },
    );
    expect(outcome).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(outcome.summary).toContain('while waiting for a message from');
    expect(verdict(outcome)).toEqual([101, 1, 1]);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('fails if the server closes before it has said anything', async () => {
    await using server = await startWebsocketServer((socket) => socket.close(1001, 'maintenance'));
    const outcome = await runWebsocket(server.url, { query_response: [{ expect: 'hello' }] });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'protocol' });
    expect(outcome.summary).toContain('was closed by it with code 1001');
    expect(verdict(outcome)).toEqual([101, 1, 1]);
  });
});

describe('TLS', () => {
  const authority = createAuthority();
  afterAll(() => authority[Symbol.dispose]());
  const { ca } = authority;
  const tls = authority.issue({ names: 'DNS:localhost' });

  test('BB-W04 is not verified if the options say so, and is not exported', async () => {
    await using server = await startWebsocketServer((socket) => socket.send('hi'), { tls });
    const outcome = await runWebsocket(server.url, {
      http_config: { tls_config: { insecure_skip_verify: true } },
      query_response: [{ expect: 'hi' }],
    });
    expect(outcome.status).toBe('ok');
    expect(verdict(outcome)).toEqual([101, 1, 0]);
    expect(familyNames(outcome)).toEqual(called);
    expect(outcome.values.map((value) => value.metric)).toContain('certificate_days_left');
  });

  test('is verified for the host of the URL, or the configured name', async () => {
    await using server = await startWebsocketServer(() => {}, { tls });
    const tls_config = { ca, server_name: 'localhost' };
    expect((await runWebsocket(server.url, { http_config: { tls_config } })).status).toBe('ok');
    const other = await runWebsocket(server.url, { http_config: { tls_config: { ca } } });
    expect(other).toMatchObject({ status: 'critical', reason: 'tls' });
    expect(verdict(other)).toEqual([0, 0, 0]);
    expect(phasesIn(other, duration)).toEqual(['resolve', 'connect', 'processing']);
  });

  test('that cannot be set up fails before the lookup', async () => {
    const tls_config = { ca_file: '/nonexistent/ca.pem' };
    const outcome = await runWebsocket('ws://127.0.0.1:1', { http_config: { tls_config } });
    expect(outcome).toMatchObject({ status: 'unknown', reason: 'missing' });
    expect(familyNames(outcome)).toEqual(parsed);
  });
});

describe('a target', () => {
  test.each([['ip4'], ['ip6']] as const)(
    'BB-W05 with %s has every phase that was reached',
    async (preferred_ip_protocol) => {
      await using server = await startWebsocketServer((socket) => socket.send('hi'));
      const plain = await runWebsocket(server.url, { preferred_ip_protocol });
      expect(plain.status).toBe('ok');
      expect(phasesIn(plain, duration)).toEqual(['resolve', 'connect', 'processing']);
      const talking = await runWebsocket(`${server.url}/path?a=b#part`, {
        preferred_ip_protocol,
        query_response: [{ expect: 'hi' }],
      });
      const phases = phasesIn(talking, duration);
      expect(phases).toEqual(['resolve', 'connect', 'processing', 'transfer']);
      for (const phase of phases) {
        expect(metric(talking, duration, { phase: phase ?? '' })).toBeGreaterThanOrEqual(0);
      }
    },
  );

  test.each([
    ['http://[::', []],
    ['no url', []],
    ['127.0.0.1:80', []],
    ['http://127.0.0.1', parsed],
    ['localhost:8080', parsed],
    ['ftp://127.0.0.1', parsed],
  ])('%s is none, and is not looked up', async (target, families) => {
    const outcome = await runWebsocket(target);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'resolve' });
    expect(familyNames(outcome)).toEqual(families);
  });

  test('that refuses the connection has no connect phase', async () => {
    const port = await closedPort();
    const outcome = await runWebsocket(`ws://127.0.0.1:${port}`);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'connect' });
    expect(familyNames(outcome)).toEqual(called);
    expect(verdict(outcome)).toEqual([0, 0, 0]);
    expect(phasesIn(outcome, duration)).toEqual(['resolve', 'processing']);
  });

  test('without an address of the wanted family has no phase at all', async () => {
    const outcome = await runWebsocket('ws://127.0.0.1:1', { ip_protocol_fallback: false });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'resolve' });
    expect(familyNames(outcome)).toEqual([...addressFamilies, ...parsed].toSorted());
  });

  test('is not touched if the gate is closed to it', async () => {
    await using server = await startWebsocketServer(() => {});
    const outcome = await runWebsocket(server.url, {}, { gate: closedGate });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'permission' });
    expect(server.open.size).toBe(0);
  });

  test('that never answers is left at the deadline', async () => {
    await using server = await startTcpServer((socket) => void socket.resume());
    const outcome = await runWebsocket(`ws://127.0.0.1:${server.port}`, {}, { timeoutMs: 200 });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(verdict(outcome)).toEqual([0, 0, 0]);
    expect(phasesIn(outcome, duration)).toEqual(['resolve', 'connect', 'processing']);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test.each([200, 301, 401, 404, 503])('that answers %i has it exported', async (status) => {
    let requests = 0;
    await using server = await startBareServer((socket) => {
      requests += 1;
      socket.write(
        `HTTP/1.1 ${status} Told\r\nLocation: /elsewhere\r\nContent-Length: 99999\r\n\r\nno`,
      );
    });
    const outcome = await runWebsocket(server.url, { query_response: [{ expect: 'hi' }] });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'status' });
    expect(outcome.summary).toContain(`answered HTTP ${status}, wanted 101`);
    expect(verdict(outcome)).toEqual([status, 0, 0]);
    expect(requests).toBe(1);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });
});

describe('a block', () => {
  test('BB-W01 of a module may have every key of an HTTP client, and a check only those in use', () => {
    const client = {
      basic_auth: { username: 'user', password: 'pass' },
      follow_redirects: false,
      enable_http2: false,
      proxy_url: 'http://127.0.0.1:3128',
      no_proxy: 'localhost',
      http_headers: { 'X-A': { values: ['b'] } },
    };
    const step = { expect: 'a', send: 'b', labels: [{ name: 'a', value: '$1' }], starttls: false };
    const block = { http_config: client, query_response: [step] };
    expect(v.safeParse(websocketModuleBlock, block).success).toBe(true);
    expect(v.safeParse(websocketBlock, { http_config: client }).success).toBe(false);
    expect(v.safeParse(websocketBlock, { query_response: [step] }).success).toBe(false);
    expect(v.safeParse(websocketModuleBlock, { http_config: { nonsense: 1 } }).success).toBe(false);
  });

  test.each([websocketBlock, websocketModuleBlock])('has one identity at most', (block) => {
    const http_config = { bearer_token: 'a', basic_auth: { username: 'b' } };
    expect(v.safeParse(block, { http_config }).success).toBe(false);
  });
});

test('a check of this type has a target and a block, and hides a password in the target', () => {
  const options = v.parse(v.strictObject(websocket.entries), { target: 'ws://me:mine@a.example/' });
  expect(options).toMatchObject({ websocket: { ip_protocol_fallback: true, query_response: [] } });
  expect(websocket.target?.(options)).toBe('ws://me:xxxxx@a.example/');
});
