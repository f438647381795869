import { createHmac } from 'node:crypto';
import type { SMTPTransportOptions } from 'nodemailer';

/** How to log in to a mail server. */
export interface SmtpLogin {
  readonly user: string;
  /** For PLAIN and LOGIN, whichever the server offers. */
  readonly password?: string | undefined;
  /** For CRAM-MD5, where the server offers nothing else, or there is no password. */
  readonly secret?: string | undefined;
  /** Whom to act for, if not the user himself; PLAIN alone can say so. */
  readonly identity: string;
}

/** The part of the transport's options that logs in. */
export function loginOptions(login: SmtpLogin | undefined): SMTPTransportOptions {
  if (login === undefined) return {};
  const { user, password, secret, identity } = login;
  return {
    auth: {
      user,
      pass: password ?? secret ?? '',
      ...(password === undefined ? { method: 'CRAM-MD5' } : {}),
    },
    customAuth: {
      ...(identity === '' ? {} : { PLAIN: plainWithIdentity(login) }),
      ...(secret === undefined ? {} : { 'CRAM-MD5': cramMd5(user, secret) }),
    },
  };
}

type Handler = NonNullable<SMTPTransportOptions['customAuth']>[string];

/** The PLAIN mechanism with an identity to act for (RFC 4616), which nodemailer leaves out. */
function plainWithIdentity(login: SmtpLogin): Handler {
  return async (session) => {
    const token = Buffer.from(plainToken(login)).toString('base64');
    const { status } = await session.sendCommand(`AUTH PLAIN ${token}`);
    if (status !== 235) session.reject('Invalid login');
  };
}

/** CRAM-MD5 (RFC 2195) with a secret that is not the password. */
function cramMd5(user: string, secret: string): Handler {
  return async (session) => {
    const { status, text } = await session.sendCommand('AUTH CRAM-MD5');
    if (status !== 334) {
      session.reject('Invalid login');
      return;
    }
    const challenge = Buffer.from(text.trim(), 'base64');
    const digest = createHmac('md5', secret).update(challenge).digest('hex');
    const answer = Buffer.from(`${user} ${digest}`).toString('base64');
    const judged = await session.sendCommand(answer);
    if (judged.status !== 235) session.reject('Invalid login');
  };
}

function plainToken({ identity, user, password = '' }: SmtpLogin): string {
  return [identity, user, password].join('\0');
}

/** What an answer of the server could repeat. */
export function secretsOf(login: SmtpLogin | undefined): string[] {
  if (login === undefined) return [];
  const { password = '', secret = '' } = login;
  return [password, secret, plainToken(login)];
}
