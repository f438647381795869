import type { Alert } from '../model/alert.ts';
import type { Delivery, Outcome } from '../model/delivery.ts';
import { sendTimeoutMs } from '../model/limits.ts';
import type { ReceiverSpec } from '../model/route.ts';
import type { Instant } from '../model/time.ts';
import type { Conversations } from './people/conversations.ts';
import type { Ports } from './ports.ts';

/** Sends a delivery the way the present configuration says. Never throws. */
export type Sender = (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;

export function createSender(options: {
  readonly ports: Ports;
  readonly receivers: () => readonly ReceiverSpec[];
  readonly externalURL: () => string;
  readonly acknowledgeURL: (alert: Alert) => string;
  readonly userAgent: string;
  readonly now: () => Instant;
  readonly conversations: Conversations;
}): Sender {
  return async (delivery, signal) => {
    const integration = options
      .receivers()
      .find(({ name }) => name === delivery.receiver)
      ?.integrations.find(
        ({ integration, index }) =>
          integration === delivery.integration && index === delivery.index,
      );
    if (integration === undefined) {
      const detail = `receiver ${delivery.receiver} no longer has this ${delivery.integration} entry`;
      return { kind: 'permanent', reason: 'not_found', detail };
    }
    try {
      return await options.ports.send(delivery, integration, {
        signal,
        timeoutMs: sendTimeoutMs,
        nowMs: options.now().wallMs,
        externalURL: options.externalURL(),
        acknowledgeURL: options.acknowledgeURL,
        userAgent: options.userAgent,
        memory: options.conversations.of(delivery),
      });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { kind: 'passing', reason: 'internal', detail };
    }
  };
}
