/*
 * What the checks of the bench look at, in a process of its own: real servers where the machine has them, and the
 * small servers of the tests. Prints the keys of each check type as one line of JSON, and ends with its input.
 */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createUnixServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostPlaces } from '../src/checks/host/places.ts';
import type { CheckTypeName } from '../src/model/check.ts';
import { lacksDocker, startDocker } from '../test/support/docker-engine.ts';
import { startDnsServer } from '../test/support/dns-server.ts';
import { healthService, startGrpcServer } from '../test/support/grpc-server.ts';
import { startHttpServer, startHttpsServer } from '../test/support/http-server.ts';
import { modelList, startLlm } from '../test/support/llm-server.ts';
import { startGateway } from '../test/support/openclaw-gateway.ts';
import { bossPassword, postgresProgram, startPostgres } from '../test/support/postgres-server.ts';
import {
  caddyProgram,
  nginxProgram,
  startCaddy,
  startNginx,
  startUpstream,
} from '../test/support/proxies.ts';
import { redisProgram, startRedis } from '../test/support/redis-server.ts';
import { startSmtpServer } from '../test/support/smtp-server.ts';
import { startTcpServer } from '../test/support/tcp-server.ts';
import { createAuthority } from '../test/support/tls-authority.ts';
import { startWebsocketServer } from '../test/support/websocket-server.ts';
import { finish, onTestFinished } from './finished.ts';

/** One row of the table of costs: a type, perhaps in a certain use, with its keys. */
export interface CheckTarget {
  readonly type: CheckTypeName;
  /** Tells several uses of a type apart. */
  readonly use?: string;
  readonly keys: object;
  readonly places?: HostPlaces;
}

const at = (port: number): string => `127.0.0.1:${port}`;
const folder = mkdtempSync(join(tmpdir(), 'tocsin-bench-targets-'));
chmodSync(folder, 0o755);
onTestFinished(() => rmSync(folder, { recursive: true, force: true }));

async function kept<Thing extends AsyncDisposable>(thing: Promise<Thing>): Promise<Thing> {
  const open = await thing;
  onTestFinished(async () => open[Symbol.asyncDispose]());
  return open;
}

/** The servers of the tests, which stand for whatever answers in the network. */
async function probes(): Promise<CheckTarget[]> {
  const authority = createAuthority();
  onTestFinished(() => authority[Symbol.dispose]());
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.ca);
  const tls = authority.issue({ days: 90 });
  const http = await kept(startHttpServer((_, response) => void response.end('{"ok":true}')));
  const https = await kept(
    startHttpsServer(tls, (_, response) => void response.end('{"ok":true}')),
  );
  const tcp = await kept(startTcpServer((socket) => socket.end('220 ready\r\n')));
  const dns = await kept(startDnsServer(() => ({})));
  const grpc = await kept(startGrpcServer(healthService({ '': 1 })));
  const websocket = await kept(startWebsocketServer((socket) => socket.send('welcome')));
  const path = join(folder, 'service.sock');
  const unix = createUnixServer((socket) => socket.end('220 ready\r\n'));
  unix.listen(path);
  await once(unix, 'listening');
  onTestFinished(() => void unix.close());
  const greeting = { query_response: [{ expect: '^220 ' }] };
  const verified = { tls_config: { ca_file: ca } };
  return [
    { type: 'http', keys: { target: http.url } },
    { type: 'http', use: 'over TLS', keys: { target: https.url, http: verified } },
    { type: 'tcp', use: 'with a dialogue', keys: { target: at(tcp.port), tcp: greeting } },
    { type: 'dns', keys: { target: dns.udp, dns: { query_name: 'example.com', query_type: 'A' } } },
    { type: 'icmp', keys: { target: '127.0.0.1' } },
    { type: 'grpc', keys: { target: at(grpc.port) } },
    { type: 'unix', use: 'with a dialogue', keys: { target: path, unix: greeting } },
    {
      type: 'websocket',
      use: 'with a dialogue',
      keys: { target: websocket.url, websocket: { query_response: [{ expect: 'welcome' }] } },
    },
    {
      type: 'certificate',
      keys: { target: `127.0.0.1:${https.port}`, ca_file: ca },
    },
    { type: 'port', keys: { port: http.port, process: 'node' } },
  ];
}

/** What is looked at on the host itself. */
function host(): CheckTarget[] {
  const log = join(folder, 'a.log');
  writeFileSync(log, 'fine\n'.repeat(1000));
  const json = join(folder, 'a.json');
  writeFileSync(json, JSON.stringify({ jobs: Array.from({ length: 100 }, (_, id) => ({ id })) }));
  return [
    { type: 'command', keys: { command: ['/bin/echo', 'fine | a=1'] } },
    { type: 'heartbeat', keys: { every: '1h' } },
    { type: 'disk', keys: { warning: '99.99%', critical: '100%' } },
    { type: 'mount', keys: { path: '/proc' } },
    { type: 'memory', keys: { warning: '99%', critical: '100%' } },
    { type: 'oom', keys: {} },
    { type: 'cpu', keys: { warning: '99.99%', critical: '100%' } },
    { type: 'load', keys: { warning: 500, critical: 1000 } },
    { type: 'reboot', keys: {} },
    { type: 'process', keys: { process: { cmdline: 'node' } } },
    { type: 'log', keys: { file: log, rules: [{ pattern: 'ERROR' }] } },
    { type: 'file', use: 'JSON', keys: { path: json, json: 'valid' } },
    { type: 'clock', keys: { unsynchronized: 'ignore' } },
    { type: 'agent', keys: {} },
    { type: 'group', keys: { of: ['a', 'b', 'c'], min_ok: 2 } },
  ];
}

async function services(): Promise<CheckTarget[]> {
  const targets: CheckTarget[] = [];
  if (existsSync(redisProgram)) {
    targets.push({ type: 'redis', keys: { target: at((await startRedis()).port) } });
  }
  if (existsSync(postgresProgram)) {
    const server = await startPostgres({});
    onTestFinished(async () => server.remove());
    const keys = { target: at(server.port), username: 'boss', password: bossPassword };
    targets.push({ type: 'postgres', keys: { ...keys, query: 'SELECT 1' } });
  }
  const mail = await kept(startSmtpServer());
  targets.push({ type: 'smtp', keys: { target: mail.smarthost, to: 'ops@lab.example' } });
  const [one, two] = [await startUpstream(), await startUpstream()];
  const upstreams = [one.url, two.url];
  if (existsSync(nginxProgram)) {
    const { url } = await startNginx(`location / { proxy_pass http://${one.address}; }`);
    const asked = { through: `${url}/health`, upstreams };
    targets.push({ type: 'nginx', keys: { target: `${url}/status`, ...asked } });
    const layers = { public: `${url}/health`, proxy: new URL(url).host, upstreams };
    targets.push({ type: 'layers', keys: layers });
  }
  if (existsSync(caddyProgram)) {
    const { admin, url } = await startCaddy([one.address, two.address]);
    targets.push({ type: 'caddy', keys: { target: admin, through: `${url}/health`, upstreams } });
  }
  if (lacksDocker() === undefined) {
    const engine = await startDocker();
    onTestFinished(async () => engine.remove());
    for (let number = 1; number <= 5; number += 1) engine.start(`c-${number}`, [], 'sleep 9999');
    targets.push({ type: 'docker', use: '5 containers', keys: { host: `unix://${engine.path}` } });
  }
  const provider = await startLlm({ list: () => modelList('small', 'large') });
  const model = { base_url: provider.url, api_key: 'sk-of-the-bench', model: 'small' };
  targets.push({ type: 'llm', keys: model });
  const gateway = await startGateway();
  const { places, stateFolder } = gateway;
  targets.push({ type: 'openclaw', places, keys: { state_dir: stateFolder } });
  return targets;
}

async function main(): Promise<void> {
  const targets = [...(await probes()), ...host(), ...(await services())];
  process.stdout.write(`${JSON.stringify(targets)}\n`);
  process.stdin.resume();
  await once(process.stdin, 'end');
}

async function run(): Promise<void> {
  try {
    await main();
  } finally {
    await finish();
  }
}

void run().then(() => process.exit(0));
