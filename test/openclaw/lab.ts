import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { startWebhookServer } from '../support/webhook-server.ts';
import type { ScriptedHttpServer } from '../support/scripted-http-server.ts';
import { createGateway, type LabGateway } from './gateway.ts';
import { startProvider, type Provider } from './provider.ts';

/** One gateway with its provider, and one agent that watches it and tells a webhook. */
export interface Lab extends AsyncDisposable {
  readonly gateway: LabGateway;
  readonly provider: Provider;
  readonly webhook: ScriptedHttpServer;
  /** Starts the agent, with the settings that a person gets who writes nothing but the type. */
  watch(tuned?: object): Promise<TestAgent>;
}

/** What the agent calls the gateway. */
export const checkName = 'assistant';

export async function createLab(): Promise<Lab> {
  const open = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), 'tocsin-openclaw-'));
  open.defer(async () => rm(home, { recursive: true, force: true, maxRetries: 5 }));
  const provider = open.use(await startProvider());
  const webhook = open.use(await startWebhookServer());
  const gateway = await createGateway(home);
  open.defer(async () => {
    try {
      gateway.signal('SIGCONT');
      gateway.signal('SIGKILL');
      await gateway.ended();
    } catch {
      // It was never started, or has ended.
    }
  });
  return {
    gateway,
    provider,
    webhook,
    async watch(tuned = {}) {
      const config = {
        agent: { name: 'gateway-host' },
        checks: [{ name: checkName, type: 'openclaw', ...tuned }],
        // The times of the short form `notify:`, which knows no webhook.
        route: { receiver: 'ops', group_by: ['host'], group_wait: '10s', group_interval: '1m' },
        receivers: [{ name: 'ops', webhook_configs: [{ url: `${webhook.origin}/hook` }] }],
      };
      return open.use(await startAgent({ config, env: { HOME: home } }));
    },
    [Symbol.asyncDispose]: async () => open.disposeAsync(),
  };
}
