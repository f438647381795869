import { dayOf } from '../../model/time.ts';
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { formatDuration, humanDuration } from '../../lib/duration.ts';
import type { Trust } from '../../lib/trust.ts';
import { type FailureReason, type Status } from '../../model/result.ts';
import { notYetValid } from '../net/tls/tls-handshake.ts';
import { lastChainExpiryMs } from '../net/tls/chain-expiry.ts';

/** One thing that was found out about a certificate. */
export interface CertificateFinding {
  readonly status: Status;
  readonly reason: FailureReason;
  readonly sentence: string;
}

export interface DayLimits {
  /** Milliseconds of life left, at or below which there is a warning … */
  readonly warning: number;
  /** … and below which it is critical. */
  readonly critical: number;
}

/**
 * When the certificate can no longer be verified, and judged by how soon that is: by its best chain to a
 * trusted authority, since servers send old ones beside; without such a chain when the first of them ends.
 */
export function judgeExpiry(
  what: string,
  certificates: readonly X509Certificate[],
  judgement: { readonly limits: DayLimits; readonly trust: Trust | undefined },
  nowMs: number,
): CertificateFinding & { readonly leftMs: number } {
  const { limits, trust } = judgement;
  const [leaf] = certificates;
  const chainMs = trust === undefined ? undefined : lastChainExpiryMs(certificates, trust, nowMs);
  const endMs = chainMs ?? Math.min(...certificates.map(endOf));
  const leftMs = endMs - nowMs;
  const which =
    leaf === undefined || endMs === endOf(leaf) ? '' : ' (of an authority in its chain)';
  const day = dayOf(new Date(endMs));
  const sentence =
    leftMs < 0
      ? `${what}${which} expired ${humanDuration(-leftMs)} ago, on ${day}`
      : `${what}${which} expires in ${humanDuration(leftMs)}, on ${day}`;
  const notYet = certificates.find((one) => one.validFromDate.getTime() > nowMs);
  if (notYet !== undefined) {
    const begins = `${what} is not valid before ${notYetValid(notYet, nowMs)}`;
    return { status: 'critical', reason: 'tls', sentence: begins, leftMs };
  }
  if (leftMs < 0) return { status: 'critical', reason: 'tls', sentence, leftMs };
  const limit = (['critical', 'warning'] as const).find((word) => leftMs <= limits[word]);
  if (limit === undefined) return { status: 'ok', reason: 'threshold', sentence, leftMs };
  const told = `${sentence}, limit ${formatDuration(limits[limit])}`;
  return { status: limit, reason: 'threshold', sentence: told, leftMs };
}

/** Whether the certificates of a file lead to a trusted authority and are for the names. */
export function judgeFileChain(
  what: string,
  certificates: readonly X509Certificate[],
  wanted: { readonly trust: Trust | undefined; readonly name: string | undefined },
  nowMs: number,
): readonly CertificateFinding[] {
  const [leaf] = certificates;
  if (leaf === undefined) return [];
  const { trust, name } = wanted;
  const findings: CertificateFinding[] = [];
  if (name !== undefined && !isFor(leaf, name)) {
    const sentence = `${what} is for ${leaf.subjectAltName ?? 'no named host'}, wanted ${name}`;
    findings.push({ status: 'critical', reason: 'tls', sentence });
  }
  if (trust !== undefined && lastChainExpiryMs(certificates, trust, nowMs) === undefined) {
    const sentence = leaf.checkIssued(leaf)
      ? `${what} is signed by itself, wanted one signed by a trusted authority`
      : `${what} leads to no trusted authority: is the intermediate of ${issuerName(leaf)} missing?`;
    findings.push({ status: 'critical', reason: 'tls', sentence });
  }
  return findings;
}

/**
 * Compares what is served with what lies on the disk. A certificate that was renewed, but is not served
 * yet, means that the server was not told: it runs out although all looks well on the disk.
 */
export function judgeSame(
  target: string,
  file: string,
  served: X509Certificate | undefined,
  onDisk: X509Certificate | undefined,
): CertificateFinding | undefined {
  if (served === undefined || onDisk === undefined) return undefined;
  if (served.fingerprint256 === onDisk.fingerprint256) return undefined;
  const renewed = endOf(onDisk) > endOf(served);
  const sentence = renewed
    ? `${target} still serves the certificate that ends on ${dayOf(served.validToDate)}, but ${file} ` +
      `was renewed (ends on ${dayOf(onDisk.validToDate)}): reload the server`
    : `${target} serves another certificate than ${file} holds: ${nameOf(served)}, ending on ` +
      `${dayOf(served.validToDate)}, not ${nameOf(onDisk)}, ending on ${dayOf(onDisk.validToDate)}`;
  return { status: 'warning', reason: 'stale', sentence };
}

function isFor(certificate: X509Certificate, name: string): boolean {
  const found = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name);
  return found !== undefined;
}

function endOf(certificate: X509Certificate): number {
  return certificate.validToDate.getTime();
}

function nameOf(certificate: X509Certificate): string {
  return certificate.subjectAltName?.split(', ')[0] ?? 'one without a name';
}

function issuerName(certificate: X509Certificate): string {
  return /^CN=(.+)$/m.exec(certificate.issuer)?.[1] ?? certificate.issuer.replaceAll('\n', ', ');
}
