import type { CheckSpec } from '../model/check.ts';
import type { Secret } from '../model/secret.ts';
import { receiversFor } from '../routing/route-tree.ts';
import type { WebCommands } from '../web/commands.ts';
import { mayPing } from '../web/ping.ts';
import type { Agent } from './agent.ts';
import { testReceivers } from './test-receivers.ts';
import { whyReport } from './view/why.ts';
import { deliverySnapshots } from './view/snapshot.ts';

/** What the page, the API and the command line may ask of the running agent. */
export function createCommands(agent: Agent, reload: WebCommands['reload']): WebCommands {
  return {
    reload,
    ping(name, report, caller) {
      const spec = agent.specs.get(name);
      if (spec?.type !== 'heartbeat') return 'unknown';
      if (!mayPing(tokenOf(spec), caller)) return 'forbidden';
      agent.heartbeats.report(name, report);
      agent.scheduler.runSoon(name);
      return 'ok';
    },
    history(check, limit) {
      return agent.specs.has(check) ? agent.records.history(check, limit) : undefined;
    },
    deliveries: (limit) => deliverySnapshots(agent, limit),
    recording: () => agent.records.recording(),
    why: (name) => whyReport(agent, name),
    testReceiver: (name) =>
      testReceivers({ ...agent.options, ...sendingOf(agent), config: agent.config }, name),
    alerts: () => agent.pipeline.alerts(),
    alertGroups: () => agent.pipeline.alertGroups(),
    silences: () => agent.pipeline.silences.list(),
    putSilence: (request) => agent.pipeline.silences.put(request),
    expireSilence: (id) => agent.pipeline.silences.expire(id),
    acknowledge(request) {
      const answer = agent.pipeline.acknowledge(request);
      const { alert, by } = request;
      if (answer === 'acknowledged') agent.options.log.info('alert acknowledged', { alert, by });
      return answer;
    },
    judgeLink: (link) => agent.links.judge(link),
    routing: () => ({
      receivers: agent.config.receivers.map(({ name }) => name),
      longForm: agent.config.longForm,
      resolveTimeoutMs: agent.config.resolveTimeoutMs,
    }),
    postAlerts: (posts) => agent.posted.post(posts),
    routesTest: (labels) => receiversFor(agent.config.route, labels),
  };
}

function tokenOf({ options }: CheckSpec): Secret | undefined {
  return (options as { readonly token?: Secret }).token;
}

function sendingOf({ send, options, clock }: Agent) {
  return { send, newId: options.ports.newId, now: () => clock.now() };
}
