import { join } from 'node:path';
import type { Logger } from '../lib/log.ts';
import { formatProblem } from '../config/load.ts';
import { createMetrics } from '../metrics/metrics.ts';
import type { Config } from '../model/config.ts';
import { stopTimeoutMs } from '../model/limits.ts';
import { version } from '../model/version.ts';
import { createWebServer, type WebAddress } from '../web/server.ts';
import { StoreError } from '../store/open.ts';
import { Agent, type AgentOptions } from './agent.ts';
import { createCommands } from './commands.ts';
import type { LoadedConfig, Loading } from './load.ts';
import type { Ports } from './ports.ts';
import { createProber } from './prober.ts';
import { agentSnapshot } from './view/snapshot.ts';
import { takeDirectTests } from './direct-tests.ts';
import { socketName } from './socket-name.ts';
import { reportToSupervisor } from './signs-of-life.ts';
import type { Supervisor } from './supervisor.ts';
import { startDeadManPing } from './watching/dead-man.ts';
import { standstill } from './watching/progress.ts';
import { StartError } from './start-error.ts';

export type Reloaded =
  | { readonly ok: true }
  | { readonly ok: false; readonly problems: readonly string[] };

export interface ServeOptions {
  readonly loaded: LoadedConfig;
  readonly ports: Ports;
  readonly log: Logger;
  /** Reads the configuration again; the problems are sentences with file, line and column. */
  readonly load: () => Promise<Loading>;
  /** Called when a new configuration is in force, to mask its secrets in the log. */
  readonly onConfig: (config: Config) => void;
  /** The service manager that started us. */
  readonly supervisor: Supervisor;
}

/** The running agent with its surfaces. */
export interface Serving {
  readonly agent: Agent;
  readonly address: WebAddress;
  reload(): Promise<Reloaded>;
  /** Drains: no new runs, sends and answers under way may end, then everything is saved and closed. */
  stop(graceMs?: number): Promise<void>;
}

/** Starts everything; nothing runs before the address is ours. Rejects with `StartError`. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { loaded, log } = options;
  const metrics = createMetrics({ version });
  let ready = false;
  let current = loaded.config;
  const onConfig = (config: Config): void => {
    current = config;
    options.onConfig(config);
  };
  let address: WebAddress | undefined;
  const agent = openAgent({
    config: current,
    dataDir: loaded.dataDir,
    ports: options.ports,
    metrics,
    log,
    externalURL: () => current.server.externalURL ?? address?.url ?? '',
    userAgent: `tocsin/${version}`,
  });
  metrics.configReload(true, agent.startedAt.wallMs);
  for (const [key, atMs] of takeDirectTests(loaded.dataDir, agent.startedAt.wallMs)) {
    agent.receivers.noteProof(key, atMs);
  }
  logWarnings(current, log);
  const reports = reportToSupervisor(agent, options.supervisor, log);
  const reload = reloading(async () => {
    reports.reloading();
    const reloaded = await takeAnew(agent, { ...options, onConfig });
    reports.reloaded();
    return reloaded;
  });
  const web = createWebServer({
    listen: { host: current.server.host, port: current.server.port },
    ...socketIn(loaded.dataDir, log),
    snapshot: () => agentSnapshot(agent, ready),
    standstill: () => standstill(agent.progress()),
    metrics: () => metrics.expose(agentSnapshot(agent, ready, 0)),
    commands: createCommands(agent, reload),
    prober: createProber(agent, metrics),
    configText: () => current.masked,
    externalURL: () => current.server.externalURL,
    ...(loaded.web === undefined ? {} : { web: loaded.web }),
    clock: agent.clock,
    log,
  });
  try {
    await web.start();
    address = web.address;
  } catch (error) {
    await agent.stop(0);
    throw new StartError(error, false);
  }
  agent.start();
  const stopPing = startDeadManPing(agent, log);
  ready = true;
  reports.ready();
  return {
    agent,
    address: address ?? { host: '', port: 0, url: '' },
    reload,
    async stop(graceMs = stopTimeoutMs) {
      ready = false;
      const told = reports.stopping();
      stopPing();
      await web.stop(Math.min(graceMs, 2000));
      await agent.stop(graceMs);
      await told;
    },
  };
}

/** Reads the configuration again and goes on with it; a bad one changes nothing. */
async function takeAnew(
  agent: Agent,
  { load, onConfig, log }: Pick<ServeOptions, 'load' | 'onConfig' | 'log'>,
): Promise<Reloaded> {
  const next = await load();
  const problems = next.ok ? tryReload(agent, next.loaded.config) : next.problems;
  if (problems !== undefined || !next.ok) {
    const reasons = problems ?? [];
    agent.reloadFailed(reasons.join('; '));
    log.error('reload failed, the old configuration runs on', { problems: reasons.join('; ') });
    return { ok: false, problems: reasons };
  }
  const { config } = next.loaded;
  onConfig(config);
  log.info('configuration reloaded', { checks: config.checks.length });
  logWarnings(config, log);
  return { ok: true };
}

function logWarnings({ warnings }: Config, log: Logger): void {
  for (const warning of warnings) log.warn('configuration', { warning: formatProblem(warning) });
}

function openAgent(options: AgentOptions): Agent {
  try {
    return new Agent(options);
  } catch (error) {
    throw error instanceof StoreError ? new StartError(error, true) : error;
  }
}

/** What the kernel takes as the path of a socket. */
const socketPathBytesMax = 107;

function socketIn(dataDir: string, log: Logger): { readonly socketPath?: string } {
  const socketPath = join(dataDir, socketName);
  if (Buffer.byteLength(socketPath) <= socketPathBytesMax) return { socketPath };
  log.warn('path too long for a socket: the command line asks over TCP', { path: socketPath });
  return {};
}

/** One reload at a time; a request that comes during one gets the outcome of the next. */
function reloading(reload: () => Promise<Reloaded>): () => Promise<Reloaded> {
  let running: Promise<Reloaded> | undefined;
  let next: Promise<Reloaded> | undefined;
  const begin = (): Promise<Reloaded> => {
    running = reload().finally(() => {
      running = undefined;
    });
    return running;
  };
  return async () => {
    if (running === undefined) return begin();
    next ??= running.then(() => {
      next = undefined;
      return begin();
    });
    return next;
  };
}

function tryReload(agent: Agent, config: Config): readonly string[] | undefined {
  try {
    agent.reload(config);
    return undefined;
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
