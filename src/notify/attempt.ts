import type { Clock } from '../lib/clock.ts';
import { humanDuration } from '../lib/duration.ts';
import type { Logger } from '../lib/log.ts';
import type { Delivery, Outcome } from '../model/delivery.ts';
import { sendTimeoutMs } from '../model/limits.ts';

/** What a send may still take after it was aborted, to say in which phase it was. */
const abandonAfterMs = 500;

/** One attempt under way. */
export interface RunningAttempt {
  /** Never rejects, and settles soon after the deadline whatever the send does. */
  readonly outcome: Promise<Outcome>;
  /** Aborts the send; one that ignores it is abandoned. */
  cutShort(why: string): void;
}

/** Starts to send `delivery`, with a deadline of `sendTimeoutMs`. */
export function startAttempt(
  delivery: Delivery,
  tools: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly send: (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;
  },
): RunningAttempt {
  const { clock, log, send } = tools;
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let settled = false;
  let cancelAbandon = (): void => {};

  const settle = (outcome: Outcome): void => {
    if (settled) {
      log.warn('A receiver answered after its attempt was given up; the answer is ignored', {
        receiver: delivery.receiver,
        delivery: delivery.id,
        answer: outcome.kind,
      });
      return;
    }
    settled = true;
    cancelDeadline();
    cancelAbandon();
    resolve(outcome);
  };

  const cutShort = (why: string): void => {
    if (settled || controller.signal.aborted) return;
    controller.abort(new Error(why));
    cancelAbandon = clock.after(abandonAfterMs, () =>
      settle({ kind: 'passing', reason: 'timeout', detail: why }),
    );
  };

  const cancelDeadline = clock.after(sendTimeoutMs, () =>
    cutShort(`no answer within ${humanDuration(sendTimeoutMs)}`),
  );

  const run = async (): Promise<void> => {
    try {
      settle(await send(delivery, controller.signal));
    } catch (error) {
      // Not the message: nobody has searched it for secrets.
      const name = error instanceof Error ? error.name : typeof error;
      settle({ kind: 'passing', reason: 'internal', detail: `the integration threw ${name}` });
    }
  };
  void run();

  return { outcome: promise, cutShort };
}
