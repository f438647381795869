import type { ProberName } from '../../../../src/model/check.ts';

/*
 * Where an answer of tocsin may differ from one of blackbox_exporter 0.23.0, and why. What is not listed
 * here must be equal.
 */

/** Families that tocsin adds; each has a name that blackbox_exporter does not use. */
export const additions: readonly (readonly [family: RegExp, reason: string])[] = [
  [/^probe_failure_reason$/, 'why a probe failed, in one word'],
  [/^probe_certificate_\w+$/, 'facts of a certificate that was refused, which hides them upstream'],
  [/^probe_client_certificate_\w+$/, 'when the certificate of the probe itself expires'],
  [/^probe_resolved_address_info$/, 'the address in words beside its hash'],
  [/^probe_http_json_value$/, 'numbers out of a JSON body'],
  [/^probe_icmp_(?:packets_\w+|packet_loss_ratio|rtt_seconds|jitter_seconds)$/, 'several packets'],
];

/** Families that blackbox_exporter gained after 0.23.0. */
export const later: readonly (readonly [family: string, since: string])[] = [
  ['probe_timeout_seconds', 'after 0.28'],
  ['probe_failed_due_to_bytes', '0.28'],
  ['probe_failed_due_to_cel', '0.27'],
  ['probe_tls_cipher_info', '0.26'],
  ['probe_expect_info', '0.26'],
];

/** Families that 0.23.0 shows where later releases do not. */
export const withdrawn: readonly {
  readonly prober: ProberName;
  readonly family: string;
  readonly reason: string;
}[] = [
  {
    prober: 'tcp',
    family: 'probe_failed_due_to_regex',
    reason: 'later only after a successful dial',
  },
  ...['probe_ssl_earliest_cert_expiry', 'probe_tls_version_info', 'probe_ssl_last_chain_info'].map(
    (family) => ({
      prober: 'grpc' as const,
      family,
      reason: 'since 0.26 only after a call over TLS',
    }),
  ),
];

/** Labels that a family gained after 0.23.0. */
export const laterLabels: readonly (readonly [family: string, label: string, since: string])[] = [
  ['probe_ssl_last_chain_info', 'serialnumber', '0.26'],
];

/** Families whose values are times of this one run: only compared with its length. */
export const timings = /^probe_(?:\w+_)?duration_seconds$|^probe_dns_lookup_time_seconds$/;
