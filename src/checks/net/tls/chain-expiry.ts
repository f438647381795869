import type { X509Certificate } from 'node:crypto';
import type { Trust } from '../../../lib/trust.ts';

/** Longer chains do not occur; the bound keeps certificates that sign each other from looping. */
const chainLengthMax = 8;

/** Signatures checked for one server: many certificates of one name make very many paths. */
const signatureChecksMax = 100;

function isValidAt(certificate: X509Certificate, nowMs: number): boolean {
  return certificate.validFromDate.getTime() <= nowMs && certificate.validToDate.getTime() >= nowMs;
}

/**
 * When the last verified chain ends: for each chain from the server's certificate to a trusted authority
 * the earliest expiry, and of these the latest. Unix milliseconds, or undefined if no chain is found.
 */
export function lastChainExpiryMs(
  sent: readonly X509Certificate[],
  trust: Trust,
  nowMs: number,
): number | undefined {
  const [leaf, ...intermediates] = sent;
  if (leaf === undefined) return undefined;
  let latestMs: number | undefined;
  const endAt = (expiryMs: number): void => {
    latestMs = Math.max(latestMs ?? expiryMs, expiryMs);
  };
  let checksLeft = signatureChecksMax;
  const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
    checksLeft-- > 0 && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  const walk = (path: readonly X509Certificate[], expiryMs: number): void => {
    const last = path.at(-1) ?? leaf;
    for (const anchor of trust.named(last.issuer)) {
      if (!isValidAt(anchor, nowMs) || !isIssuedBy(last, anchor)) continue;
      endAt(Math.min(expiryMs, anchor.validToDate.getTime()));
    }
    if (path.length >= chainLengthMax) return;
    for (const next of intermediates) {
      if (path.includes(next) || next.subject !== last.issuer || !isValidAt(next, nowMs)) continue;
      if (isIssuedBy(last, next)) {
        walk([...path, next], Math.min(expiryMs, next.validToDate.getTime()));
      }
    }
  };
  const leafMs = leaf.validToDate.getTime();
  if (trust.named(leaf.subject).some((anchor) => anchor.raw.equals(leaf.raw))) endAt(leafMs);
  walk([leaf], leafMs);
  return latestMs;
}
