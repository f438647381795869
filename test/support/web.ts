import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/log.ts';
import type { WebCommands } from '../../src/web/commands.ts';
import type { WebProber } from '../../src/web/prober.ts';
import type { WebServerOptions } from '../../src/web/server-options.ts';
import { createWebServer, type WebServer } from '../../src/web/server.ts';
import { agentSnapshot } from './snapshot.ts';

/** Commands that know nothing and change nothing, but for those given. */
export function webCommands(given: Partial<WebCommands> = {}): WebCommands {
  return {
    reload: async () => ({ ok: true }),
    ping: () => 'unknown',
    history: () => undefined,
    deliveries: () => [],
    recording: () => {
      throw new Error('nothing is recorded here');
    },
    why: () => undefined,
    testReceiver: async () => undefined,
    routing: () => ({ receivers: [], longForm: '', resolveTimeoutMs: 300_000 }),
    postAlerts: () => ({ faults: [], tooMany: 0, saved: true }),
    judgeLink: () => 'wrong',
    routesTest: () => [],
    alerts: () => [],
    alertGroups: () => [],
    silences: () => [],
    putSilence: () => ({ kind: 'unknown' }),
    expireSilence: () => 'unknown',
    acknowledge: () => 'unknown',
    ...given,
  };
}

/** A prober that knows no modules and probes nothing. */
const noProber: WebProber = {
  settings: () => ({
    enabled: true,
    allow: [],
    timeoutOffsetMs: 500,
    historyLimit: 100,
    logLevel: 'info',
  }),
  module: async () => undefined,
  modules: async () => [],
  forHostname: (module) => module,
  run: async () => ({ kind: 'refused', why: 'nothing is probed here' }),
  countUnknown: () => {},
  isOwnConnection: () => false,
};

/** Options of a server on a free port of loopback. */
export function webOptions(given: Partial<WebServerOptions> = {}): WebServerOptions {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    snapshot: () => agentSnapshot(),
    standstill: () => undefined,
    metrics: () => '',
    commands: webCommands(),
    prober: noProber,
    configText: () => '',
    clock: systemClock(),
    log: silentLogger,
    ...given,
  };
}

/** Starts a server that is stopped with the test; gives its address as well. */
export async function startWeb(
  given: Partial<WebServerOptions> = {},
): Promise<{ readonly server: WebServer; readonly url: string; readonly port: number }> {
  const server = createWebServer(webOptions(given));
  await server.start();
  onTestFinished(() => server.stop(0));
  const { address } = server;
  if (address === undefined) throw new Error('a started server has an address');
  return { server, url: address.url, port: address.port };
}
