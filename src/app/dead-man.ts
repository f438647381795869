import type { Cancel } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { sendTimeoutMs } from '../model/limits.ts';
import type { Agent } from './agent.ts';
import { postVerdict } from '../notify/post-verdict.ts';

/**
 * Pings `agent.heartbeat.url` as long as the agent is sound: scheduler, store and outbox without a critical
 * problem. Silence is the message, so that the death of the agent, or of its host, is noticed elsewhere.
 * Gives what stops it.
 */
export function startDeadManPing(agent: Agent, log: Logger): Cancel {
  let cancel: Cancel = () => {};
  const ping = async (): Promise<void> => {
    const { heartbeat } = agent.config.agent;
    if (heartbeat === undefined) return;
    const { problems, outboxPending } = agent.health();
    const critical = problems.filter((problem) => problem.critical);
    if (critical.length > 0) {
      log.warn('heartbeat withheld', { reason: critical.map(({ summary }) => summary).join('; ') });
      return;
    }
    const failure = await postVerdict(
      heartbeat.url,
      {
        host: agent.config.agent.name,
        checks: agent.specs.size,
        outbox_pending: outboxPending,
        problems: problems.map(({ summary }) => summary),
      },
      sendTimeoutMs,
      agent.options.userAgent,
    );
    if (failure !== undefined) log.warn('heartbeat not delivered', { reason: failure });
  };
  const arm = (): void => {
    const intervalMs = agent.config.agent.heartbeat?.intervalMs ?? idleMs;
    cancel = agent.clock.after(intervalMs, () => {
      void ping();
      arm();
    });
  };
  void ping();
  arm();
  return () => cancel();
}

/** How often a configuration without a heartbeat is looked at again: a reload may bring one. */
const idleMs = 60_000;
