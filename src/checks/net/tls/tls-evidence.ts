import type { X509Certificate } from 'node:crypto';
import type { MeasuredValue, MetricFamily } from '../../../model/result.ts';
import { certificateLabels } from './certificate-labels.ts';
import { flagGauge, gauge, info } from '../families.ts';
import { certificateDaysLeftName, dayMs } from '../probe-thresholds.ts';

/** What a TLS handshake showed, whether it ended well or not. */
export interface TlsEvidence {
  /** As sent by the server, its own first; none where the handshake did not get that far. */
  readonly certificates: readonly X509Certificate[];
  /** Whether they lead to a trusted authority and name the server; absent where nobody judged. */
  readonly isVerified?: boolean;
  /** The certificate that the probe itself could show. */
  readonly client?: X509Certificate;
}

/** When the first of several certificates expires, as Unix time in milliseconds. */
export function earliestExpiryMs(certificates: readonly X509Certificate[]): number {
  return Math.min(...certificates.map((certificate) => certificate.validToDate.getTime()));
}

/** Days until the first of the certificates that the server sent expires. */
export function certificateDaysLeft(
  { certificates }: Pick<TlsEvidence, 'certificates'>,
  nowMs: number,
): MeasuredValue[] {
  if (certificates.length === 0) return [];
  const daysLeft = (earliestExpiryMs(certificates) - nowMs) / dayMs;
  return [{ metric: certificateDaysLeftName, value: Math.round(daysLeft * 10_000) / 10_000 }];
}

/**
 * The families about certificates that blackbox_exporter does not have: they are there for a certificate
 * that is expired, not trusted or another host's as well, since it is then that one wants to see it.
 */
export function evidenceFamilies(evidence: TlsEvidence): MetricFamily[] {
  const { certificates, isVerified, client } = evidence;
  const [leaf] = certificates;
  const own =
    client === undefined
      ? []
      : [
          gauge(
            'probe_client_certificate_not_after_timestamp_seconds',
            'When the client certificate of the probe expires, as Unix time.',
            client.validToDate.getTime() / 1000,
          ),
        ];
  if (leaf === undefined) return own;
  const verified =
    isVerified === undefined
      ? []
      : [
          flagGauge(
            'probe_certificate_verified',
            "Whether the server's certificate is valid, trusted and for the name asked.",
            isVerified,
          ),
        ];
  return [
    ...own,
    gauge(
      'probe_certificate_not_after_timestamp_seconds',
      "When the server's own certificate expires, as Unix time.",
      leaf.validToDate.getTime() / 1000,
    ),
    gauge(
      'probe_certificate_not_before_timestamp_seconds',
      "When the server's own certificate becomes valid, as Unix time.",
      leaf.validFromDate.getTime() / 1000,
    ),
    ...verified,
    info(
      'probe_certificate_info',
      "The server's own certificate, verified or not, as labels.",
      certificateLabels(leaf),
    ),
  ];
}
