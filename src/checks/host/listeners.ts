import { open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { shortIPv6 } from '../../lib/short-ipv6.ts';
import { socketTableBytesMax } from '../../model/limits.ts';
import { whyUnreadable, type Unreadable } from './host-file.ts';

export type PortProtocol = 'tcp' | 'udp';

/** A socket that waits for connections or datagrams. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  /** Number of the user it belongs to. */
  readonly uid: number;
  readonly inode: string;
  /** Connections that the program has not taken yet; for tcp only. */
  readonly waiting: number;
}

/** States of a socket that listens: `TCP_LISTEN`, and `TCP_CLOSE` for one of udp without a peer. */
const listening: Readonly<Record<PortProtocol, string>> = { tcp: '0A', udp: '07' };

/** Reads the table of sockets of both IP versions; a host without IPv6 has only one. */
export async function readListeners(
  proc: string,
  protocol: PortProtocol,
): Promise<readonly Listener[] | Unreadable> {
  const four = await tableText(`${proc}/net/${protocol}`, protocol);
  if (typeof four !== 'string') return four;
  const six = await tableText(`${proc}/net/${protocol}6`, protocol);
  if (!four.includes('local_address')) {
    const unreadable = `${proc}/net/${protocol} does not say what it should on Linux`;
    return { unreadable, reason: 'protocol' };
  }
  return [four, typeof six === 'string' ? six : ''].flatMap((text) =>
    parseListeners(text, protocol),
  );
}

/** A socket of tcp that does not listen. */
const otherStates = / [0-9A-F]+:[0-9A-F]{4} (?!0A)[0-9A-F]{2} [0-9A-F]{8}:/;

/** The beginning of the table: the kernel lists the sockets of tcp that listen before all others. */
async function tableText(path: string, protocol: PortProtocol): Promise<string | Unreadable> {
  try {
    await using file = await open(path);
    const chunks: Buffer[] = [];
    for (let length = 0; length < socketTableBytesMax;) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      chunks.push(chunk);
      length += bytesRead;
      if (protocol === 'tcp' && otherStates.test(chunk.toString('latin1'))) break;
    }
    return Buffer.concat(chunks).toString('latin1');
  } catch (error) {
    return whyUnreadable(path, error);
  }
}

/** Reads `/proc/net/tcp` and its like (proc_pid_net(5)); lines that make no sense are left out. */
export function parseListeners(text: string, protocol: PortProtocol): readonly Listener[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, queues = '', , , uid = '', , inode = ''] = line
      .trim()
      .split(/\s+/);
    if (state !== listening[protocol]) return [];
    const [, hex, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? [];
    if (hex === undefined || port === undefined || !/^\d+$/.test(inode)) return [];
    const waiting = protocol === 'tcp' ? Number.parseInt(queues.split(':')[1] ?? '0', 16) : 0;
    return [
      {
        address: addressOf(hex),
        port: Number.parseInt(port, 16),
        uid: Number(uid),
        inode,
        waiting: Number.isFinite(waiting) ? waiting : 0,
      },
    ];
  });
}

/** The kernel prints addresses as words in the byte order of the host. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16));
  const [, tail] = /^0:0:0:0:0:ffff:(.+)$/.exec(groups.join(':')) ?? [];
  if (tail !== undefined) return bytes.subarray(12).join('.');
  return shortIPv6(groups);
}

/** Whether every address of the host is meant. */
export function isEverywhere(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** One address for each port, in which it is reached from here: loopback where that is enough. */
export function onePerPort(listeners: readonly Listener[]): readonly Listener[] {
  const byPort = new Map<number, Listener>();
  for (const one of listeners.toSorted((a, b) => a.port - b.port)) {
    const address = isEverywhere(one.address) ? '127.0.0.1' : one.address;
    if (!byPort.has(one.port) || address === '127.0.0.1') byPort.set(one.port, { ...one, address });
  }
  return [...byPort.values()];
}

/** Whether only the host itself can reach it. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
