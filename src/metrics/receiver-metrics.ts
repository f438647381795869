import type { ReceiverSnapshot } from '../model/snapshot.ts';
import { gauge, labelText, type Exposition } from './exposition.ts';

/** How far the outbox of each receiver is behind, over all of its integrations. */
export function addReceiverMetrics(
  exposition: Exposition,
  receivers: readonly ReceiverSnapshot[],
): void {
  for (const [receiver, integrations] of Map.groupBy(receivers, (one) => one.receiver)) {
    const labels = labelText({ receiver });
    const pending = integrations.reduce((sum, one) => sum + one.pending, 0);
    const oldestMs = Math.max(...integrations.map((one) => one.oldestAgeMs));
    exposition.add(heads.pending, labels, pending);
    exposition.add(heads.oldestAge, labels, oldestMs / 1000);
    const successes = integrations.flatMap((one) => one.lastSuccessAt ?? []);
    if (successes.length > 0) {
      exposition.add(heads.lastSuccess, labels, Math.max(...successes) / 1000);
    }
    const proofs = integrations.flatMap((one) => one.lastProofAt ?? []);
    if (proofs.length === integrations.length) {
      exposition.add(heads.lastProof, labels, Math.min(...proofs) / 1000);
    }
  }
}

const heads = {
  lastProof: gauge(
    'tocsin_receiver_last_proof_timestamp_seconds',
    'When all integrations of the receiver last took a test on schedule, in seconds since 1970.',
  ),
  pending: gauge('tocsin_outbox_pending', 'Notifications waiting to be delivered to the receiver.'),
  oldestAge: gauge(
    'tocsin_outbox_oldest_age_seconds',
    'How long the oldest waiting notification has been waiting; 0 when none is.',
  ),
  lastSuccess: gauge(
    'tocsin_receiver_last_success_timestamp_seconds',
    'When the receiver last said yes to a notification, in seconds since 1970.',
  ),
};
