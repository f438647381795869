import type { SendMailOptions, SMTPSentMessageInfo, SMTPTransportOptions } from 'nodemailer';
import type { Outcome, SendFailure } from '../model/delivery.ts';
import { tlsSetup, type TlsSetup } from '../lib/tls-context.ts';
import type { TlsOptions } from '../lib/tls-options.ts';
import { describeTlsFault } from './http-agents.ts';
import type { SendContext } from './integration.ts';
import { quoteAnswer } from './mask.ts';
import { loginOptions, secretsOf, type SmtpLogin } from './smtp-login.ts';
import { isTlsError } from './tls-error.ts';

/** How to reach the mail server. */
interface SmtpOptions {
  readonly smarthost: { readonly host: string; readonly port: number };
  readonly hello: string;
  readonly require_tls: boolean;
  readonly force_implicit_tls?: boolean | undefined;
  readonly tls_config?: TlsOptions | undefined;
}

/** Hands one message to the mail server. Never throws for what the server or the network does. */
export async function sendMail(
  message: SendMailOptions,
  options: SmtpOptions,
  login: SmtpLogin | undefined,
  context: SendContext,
): Promise<Outcome> {
  const setup = await tlsSetup(options.tls_config);
  if ('kind' in setup) return { kind: 'passing', reason: 'tls', detail: describeTlsFault(setup) };
  const { createTransport } = await import('nodemailer');
  const transport = createTransport(transportOptions(options, login, setup, context));
  try {
    return delivered(await transport.sendMail({ ...message, signal: context.signal }));
  } catch (error) {
    return classifyError(error as SmtpError, login, context.signal);
  } finally {
    transport.close();
  }
}

function transportOptions(
  { smarthost, hello, require_tls, force_implicit_tls }: SmtpOptions,
  login: SmtpLogin | undefined,
  { context: secureContext, verify, serverName }: TlsSetup,
  { timeoutMs }: SendContext,
): SMTPTransportOptions {
  return {
    ...smarthost,
    name: hello,
    secure: force_implicit_tls ?? smarthost.port === 465,
    requireTLS: require_tls,
    tls: {
      secureContext,
      rejectUnauthorized: verify,
      ...(serverName === undefined ? {} : { servername: serverName }),
    },
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    ...loginOptions(login),
  };
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
