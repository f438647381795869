import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { dial } from '../dial.ts';
import { answers, twoBytes, type DnsQuery } from './dns-message.ts';
import type { DnsOptions } from './dns-options.ts';
import { connectFailure, isFailure, onAbort, timedOut, type Failure } from '../failure.ts';
import { describePeer, type HostPort } from '../host-port.ts';
import type { ProbeContext } from '../probe.ts';
import type { Address } from '../resolve.ts';
import { readStream } from '../stream-reader.ts';

/** What became of a query: the packet that answers it, and the milliseconds each phase took. */
interface DnsExchange {
  readonly packet: Buffer | Failure;
  readonly connectMs: number;
  readonly requestMs: number;
}

interface Server extends HostPort {
  readonly address: Address;
}

/** Lines about packets that are no answer: a flood of them says nothing new. */
const leftAsideLinesMax = 5;

/** Over a connected socket: the kernel drops whatever comes from another address. */
async function exchangeUdp(
  query: DnsQuery,
  server: Server,
  options: DnsOptions,
  context: ProbeContext,
): Promise<DnsExchange> {
  const { host, port, address } = server;
  const peer = describePeer(host, address.ip, port);
  const now = (): number => context.clock.now().steadyMs;
  const startMs = now();
  let sentMs: number | undefined;
  let leftAside = 0;
  const socket = createSocket(address.family === 4 ? 'udp4' : 'udp6');
  const packet = await new Promise<Buffer | Failure>((resolve) => {
    const stop = onAbort(context.signal, () =>
      settle(timedOut(context, `waiting for the answer of ${peer} over udp`)),
    );
    function settle(outcome: Buffer | Failure): void {
      stop();
      resolve(outcome);
    }
    socket.on('error', (error) => settle(connectFailure(error, peer)));
    socket.on('message', (message) => {
      if (answers(message, query)) return settle(message);
      leftAside += 1;
      if (leftAside > leftAsideLinesMax) return;
      context.log(`left aside a packet of ${message.length} bytes that answers nothing asked`);
    });
    socket.once('connect', () => {
      sentMs = now();
      socket.send(query.bytes);
    });
    const source = options.source_ip_address;
    if (source === undefined) socket.connect(port, address.ip);
    else socket.bind(0, source, () => socket.connect(port, address.ip));
  });
  socket.close();
  const endMs = now();
  return { packet, connectMs: (sentMs ?? endMs) - startMs, requestMs: endMs - (sentMs ?? endMs) };
}

/** Over a stream each message has its length in front (RFC 1035, 4.2.2). */
async function exchangeTcp(
  query: DnsQuery,
  server: Server,
  options: DnsOptions,
  context: ProbeContext,
): Promise<DnsExchange> {
  const { host, port, address } = server;
  const peer = describePeer(host, address.ip, port);
  const now = (): number => context.clock.now().steadyMs;
  const startMs = now();
  const dialled = await dial(
    {
      host,
      address,
      port,
      source: options.source_ip_address,
      ...(options.dns_over_tls ? { tls: { config: options.tls_config, name: host } } : {}),
    },
    context,
  );
  const readyMs = now();
  const connectMs = readyMs - startMs;
  if (isFailure(dialled)) return { packet: dialled, connectMs, requestMs: 0 };
  const { socket } = dialled;
  socket.write(Buffer.concat([twoBytes(query.bytes.length), query.bytes]));
  const reader = readStream(socket, context.signal);
  const length = await reader.bytes(2);
  const read = Buffer.isBuffer(length) ? await reader.bytes(length.readUInt16BE(0)) : length;
  reader.release();
  socket.destroy();
  const judge = (): Buffer | Failure => {
    if (read === 'late') return timedOut(context, `waiting for the answer of ${peer} over tcp`);
    if (!Buffer.isBuffer(read)) {
      return { reason: 'protocol', summary: `${peer} closed the connection without an answer` };
    }
    if (answers(read, query)) return read;
    return { reason: 'protocol', summary: `${peer} sent something that does not answer the query` };
  };
  return { packet: judge(), connectMs, requestMs: now() - readyMs };
}

/** Asks the server once, over the transport of the options. A cut answer is not asked for again. */
export async function exchangeDns(
  query: DnsQuery,
  server: Server,
  options: DnsOptions,
  context: ProbeContext,
): Promise<DnsExchange> {
  const { source_ip_address: source, transport_protocol: transport } = options;
  if (source !== undefined && isIP(source) === 0) {
    const summary = `source_ip_address ${source} is not an IP address`;
    return { packet: { reason: 'connect', summary }, connectMs: 0, requestMs: 0 };
  }
  const { query_name: name, query_type: type, query_class: kind } = options;
  context.debug?.(`asking ${server.address.ip} over ${transport} for ${name} ${kind} ${type}`);
  const exchange = transport === 'tcp' ? exchangeTcp : exchangeUdp;
  return exchange(query, server, options, context);
}
