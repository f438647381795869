import {
  createServer as createPlainServer,
  type IncomingHttpHeaders,
  type Server,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { listen } from '../../support/tcp-server.ts';
import { selfSigned } from '../../support/tls-authority.ts';
import { contest, type ProbeCase, type Served } from './kit/contest.ts';

const beyond = 'websocket came after 0.28';
const directory = mkdtempSync(join(tmpdir(), 'tocsin-websocket-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

interface Talk {
  readonly server?: () => Server;
  readonly scheme?: 'ws' | 'wss';
  readonly talk?: (socket: WebSocket) => void;
  /** Looks at the headers of the only upgrade. */
  readonly verify?: (headers: IncomingHttpHeaders) => void;
}

function serving(wish: Talk = {}): () => Promise<Served> {
  return async () => {
    const { server = createPlainServer, scheme = 'ws', talk, verify } = wish;
    const seen: IncomingHttpHeaders[] = [];
    const web = server();
    const sockets = new WebSocketServer({ server: web });
    sockets.on('connection', (socket, request) => {
      socket.on('error', () => {});
      seen.push(request.headers);
      talk?.(socket);
    });
    const listening = await listen(web);
    return {
      target: `${scheme}://127.0.0.1:${listening.port}/`,
      verify: () => {
        expect(seen).toHaveLength(1);
        verify?.(seen[0] ?? {});
      },
      async [Symbol.asyncDispose]() {
        sockets.close();
        await listening[Symbol.asyncDispose]();
      },
    };
  };
}

/** Says something, and something else once it got the right answer. */
function dialogue(socket: WebSocket): void {
  socket.send('incoming_test');
  socket.once('message', (data) => {
    socket.send((data as Buffer).toString() === 'outgoing_test' ? 'passed' : 'not this');
  });
}

const steps = (last: string): object => ({
  query_response: [{ expect: 'incoming_(.+)', send: 'outgoing_${1}' }, { expect: last }],
});

const upgraded = {
  probe_websocket_status_code: 101,
  probe_websocket_connection_upgraded: 1,
};
const family = 'probe_websocket_duration_seconds';
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

function sends(title: string, block: object, wanted: IncomingHttpHeaders): ProbeCase {
  return {
    title,
    module: { prober: 'websocket', websocket: block },
    server: serving({ verify: (headers) => expect(headers).toMatchObject(wanted) }),
    expect: { success: 1, metrics: upgraded },
    beyond,
  };
}

const headers: readonly ProbeCase[] = [
  sends(
    'BB-W01 a user and a header of the module are sent',
    {
      http_config: { basic_auth: { username: 'ali', password: 'open sesame' } },
      headers: { 'X-Custom-Header': { values: ['custom'] } },
    },
    { authorization: basic('ali:open sesame'), 'x-custom-header': 'custom' },
  ),
  sends(
    'BB-W01 a user and a password out of files are sent',
    {
      http_config: {
        basic_auth: {
          username_file: file('user', 'baba'),
          password_file: file('password', 'sesame'),
        },
      },
    },
    { authorization: basic('baba:sesame') },
  ),
  sends(
    'BB-W01 a token is sent, and headers out of texts, secrets and files',
    {
      http_config: { authorization: { credentials: 'open-sesame' } },
      headers: {
        'X-Text': { values: ['one', 'two'] },
        'X-Secret': { secrets: ['three'] },
        'X-File': { files: [file('header', 'four')] },
      },
    },
    {
      authorization: 'Bearer open-sesame',
      'x-text': 'one, two',
      'x-secret': 'three',
      'x-file': 'four',
    },
  ),
];

const phasesOf = (page: Parameters<NonNullable<ProbeCase['judge']>>[0]): string[] => [
  ...(page.families.get(family)?.samples.keys() ?? []),
];
const allPhases = ['connect', 'processing', 'resolve', 'transfer'].map(
  (phase) => `{phase="${phase}"}`,
);

const dialogues: readonly ProbeCase[] = [
  {
    title: 'BB-W02 a dialogue of messages',
    module: { prober: 'websocket', websocket: steps('^passed') },
    server: serving({ talk: dialogue }),
    expect: {
      success: 1,
      metrics: { ...upgraded, probe_websocket_failed_due_to_regex: 0 },
      families: [
        'probe_dns_lookup_time_seconds',
        'probe_ip_addr_hash',
        'probe_ip_protocol',
        ...Object.keys(upgraded),
        'probe_websocket_failed_due_to_regex',
        family,
      ],
    },
    beyond,
  },
  {
    title: 'BB-W03 a message that does not match is the fault of the pattern',
    module: { prober: 'websocket', websocket: steps('^something else') },
    server: serving({ talk: dialogue }),
    expect: { success: 0, metrics: { ...upgraded, probe_websocket_failed_due_to_regex: 1 } },
    beyond,
  },
  {
    title: 'BB-W04 over TLS with a certificate that is not looked at',
    module: {
      prober: 'websocket',
      websocket: { http_config: { tls_config: { insecure_skip_verify: true } } },
    },
    server: serving({ scheme: 'wss', server: () => createTlsServer(selfSigned('/CN=web')) }),
    expect: {
      success: 1,
      metrics: upgraded,
      absent: ['probe_ssl_earliest_cert_expiry', 'probe_tls_version_info'],
    },
    judge: (page) => expect(phasesOf(page)).not.toContain('{phase="transfer"}'),
    beyond,
  },
  {
    title: 'BB-W05 with ip4 preferred, every part of the time has a phase',
    module: {
      prober: 'websocket',
      websocket: { ...steps('^passed'), preferred_ip_protocol: 'ip4' },
    },
    server: serving({ talk: dialogue }),
    expect: { success: 1, metrics: { ...upgraded, probe_ip_protocol: 4 } },
    judge: (page) => expect(phasesOf(page)).toEqual(allPhases),
    beyond,
  },
];

contest({ headers, dialogues });
