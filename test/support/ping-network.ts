import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Two hosts of their own with a wire between them, made of network namespaces: nothing of this machine's
 * network is touched. Only root may make them.
 */
export interface PingNetwork extends Disposable {
  /** A `ping` that runs on the near host. */
  readonly ping: string;
  /** The far host, and an address that is one more hop away and where nobody lives. */
  readonly far: string;
  readonly beyond: string;
  /** Runs a command on the far host. */
  onFar(...line: string[]): void;
  /** Has the far host answer each echo request with what Python makes of `id`, `number` and `data`. */
  answerWith(python: string): Promise<ChildProcess>;
}

const near = '198.51.100.1';
const far = '198.51.100.2';
const beyond = '203.0.113.9';

function run(line: readonly string[]): void {
  const [program = '', ...rest] = line;
  execFileSync(program, rest, { stdio: 'pipe' });
}

/** The network, or why there can be none here. */
export function createPingNetwork(): PingNetwork | string {
  if (process.getuid?.() !== 0) return 'only root may make network namespaces';
  const [nearName, farName] = [`tocsin-near-${process.pid}`, `tocsin-far-${process.pid}`];
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-ping-'));
  const dispose = (): void => {
    rmSync(folder, { recursive: true, force: true });
    for (const name of [nearName, farName]) {
      try {
        run(['ip', 'netns', 'del', name]);
      } catch {
        // It was never made.
      }
    }
  };
  const onFar = (...line: string[]): void => run(['ip', 'netns', 'exec', farName, ...line]);
  try {
    run(['python3', '--version']);
    for (const name of [nearName, farName]) run(['ip', 'netns', 'add', name]);
    const wire = ['link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', farName];
    run(['ip', '-n', nearName, ...wire]);
    for (const [name, address] of [
      [nearName, near],
      [farName, far],
    ] as const) {
      run(['ip', '-n', name, 'addr', 'add', `${address}/30`, 'dev', 'wire']);
      run(['ip', '-n', name, 'link', 'set', 'wire', 'up']);
      run(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
    }
    run(['ip', '-n', nearName, 'route', 'add', 'default', 'via', far]);
    const blind = ['link', 'add', 'beyond', 'type', 'veth', 'peer', 'name', 'nobody'];
    run(['ip', '-n', farName, ...blind]);
    run(['ip', '-n', farName, 'addr', 'add', '203.0.113.1/24', 'dev', 'beyond']);
    run(['ip', '-n', farName, 'link', 'set', 'beyond', 'up']);
    onFar('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  } catch (error) {
    dispose();
    return `no network namespaces here: ${String(error).split('\n')[0]}`;
  }
  const ping = join(folder, 'ping');
  writeFileSync(ping, `#!/bin/sh\nexec ip netns exec ${nearName} ping "$@"\n`, { mode: 0o755 });
  return {
    ping,
    far,
    beyond,
    onFar,
    async answerWith(python) {
      onFar('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all');
      const script = `${responder}\nserve(lambda id, number, data: ${python})`;
      const [program, ...line] = ['ip', 'netns', 'exec', farName, 'python3', '-c', script];
      const child = spawn(program, line, { stdio: ['ignore', 'pipe', 'inherit'] });
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
      return child;
    },
    [Symbol.dispose]: dispose,
  };
}

/** Answers echo requests; `reply` makes one from the parts of the request. */
const responder = `
import socket, struct
def total(data):
    data += b"\\0" * (len(data) % 2)
    words = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    words = (words >> 16) + (words & 0xffff)
    return ~(words + (words >> 16)) & 0xffff
def reply(id, sequence, payload):
    head = struct.pack("!BBHHH", 0, 0, 0, id, sequence)
    return struct.pack("!BBHHH", 0, 0, total(head + payload), id, sequence) + payload
def serve(answer):
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    print("ready", flush=True)
    while True:
        packet, peer = raw.recvfrom(65535)
        kind, code, checksum, id, sequence = struct.unpack("!BBHHH", packet[20:28])
        if kind != 8: continue
        for one in answer(id, sequence, packet[28:]): raw.sendto(one, peer)
`;
