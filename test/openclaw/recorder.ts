import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { jsonOf } from '../../src/lib/json-of.ts';
import type { Exchange, HttpAnswer, Table } from '../support/openclaw-exchange.ts';
import { gatewayPort, gatewayToken, providerKey, type LabGateway } from './gateway.ts';
import { openclawVersion } from './installation.ts';

const folder = join(import.meta.dirname, '..', 'fixtures', 'openclaw');
const bytesMax = 200_000;
const deadlineMs = 10_000;

/** All that a check asks or might ask with the right to read. */
const calls: readonly (readonly [method: string, parameters: object])[] = [
  ['health', {}],
  ['status', {}],
  ['channels.status', {}],
  ['cron.status', {}],
  ['cron.list', { includeDisabled: true }],
  ['cron.runs', {}],
  ['tasks.list', {}],
  ['diagnostics.lanes', {}],
  ['diagnostics.stability', { limit: 100 }],
  ['models.authStatus', {}],
  ['system.info', {}],
  ['gateway.restart.preflight', {}],
];

/** Records what the gateway says in this state: its probes, its frames, and the rows of its databases. */
export async function record(gateway: LabGateway, name: string, how: string): Promise<void> {
  const recordedAtMs = Date.now();
  const said = await converse();
  const exchange: Exchange = {
    about: `Recorded from OpenClaw ${openclawVersion}. Token, key, host name and home are replaced, texts over 160 characters cut, idle lanes but the main one and empty counters of kinds of tasks left out.`,
    state: how,
    version: openclawVersion,
    recordedAtMs,
    http: await probes(),
    ...said,
    lock: await lockOf(gateway),
    databases: await databasesOf(gateway),
  };
  const kept = withoutIdle(masked(exchange, gateway.home));
  const text = `${JSON.stringify(kept, null, 1)}\n`;
  if (text.length > bytesMax) throw new Error(`${name}.json would have ${text.length} bytes`);
  for (const secret of [gatewayToken, providerKey]) {
    if (text.includes(secret)) throw new Error(`${name}.json would give away a secret`);
  }
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), text);
}

async function probes(): Promise<Exchange['http']> {
  const answers: Record<string, HttpAnswer> = {};
  for (const path of ['/health', '/startupz', '/readyz']) {
    const response = await fetch(`http://127.0.0.1:${gatewayPort}${path}`);
    const contentType = response.headers.get('content-type') ?? '';
    answers[path] = { status: response.status, contentType, body: await response.json() };
  }
  return answers;
}

interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly event?: string;
  readonly ok?: boolean;
}

type Said = Pick<Exchange, 'challenge' | 'hello' | 'answers' | 'events'>;

/** Logs in with the right to read, asks everything, and listens for a while. */
async function converse(): Promise<Said> {
  const websocket = new WebSocket(`ws://127.0.0.1:${gatewayPort}/`);
  const frames: Frame[] = [];
  websocket.on('message', (data: Buffer) =>
    frames.push(JSON.parse(data.toString('utf8')) as Frame),
  );
  const wait = async (is: (frame: Frame) => boolean, ms = deadlineMs): Promise<Frame | null> => {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs && !frames.some(is)) await delay(20);
    return frames.find(is) ?? null;
  };
  const ask = async (method: string, params: object): Promise<Frame | null> => {
    websocket.send(JSON.stringify({ type: 'req', id: method, method, params }));
    return wait(({ type, id }) => type === 'res' && id === method);
  };
  const challenge = await wait(({ event }) => event === 'connect.challenge');
  const hello = await ask('connect', {
    minProtocol: 4,
    maxProtocol: 4,
    role: 'operator',
    scopes: ['operator.read'],
    caps: [],
    client: { id: 'gateway-client', mode: 'backend', version: '0', platform: 'linux' },
    auth: { token: gatewayToken },
  });
  const answers: Record<string, unknown> = {};
  if (hello?.ok === true) {
    for (const [method, parameters] of calls) answers[method] = await ask(method, parameters);
    await wait(({ event }) => event === 'tick', 35_000);
  }
  websocket.terminate();
  const events = frames.filter(
    ({ type, event }, at) =>
      type === 'event' &&
      event !== 'connect.challenge' &&
      frames.findIndex((one) => one.event === event) === at,
  );
  return { challenge, hello, answers, events };
}

async function lockOf({ stateFolder }: LabGateway): Promise<Exchange['lock']> {
  const owners = await readdir(join(stateFolder, 'tmp'));
  const owner = owners.find((name) => name.startsWith('openclaw-')) ?? '';
  const text = await readFile(join(stateFolder, 'tmp', owner, 'gateway.state.lock'), 'utf8');
  return JSON.parse(text.replaceAll('\0', ' ')) as Exchange['lock'];
}

/** What may be read of each table, as SQL. Of `config_machine_state` never the row with the keys. */
const shared: readonly (readonly [table: string, query: string])[] = [
  ['cron_jobs', 'SELECT * FROM cron_jobs'],
  ['gateway_boot_lifecycle', 'SELECT * FROM gateway_boot_lifecycle'],
  [
    'config_machine_state',
    `SELECT * FROM config_machine_state WHERE state_key = 'authProfiles.state'`,
  ],
];
const ofAgent: typeof shared = [['auth_profile_state', 'SELECT * FROM auth_profile_state']];

async function databasesOf({ stateFolder }: LabGateway): Promise<Exchange['databases']> {
  const agents = await readdir(join(stateFolder, 'agents')).catch(() => []);
  const paths = agents.map((id) => join('agents', id, 'agent', 'openclaw-agent.sqlite'));
  const found: Record<string, readonly Table[] | null> = {};
  for (const path of [join('state', 'openclaw.sqlite'), ...paths]) {
    found[path] = tablesOf(join(stateFolder, path), path.startsWith('state') ? shared : ofAgent);
  }
  return found;
}

function tablesOf(path: string, wanted: typeof shared): readonly Table[] | null {
  const made = `SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?`;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    const open = database;
    return wanted.map(([name, query]) => ({
      name,
      sql: String(open.prepare(made).get(name)?.['sql']),
      rows: open.prepare(query).all() as Table['rows'],
    }));
  } catch {
    return null;
  } finally {
    database?.close();
  }
}

/** The same without what is secret, what tells of this machine, and what is only long. */
function masked(value: unknown, home: string): unknown {
  if (typeof value === 'string') {
    const plain = value
      .replaceAll(gatewayToken, '<token>')
      .replaceAll(providerKey, '<key>')
      .replaceAll(home, '/home/claw')
      .replaceAll(new RegExp(`\\b${hostname()}\\b`, 'g'), 'gateway-host');
    if (plain.startsWith('CREATE ')) return plain;
    const inner = /^[{[]/.test(plain) ? jsonOf(plain) : undefined;
    if (inner !== undefined) return JSON.stringify(masked(inner, home));
    return plain.length <= 160 ? plain : `${plain.slice(0, 24)}… (${plain.length} characters)`;
  }
  if (Array.isArray(value)) return value.map((one) => masked(one, home));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, masked(one, home)]));
}

/** The same without lanes in which nothing is and kinds of tasks of which there are none: they say nothing. */
function withoutIdle(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => !isIdleLane(one)).map(withoutIdle);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, one]): [string, unknown] => {
    const isCounters = key === 'byRuntime' && one !== null && typeof one === 'object';
    const counters = isCounters ? Object.entries(one).filter(([, count]) => count !== 0) : [];
    return [key, isCounters ? Object.fromEntries(counters) : withoutIdle(one)];
  });
  return Object.fromEntries(entries);
}

function isIdleLane(value: unknown): boolean {
  const { lane, queuedCount, activeCount } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return typeof lane === 'string' && lane !== 'main' && queuedCount === 0 && activeCount === 0;
}
