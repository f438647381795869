import type { CheckTypeName } from '../../../src/model/check.ts';
import { startDnsServer } from '../../support/dns-server.ts';
import { healthService, startGrpcServer } from '../../support/grpc-server.ts';
import { startHttpServer } from '../../support/http-server.ts';
import { startTcpServer } from '../../support/tcp-server.ts';
import { startWebsocketServer } from '../../support/websocket-server.ts';
import { kept, type Case, type Scene, type TypeRows } from './case.ts';
import {
  datagramPort,
  emptyPipe,
  emptyPort,
  lockedFile,
  noise,
  noisyPort,
  silentPort,
} from './servers.ts';

const briefly = { timeoutMs: 700 };

const at = (port: number): string => `127.0.0.1:${port}`;

/** The rows in which no service of the kind is there, for a prober that is given an address and perhaps more. */
function withoutService(
  keysFor: (address: string) => Readonly<Record<string, unknown>>,
  nonsense: RegExp,
): Pick<TypeRows, 'absent' | 'hanging' | 'nonsense'> {
  return {
    absent: [
      {
        with: 'a port on which nobody listens',
        set: async () => ({ keys: keysFor(at(await emptyPort())) }),
        is: 'critical',
        because: 'connect',
        says: /^connect to 127\.0\.0\.1:\d+ refused$/,
      },
      {
        with: 'a name that nobody has',
        set: () => ({ keys: keysFor('nobody.invalid:80') }),
        is: 'critical',
        because: ['resolve', 'timeout'],
        says: /nobody\.invalid/,
      },
    ],
    hanging: [
      {
        with: 'a server that takes connections and is silent',
        set: async () => ({ ...briefly, keys: keysFor(at(await silentPort())) }),
        is: 'critical',
        because: 'timeout',
        says: /no answer within 700ms while .*127\.0\.0\.1:\d+/,
      },
    ],
    nonsense: [
      {
        with: 'a server that sends noise',
        set: async () => ({ ...briefly, keys: keysFor(at(await noisyPort())) }),
        is: 'critical',
        because: ['protocol', 'tls', 'body', 'timeout', 'connect'],
        says: nonsense,
      },
    ],
  };
}

/** A key of a client certificate that the agent may not read, or a pipe in its place. */
function ofTlsFiles(
  keysFor: (address: string, tls: object) => Readonly<Record<string, unknown>>,
): readonly Case[] {
  const keysWith = async (file: string): Promise<Scene> => ({
    keys: keysFor(at(await silentPort()), { cert_file: file, key_file: file }),
  });
  return [
    {
      with: 'a key of TLS that only others may read',
      set: async () => ({ ...(await keysWith(await lockedFile())), isPowerless: true }),
      is: 'unknown',
      because: 'permission',
      says: /lacks the right to read .*locked\.txt/,
    },
  ];
}

const pipeCase = (
  keysFor: (address: string, tls: object) => Readonly<Record<string, unknown>>,
): Case => ({
  with: 'a key of TLS that is a pipe nobody writes into',
  set: async () => {
    const file = await emptyPipe();
    return {
      ...briefly,
      keys: keysFor(at(await silentPort()), { cert_file: file, key_file: file }),
    };
  },
  is: 'unknown',
  says: /is no regular file/,
});

function rowsOf(
  keysFor: (address: string, tls?: object) => Readonly<Record<string, unknown>>,
  cells: Pick<TypeRows, 'healthy' | 'failing'>,
  nonsense: RegExp,
): TypeRows {
  const without = withoutService((address) => keysFor(address), nonsense);
  const { hanging } = without;
  return {
    ...cells,
    forbidden: ofTlsFiles(keysFor),
    ...without,
    hanging: [...(hanging as readonly Case[]), pipeCase(keysFor)],
  };
}

const http = rowsOf(
  (address, tls) => ({
    target: `${tls === undefined ? 'http' : 'https'}://${address}/`,
    http: tls === undefined ? {} : { tls_config: tls },
  }),
  {
    healthy: [
      {
        with: 'a web server',
        set: async () => {
          const server = await kept(startHttpServer((_, response) => response.end('fine')));
          return { keys: { target: server.url, latency: { warning: '5s' } } };
        },
        is: 'ok',
        says: /^HTTP 200 from /,
      },
    ],
    failing: [
      {
        with: 'a status that is not wanted',
        set: async () => {
          const server = await kept(
            startHttpServer((_, response) => {
              response.statusCode = 503;
              response.end();
            }),
          );
          return { keys: { target: server.url } };
        },
        is: 'critical',
        because: 'status',
        says: /503/,
      },
      {
        with: 'an answer that is slow',
        set: async () => {
          const server = await kept(startHttpServer((_, response) => response.end('fine')));
          return { keys: { target: server.url, latency: { warning: '1ms' } } };
        },
        is: 'warning',
        because: 'threshold',
        says: /took .*limit 1ms/,
      },
    ],
  },
  /HTTP|protocol|noise|parse|answer/i,
);

const greeting = { query_response: [{ expect: '^220 ' }] };

const tcp = rowsOf(
  (address, tls) => ({
    target: address,
    tcp: { ...greeting, ...(tls === undefined ? {} : { tls: true, tls_config: tls }) },
  }),
  {
    healthy: [
      {
        with: 'a server that greets',
        set: async () => {
          const server = await kept(startTcpServer((socket) => socket.end('220 ready\r\n')));
          return { keys: { target: at(server.port), tcp: greeting } };
        },
        is: 'ok',
        says: /127\.0\.0\.1:\d+/,
      },
    ],
    failing: [
      {
        with: 'another greeting',
        set: async () => {
          const server = await kept(startTcpServer((socket) => socket.end('421 busy\r\n')));
          return { keys: { target: at(server.port), tcp: greeting } };
        },
        is: 'critical',
        because: 'body',
        says: /last came "421 busy"/,
      },
    ],
  },
  /220/,
);

const question = { query_name: 'example.com', query_type: 'A' };

const dnsRows = rowsOf(
  (address, tls) => ({
    target: address,
    dns: {
      ...question,
      transport_protocol: 'tcp',
      ...(tls === undefined ? {} : { dns_over_tls: true, tls_config: tls }),
    },
  }),
  {
    healthy: [
      {
        with: 'a name server',
        set: async () => ({
          keys: { target: (await kept(startDnsServer(() => ({})))).udp, dns: question },
        }),
        is: 'ok',
        says: /NOERROR/,
      },
    ],
    failing: [
      {
        with: 'a name server that cannot answer',
        set: async () => {
          const server = await kept(startDnsServer(() => ({ rcode: 2 })));
          return { keys: { target: server.udp, dns: question } };
        },
        is: 'critical',
        because: ['status', 'header', 'body'],
        says: /SERVFAIL/,
      },
    ],
  },
  /./,
);

const dns: TypeRows = {
  ...dnsRows,
  hanging: [
    ...(dnsRows.hanging as readonly Case[]),
    {
      with: 'a name server that takes a datagram and is silent',
      set: async () => ({
        ...briefly,
        keys: { target: at(await datagramPort()), dns: question },
      }),
      is: 'critical',
      because: 'timeout',
      says: /no answer within 700ms/,
    },
  ],
  nonsense: [
    ...(dnsRows.nonsense as readonly Case[]),
    {
      with: 'datagrams of noise',
      set: async () => ({
        ...briefly,
        keys: { target: at(await datagramPort(noise)), dns: question },
      }),
      is: 'critical',
      because: ['protocol', 'timeout'],
      says: /./,
    },
  ],
};

const grpc = rowsOf(
  (address, tls) => ({
    target: address,
    grpc: tls === undefined ? {} : { tls: true, tls_config: tls },
  }),
  {
    healthy: [
      {
        with: 'a server that is serving',
        set: async () => {
          const server = await kept(startGrpcServer(healthService({ '': 1 })));
          return { keys: { target: at(server.port) } };
        },
        is: 'ok',
        says: /SERVING/,
      },
    ],
    failing: [
      {
        with: 'a server that is not serving',
        set: async () => {
          const server = await kept(startGrpcServer(healthService({ '': 2 })));
          return { keys: { target: at(server.port) } };
        },
        is: 'critical',
        because: 'status',
        says: /NOT_SERVING/,
      },
    ],
  },
  /HTTP\/2|protocol|closed/i,
);

const welcome = { query_response: [{ expect: 'welcome' }] };

const websocket = rowsOf(
  (address, tls) => ({
    target: `${tls === undefined ? 'ws' : 'wss'}://${address}/`,
    websocket: {
      ...welcome,
      ...(tls === undefined ? {} : { http_config: { tls_config: tls } }),
    },
  }),
  {
    healthy: [
      {
        with: 'a server that welcomes',
        set: async () => {
          const server = await kept(startWebsocketServer((socket) => socket.send('welcome')));
          return { keys: { target: server.url, websocket: welcome } };
        },
        is: 'ok',
        says: /127\.0\.0\.1/,
      },
    ],
    failing: [
      {
        with: 'a server that says something else and leaves',
        set: async () => {
          const server = await kept(
            startWebsocketServer((socket) => {
              socket.send('busy');
              socket.close();
            }),
          );
          return { keys: { target: server.url, websocket: welcome } };
        },
        is: 'critical',
        because: ['body', 'protocol', 'connect'],
        says: /welcome/,
      },
    ],
  },
  /HTTP|handshake|protocol|answer/i,
);

export const networkRows = {
  http,
  tcp,
  dns,
  grpc,
  websocket,
} satisfies Partial<Record<CheckTypeName, TypeRows>>;
