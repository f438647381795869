import { readFile } from 'node:fs/promises';
import type { SendMailOptions, SMTPSentMessageInfo, SMTPTransportOptions } from 'nodemailer';
import type { Outcome, SendFailure } from '../model/delivery.ts';
import type { SendContext } from './integration.ts';
import { quoteAnswer } from './mask.ts';
import { isTlsError } from './tls-error.ts';

/** How to reach the mail server. */
interface SmtpOptions {
  readonly smarthost: { readonly host: string; readonly port: number };
  readonly hello: string;
  readonly require_tls: boolean;
  readonly force_implicit_tls?: boolean | undefined;
  readonly tls_config: {
    readonly insecure_skip_verify: boolean;
    readonly ca_file?: string | undefined;
    readonly server_name?: string | undefined;
  };
}

interface SmtpLogin {
  readonly user: string;
  readonly password: string;
  /** Whom to act for, if not the user himself. */
  readonly identity: string;
}

/** Hands one message to the mail server. Never throws for what the server or the network does. */
export async function sendMail(
  message: SendMailOptions,
  options: SmtpOptions,
  login: SmtpLogin | undefined,
  context: SendContext,
): Promise<Outcome> {
  const { ca_file: caFile } = options.tls_config;
  let authority: string | undefined;
  try {
    authority = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  } catch (error) {
    return {
      kind: 'passing',
      reason: 'tls',
      detail: `cannot read ${caFile}: ${(error as SmtpError).code}`,
    };
  }
  const { createTransport } = await import('nodemailer');
  const transport = createTransport(transportOptions(options, login, authority, context));
  try {
    return delivered(await transport.sendMail({ ...message, signal: context.signal }));
  } catch (error) {
    return classifyError(error as SmtpError, login, context.signal);
  } finally {
    transport.close();
  }
}

function transportOptions(
  { smarthost, hello, require_tls, force_implicit_tls, tls_config }: SmtpOptions,
  login: SmtpLogin | undefined,
  authority: string | undefined,
  { timeoutMs }: SendContext,
): SMTPTransportOptions {
  return {
    ...smarthost,
    name: hello,
    secure: force_implicit_tls ?? smarthost.port === 465,
    requireTLS: require_tls,
    tls: {
      rejectUnauthorized: !tls_config.insecure_skip_verify,
      ...(tls_config.server_name === undefined ? {} : { servername: tls_config.server_name }),
      ...(authority === undefined ? {} : { ca: authority }),
    },
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password } }),
    ...(login === undefined || login.identity === '' ? {} : identified(login)),
  };
}

/** The PLAIN mechanism with an identity to act for (RFC 4616), which nodemailer leaves out. */
function identified(login: SmtpLogin): SMTPTransportOptions {
  return {
    auth: { user: login.user, pass: login.password, method: 'PLAIN' },
    customAuth: {
      async PLAIN(session) {
        const token = Buffer.from(plainToken(login)).toString('base64');
        const { status } = await session.sendCommand(`AUTH PLAIN ${token}`);
        if (status !== 235) session.reject('Invalid login');
      },
    },
  };
}

function plainToken({ identity, user, password }: SmtpLogin): string {
  return [identity, user, password].join('\0');
}

function delivered({ response, rejected }: SMTPSentMessageInfo): Outcome {
  const refused = rejected.length === 0 ? '' : `, ${rejected.length} of the recipients refused`;
  return { kind: 'delivered', detail: `SMTP ${response.slice(0, 3)}${refused}` };
}

const networkFailures: Readonly<Record<string, SendFailure>> = {
  EDNS: 'resolve',
  ETLS: 'tls',
  ETIMEDOUT: 'timeout',
  EPROTOCOL: 'protocol',
};

/** What nodemailer adds to the errors it gives. */
interface SmtpError extends Error {
  readonly code?: string;
  /** The code of the system, where `code` is nodemailer's own. */
  readonly originalCode?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/** What an error means: replies by their class (RFC 5321, 4.2.1), the rest by its phase. */
function classifyError(
  { code = '', command, response = '', responseCode, ...error }: SmtpError,
  login: SmtpLogin | undefined,
  signal: AbortSignal,
): Outcome {
  if (signal.aborted) {
    return { kind: 'passing', reason: 'timeout', detail: 'gave up waiting for the mail server' };
  }
  const phase = command === undefined ? '' : ` at ${command}`;
  if (responseCode === undefined || code === 'ETLS') {
    const cause = error.originalCode ?? code;
    const reason = networkFailures[code] ?? (isTlsError(cause) ? 'tls' : 'connect');
    return { kind: 'passing', reason, detail: `failed${phase} (${cause})` };
  }
  const said = quoteAnswer(response.slice(3), secretsOf(login));
  const detail = `SMTP ${responseCode}${phase}${said}`;
  const isAuth = code === 'EAUTH' || responseCode === 530;
  return responseCode < 500
    ? { kind: 'passing', reason: isAuth ? 'auth' : 'server_error', detail }
    : { kind: 'permanent', reason: isAuth ? 'auth' : 'client_error', detail };
}

function secretsOf(login: SmtpLogin | undefined): string[] {
  return login === undefined ? [] : [login.password, plainToken(login)];
}
