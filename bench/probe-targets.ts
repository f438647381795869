/*
 * What is probed in the bench of probes, in a process of its own: a web server, one with TLS, a TCP server
 * that says nothing, and a name server over UDP. Takes the files of the certificate and its key.
 *
 *   GET /   where they are, as `ProbeTargets`
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { decode, encode } from 'dns-packet';

/** The targets as `/probe` takes them. */
export interface ProbeTargets {
  readonly http: string;
  readonly https: string;
  readonly tcp: string;
  readonly dns: string;
}

const [, , controlPort, certificateFile = '', keyFile = ''] = process.argv;
const host = '127.0.0.1';

async function placeOf(server: Server): Promise<string> {
  server.listen(0, host);
  await once(server, 'listening');
  return `${host}:${(server.address() as AddressInfo).port}`;
}

const answer: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}\n');
};

async function startNameServer(): Promise<string> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => {
    const { id = 0, questions = [] } = decode(bytes);
    const name = questions[0]?.name ?? '';
    const answers = [{ type: 'A', name, ttl: 60, data: '192.0.2.1' } as const];
    socket.send(encode({ type: 'response', id, questions, answers }), from.port, from.address);
  });
  socket.bind(0, host);
  await once(socket, 'listening');
  return `${host}:${socket.address().port}`;
}

const certificate = { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
const silent = createTcpServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.resume();
});
const targets: ProbeTargets = {
  http: `http://${await placeOf(createServer(answer))}/`,
  https: `https://${await placeOf(createTlsServer(certificate, answer))}/`,
  tcp: await placeOf(silent),
  dns: await startNameServer(),
};

createServer((_, response) => response.end(JSON.stringify(targets))).listen(
  Number(controlPort),
  host,
);
