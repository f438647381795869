import type { Cancel, Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { Config } from '../../model/config.ts';
import type { ReceiverSpec } from '../../model/route.ts';
import { elapsedMs } from '../../model/time.ts';
import { keepsIncidents } from '../../notify/incident-integrations.ts';
import type { Outbox } from '../../notify/outbox.ts';
import type { Ports } from '../ports.ts';
import type { ReceiverBook } from './receiver-book.ts';
import { endOfTest, testDelivery } from '../test-delivery.ts';

type ProvedConfig = Pick<Config, 'agent' | 'checks' | 'receivers'>;

interface ProofOptions {
  readonly clock: Clock;
  readonly ports: Pick<Ports, 'newId' | 'startCron'>;
  readonly log: Logger;
  readonly externalURL: () => string;
  readonly book: ReceiverBook;
  readonly outbox: Outbox;
}

/**
 * Proves on schedule that receivers work: each with `test` gets a marked message through the outbox, like any
 * other. What becomes of it is the outbox's business, which reports a test that was not taken through the
 * fallback or else through all other receivers. The first test of `every` is sent at once.
 */
export class Proofs {
  readonly #options: ProofOptions;
  #cancels: Cancel[] = [];

  constructor(options: ProofOptions) {
    this.#options = options;
  }

  /** Follows the receivers of a configuration, no longer those of the former one. */
  set(config: ProvedConfig): void {
    this.stop();
    for (const receiver of config.receivers) this.#follow(receiver, config);
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels = [];
  }

  #follow(receiver: ReceiverSpec, config: ProvedConfig): void {
    const { proof } = receiver;
    const { clock, book } = this.#options;
    if (proof === undefined) return;
    if (proof.kind === 'cron') {
      const timer = this.#startCron(receiver, config, proof);
      this.#cancels.push(() => void timer.then((cancel) => cancel()));
      return;
    }
    let cancel: Cancel = () => {};
    const wait = (): void => {
      const last = book.lastTest(receiver.name);
      const leftMs = last === undefined ? 0 : proof.intervalMs - elapsedMs(last, clock.now());
      cancel = clock.after(Math.max(0, leftMs), () => {
        this.#test(receiver, config);
        wait();
      });
    };
    wait();
    this.#cancels.push(() => cancel());
  }

  async #startCron(
    receiver: ReceiverSpec,
    config: ProvedConfig,
    { expression, timeZone }: { readonly expression: string; readonly timeZone?: string },
  ): Promise<Cancel> {
    const { ports, log } = this.#options;
    const timer = await ports.startCron(expression, timeZone, {
      onDue: () => this.#test(receiver, config),
      onMissed: () => log.warn('a test of a receiver was missed', { receiver: receiver.name }),
    });
    return () => timer.stop();
  }

  #test({ name, integrations }: ReceiverSpec, config: ProvedConfig): void {
    const { clock, externalURL, book, outbox } = this.#options;
    const { newId } = this.#options.ports;
    const now = clock.now();
    const from = { now, newId, config, externalURL: externalURL() };
    const deliveries = integrations.flatMap((integration) => {
      const test = testDelivery(name, integration, from);
      return keepsIncidents(integration.integration) ? [test, endOfTest(test, newId)] : [test];
    });
    book.noteTest(name, now);
    outbox.add(deliveries, { saved: false });
  }
}
