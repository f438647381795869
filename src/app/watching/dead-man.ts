import type { Cancel } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { firingNamedMax, sendTimeoutMs } from '../../model/limits.ts';
import type { Agent } from '../agent.ts';
import { firingChecks } from '../view/firing-checks.ts';
import type { HttpConfig } from '../../notify/http-config.ts';
import { postVerdict } from '../../notify/post-verdict.ts';

/**
 * Pings `agent.heartbeat.url` as long as the agent is sound: scheduler, store and outbox do their work.
 * Silence is the message, so that the death of the agent, or of its host, is noticed elsewhere. What the
 * checks found is no reason for silence; it is summed up in the body. Gives what stops it.
 */
export function startDeadManPing(agent: Agent, log: Logger): Cancel {
  let cancel: Cancel = () => {};
  const ping = async (): Promise<void> => {
    const { heartbeat } = agent.config.agent;
    if (heartbeat === undefined) return;
    const unsound = agent.health().problems.filter((problem) => problem.unsound);
    if (unsound.length > 0) {
      log.warn('heartbeat withheld', { reason: unsound.map(({ summary }) => summary).join('; ') });
      return;
    }
    const failure = await postVerdict(verdictOf(agent), {
      url: heartbeat.url,
      http: heartbeat.http as HttpConfig | undefined,
      timeoutMs: sendTimeoutMs,
      userAgent: agent.options.userAgent,
    });
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

/** How things stand, in the words of the checks. */
function verdictOf(agent: Agent): object {
  const { problems, outboxPending } = agent.health();
  const firing = firingChecks(agent);
  const isCritical =
    problems.some(({ critical }) => critical) ||
    firing.some(({ severity }) => severity === 'critical');
  const isFine = firing.length + problems.length === 0;
  return {
    host: agent.config.agent.name,
    verdict: isCritical ? 'critical' : isFine ? 'ok' : 'warning',
    checks: agent.specs.size,
    firing: firing.slice(0, firingNamedMax).map(({ name }) => name),
    firing_total: firing.length,
    outbox_pending: outboxPending,
    problems: problems.map(({ summary }) => summary),
  };
}

/** How often a configuration without a heartbeat is looked at again: a reload may bring one. */
const idleMs = 60_000;
