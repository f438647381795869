import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openclawProgram } from './installation.ts';
import { providerPort } from './provider.ts';

/** The gateway's own port: the suite has a network of its own, so that it is free. */
export const gatewayPort = 18_789;

/** The token of the gateway, which no result and no recording may show. */
export const gatewayToken = 'token-of-a-gateway-that-lives-for-minutes';

/** What the provider is shown. */
export const providerKey = 'key-for-a-provider-that-takes-any';

/** A real gateway with a state folder of its own; started and ended as often as a state needs. */
export interface LabGateway {
  readonly home: string;
  readonly stateFolder: string;
  /** Its process; throws if none was started. */
  readonly pid: () => number;
  /** Starts it, and gives it back at once. */
  start(environment?: Readonly<Record<string, string>>): void;
  /** Waits for `/startupz` to say that it has started. */
  started(withinMs?: number): Promise<void>;
  /**
   * Starts it and waits, again where it gives up: on a machine that is busy its own timers come too late,
   * for which its unit has `Restart=always`.
   */
  run(environment?: Readonly<Record<string, string>>): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Waits for its end: the exit code, or -1 for a signal. */
  ended(): Promise<number>;
  /** Ends it as a service manager does, and waits. */
  stop(): Promise<void>;
  /** Merges into `openclaw.json`; read at the next start. */
  settings(more: object): Promise<void>;
  /** Runs the command line of OpenClaw and gives what it printed. */
  cli(...words: readonly string[]): Promise<string>;
  /** What it printed itself so far. */
  printed(): Promise<string>;
}

const plainSettings = (home: string): object => ({
  gateway: {
    mode: 'local',
    bind: 'loopback',
    port: gatewayPort,
    auth: { mode: 'token', token: gatewayToken },
  },
  update: { checkOnStart: false },
  logging: { file: join(home, 'logs', 'openclaw.log') },
  agents: { defaults: { model: { primary: 'fake/fake-model' } } },
  models: {
    mode: 'merge',
    providers: {
      fake: {
        baseUrl: `http://127.0.0.1:${providerPort}/v1`,
        apiKey: providerKey,
        api: 'openai-completions',
        models: [
          {
            id: 'fake-model',
            name: 'Fake',
            reasoning: false,
            input: ['text'],
            cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
            contextWindow: 128_000,
            maxTokens: 4096,
          },
        ],
      },
    },
  },
});

/** Prepares a gateway in an empty folder; nothing runs yet. */
export async function createGateway(home: string): Promise<LabGateway> {
  const stateFolder = join(home, '.openclaw');
  const configPath = join(stateFolder, 'openclaw.json');
  const output = join(home, 'logs', 'gateway-output.log');
  await mkdir(join(home, 'logs'), { recursive: true });
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  await writeFile(configPath, JSON.stringify(plainSettings(home), null, 2));
  const quiet = {
    PATH: process.env['PATH'],
    HOME: home,
    NO_COLOR: '1',
    DO_NOT_TRACK: '1',
    OPENCLAW_NO_AUTO_UPDATE: '1',
    OPENCLAW_DISABLE_BONJOUR: '1',
    OPENCLAW_OFFLINE: '1',
  };
  let child: ChildProcess | undefined;
  let exited: Promise<number> = Promise.resolve(-1);
  const pid = (): number => {
    if (child?.pid === undefined) throw new Error('no gateway was started');
    return child.pid;
  };
  const gateway: LabGateway = {
    home,
    stateFolder,
    pid,
    start(environment = {}) {
      const log = openSync(output, 'a');
      child = spawn(process.execPath, [openclawProgram, 'gateway', 'run'], {
        env: { ...quiet, ...environment },
        stdio: ['ignore', log, log],
      });
      exited = once(child, 'exit').then(([code]) => (code as number | null) ?? -1);
    },
    async started(withinMs = 400_000) {
      const gone = exited.then(async (code) => {
        throw new Error(`the gateway ended with ${code}: ${(await gateway.printed()).slice(-600)}`);
      });
      await Promise.race([waitUntilStarted(withinMs), gone]);
    },
    async run(environment) {
      for (let attempt = 1; attempt <= 8; attempt += 1) {
        gateway.start(environment);
        try {
          await gateway.started();
          return;
        } catch (error) {
          if (attempt === 8 || child?.exitCode !== 1) throw error;
        }
      }
    },
    signal: (name) => void process.kill(pid(), name),
    ended: async () => exited,
    async stop() {
      if (child?.exitCode === null && child.signalCode === null) process.kill(pid(), 'SIGTERM');
      await exited;
    },
    async settings(more) {
      const now = JSON.parse(await readFile(configPath, 'utf8')) as object;
      await writeFile(configPath, JSON.stringify({ ...now, ...more }, null, 2));
    },
    async cli(...words) {
      const one = spawn(process.execPath, [openclawProgram, ...words], { env: quiet });
      let text = '';
      for (const stream of [one.stdout, one.stderr]) {
        stream.on('data', (data: Buffer) => {
          text += data.toString('utf8');
        });
      }
      await once(one, 'close');
      return text;
    },
    printed: async () => readFile(output, 'utf8').catch(() => ''),
  };
  return gateway;
}

async function waitUntilStarted(withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs) {
    const text = await fetch(`http://127.0.0.1:${gatewayPort}/startupz`)
      .then(async (answer) => answer.text())
      .catch(() => '');
    if (text.includes('"started"')) return;
    await delay(250);
  }
  throw new Error(`the gateway has not started within ${withinMs / 1000} s`);
}
