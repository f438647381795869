import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { WebSocketServer, type WebSocket } from 'ws';
import { onTestFinished } from 'vitest';
import { hostPlaces, type HostPlaces } from '../../src/checks/host/places.ts';
import { parseProcessStat } from '../../src/checks/host/process-stat.ts';
import { listen } from './tcp-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** For a call that never gets an answer. */
export const never = Symbol('never');

/** For a call that is answered with `nonsense`. */
export const raw = Symbol('raw');

/** For a call whose parameters another version does not know. */
export const invalid = Symbol('invalid');

/** For a call that is refused with UNAVAILABLE, as over a destroyed database. */
export const unavailable = Symbol('unavailable');

/** Answers of a real 2026.9.6 without channels, shortened to what is read. */
const healthyCalls = (): [string, unknown][] => [
  ['channels.status', { channelAccounts: {}, statusIssues: [] }],
  [
    'cron.status',
    { enabled: true, storage: 'sqlite', jobs: 3, nextWakeAtMs: Date.now() + 600_000 },
  ],
  ['cron.list', { jobs: [{ id: 'a', state: {} }], total: 3 }],
  ['cron.runs', { entries: [], total: 0, offset: 0, limit: 50, hasMore: false, nextOffset: null }],
  [
    'status',
    {
      runtimeVersion: '2026.9.6',
      degradedSecretOwners: [],
      degradedPlugins: [],
      taskAudit: { total: 0, byCode: { stale_queued: 0, stale_running: 0, lost: 0 } },
      processMemory: { rssBytes: 804_515_840, heapUsedBytes: 221_245_848 },
    },
  ],
  [
    'diagnostics.lanes',
    {
      lanes: [{ lane: 'main', queuedCount: 0, activeCount: 0, maxConcurrent: 8, blockedBy: null }],
    },
  ],
  ['tasks.list', { tasks: [] }],
  [
    'diagnostics.stability',
    { capacity: 1000, count: 0, dropped: 0, events: [], summary: { byType: {} } },
  ],
  ['agent', { runId: 'run-1', sessionKey: 'agent:main:main', status: 'accepted' }],
  ['agent.wait', { runId: 'run-1', status: 'ok', stopReason: 'stop' }],
];

/** Calls that need more than the right to read. */
const writing = new Set(['agent', 'agent.wait']);

/** An answer that depends on what was asked for. */
type Answering = (parameters: Readonly<Record<string, unknown>>) => unknown;

/** Speaks protocol 4 as 2026.9.6 does: challenge, login, calls with the scope to read. */
function serveLine(websocket: WebSocket, gateway: StandInGateway): void {
  const send = (frame: object): void => websocket.send(JSON.stringify(frame));
  const challenge = { nonce: 'n', ts: Date.now(), capabilities: ['model-catalog-snapshot'] };
  if (gateway.greeting !== 'raw') {
    send({ type: 'event', event: 'connect.challenge', payload: challenge });
  }
  if (gateway.greeting === 'raw') websocket.send(gateway.nonsense);
  let scopes: readonly string[] = [];
  websocket.on('message', (data: Buffer) => {
    const { id, method, params } = JSON.parse(data.toString('utf8')) as Request;
    gateway.asked.push({ method, params });
    const refuse = (code: string, exact?: string): void =>
      send({
        type: 'res',
        id,
        ok: false,
        error: {
          code,
          message: 'no',
          ...(exact === undefined ? {} : { details: { code: exact } }),
        },
      });
    const given = gateway.calls.get(method);
    const payload = typeof given === 'function' ? (given as Answering)(params) : given;
    const recorded = gateway.frames.get(method);
    if (recorded !== undefined) {
      if (recorded !== null) send({ ...recorded, id });
    } else if (method !== 'connect') {
      const wanted = writing.has(method) ? 'operator.write' : 'operator.read';
      if (!scopes.includes(wanted) && !scopes.includes('operator.write'))
        refuse('FORBIDDEN', 'MISSING_SCOPE');
      else if (payload === raw) websocket.send(gateway.nonsense);
      else if (payload === invalid) refuse('INVALID_REQUEST');
      else if (payload === unavailable) refuse('UNAVAILABLE');
      else if (payload === undefined) refuse('FORBIDDEN', 'MISSING_SCOPE');
      else if (payload !== never) send({ type: 'res', id, ok: true, payload });
    } else if (gateway.greeting === 'another protocol') {
      refuse('INVALID_REQUEST', 'PROTOCOL_MISMATCH');
    } else if (gateway.greeting === 'hello') {
      if (params.maxProtocol !== 4) refuse('INVALID_REQUEST', 'PROTOCOL_MISMATCH');
      else if ((params.auth?.token ?? params.auth?.password) === gatewayToken) {
        scopes = (params.scopes ?? []).filter((scope) => gateway.grants.includes(scope));
        send({ type: 'res', id, ok: true, payload: hello(gateway) });
      } else refuse('INVALID_REQUEST', 'AUTH_TOKEN_MISMATCH');
    }
  });
}

interface Request {
  readonly id: string;
  readonly method: string;
  readonly params: {
    readonly auth?: { readonly token?: string; readonly password?: string };
    readonly scopes?: readonly string[];
    readonly minProtocol?: number;
    readonly maxProtocol?: number;
  };
}

function hello({ calls }: StandInGateway): object {
  return {
    type: 'hello-ok',
    protocol: 4,
    server: { version: '2026.9.6', bootId: 'b', connId: 'c' },
    features: { methods: [...calls.keys()], events: ['tick', 'health'] },
    policy: { tickIntervalMs: 30_000, maxPayload: 26_214_400 },
  };
}

/** What a probe of the stand-in answers: never, or a status and a body. */
type Answer = 'silence' | { readonly status: number; readonly body: unknown };

/** A stand-in for an OpenClaw gateway, as far as one can be seen from its host. */
export interface StandInGateway {
  readonly port: number;
  readonly stateFolder: string;
  readonly places: HostPlaces;
  /** The shared database, in the tables of 2026.9.6, held open as the gateway does. */
  readonly database: DatabaseSync;
  answer(path: string, answer: Answer): void;
  /** Writes a file below the state folder; an object becomes JSON. */
  write(name: string, content: unknown): Promise<void>;
  remove(name: string): Promise<void>;
  /** Takes the lock, as the process of the test or as another one. */
  lock(other?: Readonly<Record<string, unknown>>): Promise<void>;
  addJob(
    name: string,
    state: object,
    job?: { enabled?: boolean; schedule?: object; kind?: string },
  ): void;
  /** What a call of the WebSocket gets: a payload, or nothing ever; undefined: this version lacks it. */
  readonly calls: Map<string, unknown>;
  /** What was asked over the WebSocket, in order. */
  readonly asked: { readonly method: string; readonly params: Request['params'] }[];
  /** Rights that its token gives. */
  grants: readonly string[];
  /** A frame that makes no sense. */
  nonsense: string | Buffer;
  /** Recorded answers that go before: frames as a real gateway sent them, null for never. */
  readonly frames: Map<string, object | null>;
  /** How it greets: `silent` as a gateway whose state database is gone; `raw` with `nonsense`. */
  greeting: 'hello' | 'silent' | 'raw' | 'another protocol';
  /** Connections over WebSocket that were made so far, and those that are open. */
  readonly connections: () => { readonly made: number; readonly open: number };
  /** Requests, connections and questions so far. */
  readonly seen: () => number;
  /** Says something unasked on all connections. */
  event(name: string): void;
  /** Ends all connections over WebSocket. */
  drop(): void;
  /** Stops to listen. */
  stop(): Promise<void>;
  /** Listens again, where it did. */
  resume(): Promise<void>;
}

const html = '<!doctype html><title>OpenClaw Control</title>';

const healthyAnswers = (): [string, Answer][] => [
  ['/health', { status: 200, body: { ok: true, status: 'live' } }],
  ['/startupz', { status: 200, body: { ok: true, status: 'started', version: '2026.9.6' } }],
  ['/readyz', { status: 200, body: readyBody({}) }],
];

/** A body of `/readyz`, as 2026.9.6 gives it. */
export function readyBody(over: object): object {
  const eventLoop = {
    degraded: false,
    degradedSinceMs: null,
    reasons: [],
    intervalMs: 1001.39,
    delayP99Ms: 50.1,
    delayMaxMs: 50.1,
    utilization: 0.011,
    cpuCoreRatio: 0.011,
  };
  return { ready: true, failing: [], uptimeMs: 50_904, eventLoop, ...over };
}

/** Tables of 2026.9.6, without those that no check looks at. */
const tables = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE cron_jobs (store_key TEXT NOT NULL, job_id TEXT NOT NULL, name TEXT NOT NULL,
    enabled INTEGER NOT NULL, payload_kind TEXT NOT NULL, job_json TEXT NOT NULL,
    state_json TEXT NOT NULL DEFAULT '{}', updated_at INTEGER NOT NULL,
    PRIMARY KEY (store_key, job_id)) STRICT;
  CREATE TABLE gateway_boot_lifecycle (boot_id TEXT NOT NULL PRIMARY KEY, pid INTEGER NOT NULL,
    started_at_ms INTEGER NOT NULL, completed_at_ms INTEGER, outcome TEXT, startup_reason TEXT,
    reason TEXT) STRICT;
  CREATE TABLE config_machine_state (state_key TEXT NOT NULL PRIMARY KEY,
    value_json TEXT NOT NULL, updated_at_ms INTEGER NOT NULL) STRICT;
`;

/** The token that no result may show. */
export const gatewayToken = 'a-token-that-nobody-may-see-4711';

/** A `/proc` in which only the process of the test runs, for so long. */
function procOf(folder: string, ageSeconds: number): string {
  const proc = join(folder, 'proc');
  mkdirSync(proc);
  const started = parseProcessStat(readFileSync('/proc/self/stat', 'utf8'))?.startTicks ?? 0;
  writeFileSync(join(proc, 'uptime'), `${(started / 100 + ageSeconds).toFixed(2)} 0.00\n`);
  symlinkSync('/proc/net', join(proc, 'net'));
  for (const name of ['self', String(process.pid)]) {
    symlinkSync(`/proc/${process.pid}`, join(proc, name));
  }
  return proc;
}

/** Starts a healthy stand-in for the length of the test, which has run for so long. */
export async function startGateway(
  ageSeconds = 3600,
  certificate?: { readonly cert: string; readonly key: string },
): Promise<StandInGateway> {
  const answers = new Map(healthyAnswers());
  let requests = 0;
  const handle: RequestListener = (request, response) => {
    requests += 1;
    const given = answers.get(request.url ?? '') ?? { status: 200, body: html };
    if (given === 'silence') return;
    const text = typeof given.body === 'string' ? given.body : JSON.stringify(given.body);
    response.writeHead(given.status).end(text);
  };
  const server =
    certificate === undefined ? createServer(handle) : createTlsServer(certificate, handle);
  const listening = await listen(server);
  const folder = temporaryFolder();
  const stateFolder = join(folder, '.openclaw');
  const write: StandInGateway['write'] = async (name, content) => {
    const path = join(stateFolder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  };
  const tls = certificate === undefined ? '' : 'tls: { enabled: true },';
  const settings = `{ // as people write them
    gateway: { ${tls} mode: 'local', port: ${listening.port}, auth: { mode: "token", token: '${gatewayToken}' }, },
    logging: { file: "${stateFolder}/logs/openclaw.log" },
  }`;
  await write('openclaw.json', settings);
  if (certificate !== undefined) await write('gateway/tls/gateway-cert.pem', certificate.cert);
  await mkdir(join(stateFolder, 'logs'), { recursive: true });
  await mkdir(join(stateFolder, 'state'), { recursive: true });
  const database = new DatabaseSync(join(stateFolder, 'state', 'openclaw.sqlite'));
  database.exec(tables);
  const lines = new WebSocketServer({ server });
  let made = 0;
  lines.on('connection', (websocket) => {
    made += 1;
    websocket.on('error', () => undefined);
    serveLine(websocket, gateway);
  });
  const gateway: StandInGateway = {
    calls: new Map(healthyCalls()),
    asked: [],
    grants: ['operator.read', 'operator.write'],
    nonsense: 'what?',
    frames: new Map(),
    greeting: 'hello',
    seen: () => requests + made + gateway.asked.length,
    connections: () => ({ made, open: lines.clients.size }),
    event(name) {
      for (const client of lines.clients)
        client.send(JSON.stringify({ type: 'event', event: name }));
    },
    drop() {
      for (const client of lines.clients) client.terminate();
    },
    port: listening.port,
    stateFolder,
    places: {
      ...hostPlaces,
      proc: procOf(folder, ageSeconds),
      etc: folder,
      run: join(folder, 'run'),
    },
    database,
    answer: (path, answer) => void answers.set(path, answer),
    write,
    remove: async (name) => rm(join(stateFolder, name), { recursive: true }),
    lock: async (other = {}) => {
      const startTime = parseProcessStat(readFileSync('/proc/self/stat', 'utf8'))?.startTicks;
      const lock = { pid: process.pid, createdAt: new Date().toISOString(), stateDir: stateFolder };
      const text = JSON.stringify({ ...lock, port: listening.port, startTime, ...other });
      await write('tmp/openclaw-1000/gateway.state.lock', `${text}\n\t  \t\t `);
    },
    addJob(name, state, { enabled = true, schedule = {}, kind = 'agentTurn' } = {}) {
      const job = JSON.stringify({ name, schedule, payload: { message: 'what nobody may see' } });
      database
        .prepare(`INSERT INTO cron_jobs VALUES ('main', ?, ?, ?, ?, ?, ?, 0)`)
        .run(name, name, enabled ? 1 : 0, kind, job, JSON.stringify(state));
    },
    stop: async () => listening[Symbol.asyncDispose](),
    async resume() {
      server.listen(listening.port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
  onTestFinished(async () => {
    if (database.isOpen) database.close();
    if (server.listening) await listening[Symbol.asyncDispose]();
  });
  await gateway.lock();
  for (const name of ['heartbeat-main', 'skill review', 'dreaming']) {
    gateway.addJob(name, { nextRunAtMs: Date.now() + 600_000 });
  }
  return gateway;
}
