import { isFailure, type Failure } from '../net/failure.ts';
import { isDone, isPassing, quoteReply, type SmtpReply } from './smtp-reply.ts';
import type { SmtpSession } from './smtp-session.ts';

/** The ways to log in that are known here, the preferred one first. */
export const smtpMechanisms = ['PLAIN', 'LOGIN'] as const;
export type SmtpMechanism = (typeof smtpMechanisms)[number];

export interface SmtpCredentials {
  readonly username: string;
  readonly password: string;
  readonly mechanism?: SmtpMechanism | undefined;
}

/** The password in every form in which the dialogue sends it. */
export function sentSecrets({ username, password }: SmtpCredentials): readonly string[] {
  return [password, base64(password), plainToken(username, password)];
}

/**
 * Logs in. Gives how, or why that did not come about: a server that refuses the login leaves the agent in
 * the dark, one that cannot judge it or offers none is itself at fault.
 */
export async function logIn(
  session: SmtpSession,
  extensions: ReadonlyMap<string, string>,
  credentials: SmtpCredentials,
): Promise<{ readonly mechanism: SmtpMechanism } | Failure> {
  const { peer } = session;
  const offered = (extensions.get('AUTH') ?? '').split(/\s+/);
  const mechanism =
    credentials.mechanism ?? smtpMechanisms.find((one) => offered.includes(one)) ?? 'PLAIN';
  if (!extensions.has('AUTH')) {
    return { reason: 'missing', summary: `${peer} offers no login (AUTH) over this connection` };
  }
  if (!offered.includes(mechanism)) {
    const others = offered.filter((one) => one !== '').join(', ') || 'none';
    const summary = `${peer} offers no login by ${mechanism}, but by ${others}`;
    return { reason: 'missing', summary };
  }
  const answer = await (mechanism === 'PLAIN'
    ? plain(session, credentials)
    : login(session, credentials));
  if (isFailure(answer)) return answer;
  return isDone(answer) ? { mechanism } : refused(answer, peer, credentials);
}

async function plain(
  session: SmtpSession,
  { username, password }: SmtpCredentials,
): Promise<SmtpReply | Failure> {
  return session.ask('auth', `AUTH PLAIN ${plainToken(username, password)}`, 'AUTH PLAIN');
}

async function login(
  session: SmtpSession,
  { username, password }: SmtpCredentials,
): Promise<SmtpReply | Failure> {
  let answer = await session.ask('auth', 'AUTH LOGIN');
  for (const word of [username, password]) {
    if (isFailure(answer) || answer.code !== 334) return answer;
    answer = await session.ask('auth', base64(word), 'AUTH LOGIN');
  }
  return answer;
}

/** Source: RFC 4954, 4.7.1 and 6. */
function refused(answer: SmtpReply, peer: string, { username }: SmtpCredentials): Failure {
  const said = quoteReply(answer);
  if (isPassing(answer)) {
    return { reason: 'status', summary: `${peer} cannot check logins at the moment: ${said}` };
  }
  if (answer.code === 535) {
    const summary = `${peer} refuses the password of the user ${username}: ${said}`;
    return { reason: 'auth', summary, unknown: true };
  }
  const summary = `${peer} does not let the user ${username} log in: ${said}`;
  return { reason: 'auth', summary, unknown: true };
}

function plainToken(username: string, password: string): string {
  return base64(`\0${username}\0${password}`);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
