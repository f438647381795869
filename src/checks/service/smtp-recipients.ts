import type { MeasuredValue } from '../../model/result.ts';
import { isFailure } from '../net/failure.ts';
import { findingOf, type Finding } from './finding.ts';
import {
  isDone,
  isPassing,
  isPolicy,
  isServerTrouble,
  quoteReply,
  type SmtpReply,
} from './smtp-reply.ts';
import type { SmtpSession } from './smtp-session.ts';

/** What the server is asked about a message that is never sent. */
export interface SmtpEnvelope {
  /** Empty for the sender of bounces. */
  readonly from: string;
  readonly to: readonly string[];
  readonly mustRefuse: readonly string[];
  /** What it means that a recipient is put off, as greylisting does. */
  readonly deferred: 'ignore' | 'warning' | 'critical';
  readonly isLoggedIn: boolean;
}

/** Begins a message with MAIL FROM and RCPT TO, and judges the answers. */
export async function judgeEnvelope(
  session: SmtpSession,
  envelope: SmtpEnvelope,
): Promise<readonly Finding[]> {
  const { from, to, mustRefuse } = envelope;
  const { peer } = session;
  const sender = await session.ask('mail', `MAIL FROM:<${from}>`);
  if (isFailure(sender)) return [findingOf(sender)];
  if (!isDone(sender)) {
    return [refusal(sender, `${peer} does not take mail from <${from}>`, envelope)];
  }
  const findings: Finding[] = [];
  const counts = { accepted: 0, deferred: 0, refused: 0 };
  for (const address of [...to, ...mustRefuse]) {
    const answer = await session.ask('rcpt', `RCPT TO:<${address}>`);
    if (isFailure(answer)) return [...findings, findingOf(answer)];
    const outcome = isDone(answer) ? 'accepted' : isPassing(answer) ? 'deferred' : 'refused';
    counts[outcome] += 1;
    findings.push(
      mustRefuse.includes(address)
        ? judgeStranger(answer, address, peer)
        : judgeRecipient(answer, address, envelope, peer),
    );
  }
  const values = Object.entries(counts).map(([outcome, value]): MeasuredValue => ({
    metric: `recipients_${outcome}`,
    value,
  }));
  return [...findings, { status: 'ok', reason: 'status', sentence: '', values }];
}

function judgeRecipient(
  answer: SmtpReply,
  address: string,
  envelope: SmtpEnvelope,
  peer: string,
): Finding {
  if (isDone(answer)) return { status: 'ok', reason: 'status', sentence: `${address} is accepted` };
  const { deferred } = envelope;
  if (!isPassing(answer) || isServerTrouble(answer)) {
    return refusal(answer, `${peer} does not take mail for ${address}`, envelope);
  }
  const sentence = `${peer} puts off mail for ${address}, as greylisting does: ${quoteReply(answer)}`;
  return { status: deferred === 'ignore' ? 'ok' : deferred, reason: 'status', sentence };
}

/** Of an address that is nothing to this server: taking mail for it makes an open relay. */
function judgeStranger(answer: SmtpReply, address: string, peer: string): Finding {
  if (isDone(answer)) {
    const sentence = `${peer} takes mail for ${address}, which it must refuse: is it an open relay?`;
    return { status: 'critical', reason: 'status', sentence };
  }
  if (!isPassing(answer)) {
    return { status: 'ok', reason: 'status', sentence: `${address} is refused` };
  }
  const sentence = `${peer} does not yet say whether it refuses mail for ${address}: ${quoteReply(answer)}`;
  return { status: 'unknown', reason: 'status', sentence };
}

/** A refusal of the server, which says little about others where it is meant for whoever asks. */
function refusal(answer: SmtpReply, what: string, { isLoggedIn }: SmtpEnvelope): Finding {
  const sentence = `${what}: ${quoteReply(answer)}`;
  if (!isPolicy(answer) || isLoggedIn) return { status: 'critical', reason: 'status', sentence };
  return { status: 'unknown', reason: 'permission', sentence: `${sentence}${remedyFor(answer)}` };
}

/** What would let the agent ask. */
export function remedyFor({ code, lines }: SmtpReply): string {
  if (/starttls/i.test(lines.join(' '))) return '; it wants TLS first: tls: starttls';
  return code === 530 || /relay|authenticat/i.test(lines.join(' '))
    ? '; let the agent log in (username, password), or let its address relay'
    : '; let the address of this host in (of Postfix, mynetworks or an access map)';
}
