import type { TlsOptions } from '../../lib/tls-options.ts';
import { isFailure, type Failure } from '../net/failure.ts';
import { findingOf, type Finding } from './finding.ts';
import { logIn, type SmtpCredentials } from './smtp-login.ts';
import { judgeEnvelope, remedyFor, type SmtpEnvelope } from './smtp-recipients.ts';
import { extensionsOf, isPolicy, quoteReply, type SmtpReply } from './smtp-reply.ts';
import type { SmtpSession } from './smtp-session.ts';

/** What a mail server is to show. */
interface SmtpWishes extends Pick<SmtpEnvelope, 'deferred'> {
  readonly security: 'none' | 'starttls' | 'implicit';
  readonly tls_config?: TlsOptions | undefined;
  readonly hello?: string | undefined;
  readonly extensions?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly to?: readonly string[] | undefined;
  readonly must_refuse?: readonly string[] | undefined;
}

interface Conversation {
  readonly healthy: string;
  readonly findings: readonly Finding[];
}

/** Speaks with a mail server as far as the check wants it, and judges what it answers. */
export async function converse(
  session: SmtpSession,
  wishes: SmtpWishes,
  credentials: SmtpCredentials | undefined,
): Promise<Conversation> {
  const { peer } = session;
  const failed = (failure: Failure): Conversation => ({
    healthy: '',
    findings: [findingOf(failure)],
  });
  const { security } = wishes;
  if (security === 'implicit') {
    const broken = await session.secure(wishes.tls_config);
    if (broken !== undefined) return failed(broken);
  }
  const greeting = await session.greeting();
  if (isFailure(greeting)) return failed(greeting);
  if (greeting.code !== 220) return failed(turnedAway(greeting, `${peer} greets with a refusal`));
  const hello = `EHLO ${wishes.hello ?? session.ownLiteral}`;
  let offer = await session.ask('ehlo', hello);
  if (!isFailure(offer) && offer.code === 250 && security === 'starttls') {
    const broken = await startTls(session, offer, wishes);
    if (broken !== undefined) return failed(broken);
    offer = await session.ask('ehlo', hello);
  }
  if (isFailure(offer)) return failed(offer);
  if (offer.code !== 250) return failed(turnedAway(offer, `${peer} refuses ${hello}`));
  const extensions = extensionsOf(offer);
  const findings: Finding[] = [...judgeExtensions(extensions, wishes, peer)];
  const done = ['greets'];
  if (security !== 'none') done.push(security === 'starttls' ? 'agrees to TLS' : 'speaks TLS');
  if (credentials !== undefined) {
    const login = await logIn(session, extensions, credentials);
    if (isFailure(login)) return { healthy: '', findings: [...findings, findingOf(login)] };
    done.push(`lets ${credentials.username} log in`);
  }
  const { from, to = [], must_refuse: mustRefuse = [], deferred } = wishes;
  if (from !== undefined || to.length > 0 || mustRefuse.length > 0) {
    const isLoggedIn = credentials !== undefined;
    const envelope = { from: from ?? '', to, mustRefuse, deferred, isLoggedIn };
    const answers = await judgeEnvelope(session, envelope);
    findings.push(...answers);
    const said = answers.map(({ sentence }) => sentence).filter((sentence) => sentence !== '');
    if (said.length > 0) done.push(`and ${said.join(', ')}`);
  }
  const [name = ''] = greeting.lines[0]?.split(' ') ?? [];
  const called = name === '' ? peer : `${name} at ${peer}`;
  return { healthy: `the mail server ${called} ${done.join(', ')}`, findings };
}

/** A server that closes its door on whoever asks says nothing about what it does for others. */
function turnedAway(answer: SmtpReply, what: string): Failure {
  const summary = `${what}: ${quoteReply(answer)}`;
  return isPolicy(answer)
    ? { reason: 'permission', summary: `${summary}${remedyFor(answer)}`, unknown: true }
    : { reason: 'status', summary };
}

async function startTls(
  session: SmtpSession,
  offer: SmtpReply,
  { tls_config: config }: SmtpWishes,
): Promise<Failure | undefined> {
  const { peer } = session;
  if (!extensionsOf(offer).has('STARTTLS')) {
    return { reason: 'tls', summary: `${peer} does not offer STARTTLS` };
  }
  const answer = await session.ask('starttls', 'STARTTLS');
  if (isFailure(answer)) return answer;
  if (answer.code === 220) return session.secure(config);
  return {
    reason: 'tls',
    summary: `${peer} offers STARTTLS and refuses it: ${quoteReply(answer)}`,
  };
}

function* judgeExtensions(
  extensions: ReadonlyMap<string, string>,
  { extensions: wanted = [], security }: SmtpWishes,
  peer: string,
): Generator<Finding> {
  // Whoever has TLS is not offered it again.
  const isOffered = (one: string): boolean =>
    extensions.has(one) || (one === 'STARTTLS' && security === 'starttls');
  const missing = wanted.filter((one) => !isOffered(one));
  if (missing.length > 0) {
    const offered = [...extensions.keys()].join(', ') || 'nothing';
    const sentence = `${peer} does not offer ${missing.join(', ')}, but ${offered}`;
    yield { status: 'critical', reason: 'missing', sentence };
  }
  const size = Number(extensions.get('SIZE'));
  if (!Number.isFinite(size) || size <= 0) return;
  const values = [{ metric: 'message_bytes_max', value: size, unit: 'B' }];
  yield { status: 'ok', reason: 'status', sentence: '', values };
}
