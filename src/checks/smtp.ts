import * as v from 'valibot';
import { redactor } from '../lib/redact.ts';
import { defaultedKey, nonEmptyText, optionalKey, type OutputOf } from '../lib/schema-atoms.ts';
import { tlsBlock } from '../lib/tls-options.ts';
import { smtpRecipientsMax } from '../model/limits.ts';
import { ok, type CheckResult, type MeasuredValue } from '../model/result.ts';
import { Secret } from '../model/secret.ts';
import { checkType } from './check-type.ts';
import { isFailure } from './net/failure.ts';
import { parseHostPort } from './net/host-port.ts';
import type { ProbeContext } from './net/probe.ts';
import { judgeThresholds, thresholdEntries } from './net/probe-thresholds.ts';
import { certificateDaysLeft, evidenceFamilies, type TlsEvidence } from './net/tls/tls-evidence.ts';
import { passwordEntries, refusePasswords, withPassword } from './service/credentials.ts';
import { connectTo } from './service/endpoint.ts';
import { findingOf, sumUp, type Finding } from './service/finding.ts';
import { converse } from './service/smtp-conversation.ts';
import { sentSecrets, smtpMechanisms } from './service/smtp-login.ts';
import { openSmtp } from './service/smtp-session.ts';
import { createHold, type Hold } from './threshold.ts';

const defaultPort = 25;

const addressMessage = 'a mail address such as ops@example.com';
const address = v.pipe(
  v.string(addressMessage),
  v.regex(/^[^\s<>\p{Cc}]{1,320}$/u, addressMessage),
);

const recipients = v.pipe(
  v.union([address, v.array(address)], `${addressMessage}, or a list of them`),
  v.transform((value): readonly string[] => (typeof value === 'string' ? [value] : value)),
  v.maxLength(smtpRecipientsMax, `at most ${smtpRecipientsMax} addresses`),
);

const word = (message: string) =>
  v.pipe(v.string(message), v.regex(/^[^\s\p{Cc}]{1,255}$/u, message));

const entries = {
  target: defaultedKey(
    'host:port or host (port 25) of the mail server, or the path of a Unix socket.',
    nonEmptyText,
    '127.0.0.1:25',
  ),
  tls: optionalKey(
    'none, starttls (which the server must offer) or implicit (from the first byte). Default: implicit on port 465, starttls on 587, else none.',
    v.picklist(['none', 'starttls', 'implicit'], 'one of none, starttls, implicit'),
  ),
  tls_config: optionalKey('How TLS is verified; keys as for http.', tlsBlock),
  hello: optionalKey(
    'The name the agent says in EHLO. Default: the address that it connects from, as [192.0.2.1].',
    word('a host name, or an address in brackets'),
  ),
  username: optionalKey('Who logs in.', nonEmptyText),
  ...passwordEntries,
  mechanism: optionalKey(
    'How to log in. Default: the first of PLAIN and LOGIN that is offered.',
    v.picklist(smtpMechanisms, 'PLAIN or LOGIN'),
  ),
  extensions: optionalKey(
    'What the server must offer, such as [SIZE, AUTH].',
    v.array(
      v.pipe(word('a keyword such as SIZE'), v.toUpperCase()),
      'a list of keywords such as SIZE',
    ),
  ),
  from: optionalKey(
    'The sender of a message that is begun and never sent. Default, with to or must_refuse: that of bounces, <>.',
    address,
  ),
  to: optionalKey('Recipients that the server must accept, asked with RCPT TO.', recipients),
  must_refuse: optionalKey(
    'Recipients that it must refuse, such as an address elsewhere: else it is an open relay.',
    recipients,
  ),
  deferred: defaultedKey(
    'What it means that a recipient is put off with a code of 4xx, as greylisting does.',
    v.picklist(['ignore', 'warning', 'critical'], 'one of ignore, warning, critical'),
    'warning',
  ),
  ...thresholdEntries,
};

type Options = OutputOf<typeof entries>;

/** Judges a mail server by the beginning of a dialogue: greeting, EHLO, TLS, login, sender and recipients. */
export const smtp = checkType({
  entries,
  defaults: { intervalMs: 60_000, timeoutMs: 20_000 },
  refuse(options) {
    const { username, mechanism, certificate } = options;
    const hasPassword = (options.password ?? options.password_file) !== undefined;
    if ((username !== undefined) !== hasPassword) {
      return 'username together with password or password_file, or none of them';
    }
    if (mechanism !== undefined && username === undefined) return 'mechanism needs username';
    const security = securityOf(options);
    if (username !== undefined && security === 'none' && !isOnThisHost(options.target)) {
      return 'a password is sent only over TLS: tls must be starttls or implicit';
    }
    if (certificate !== undefined && security === 'none') return 'certificate needs tls';
    return refusePasswords(options);
  },
  target: (options) => options.target,
  open({ name, options }, { clock, view }) {
    const hold = createHold(name, view);
    return {
      async run(run) {
        const context: ProbeContext = { ...run, clock, log: (line) => run.log(line) };
        return withPassword(
          options,
          async (password) => look(options, password, context, hold),
          (failure) => sumUp({ healthy: '', findings: [findingOf(failure)] }),
        );
      },
    };
  },
});

function securityOf({ target, tls }: Options): NonNullable<Options['tls']> {
  if (tls !== undefined) return tls;
  const port = target.startsWith('/') ? undefined : parseHostPort(target, defaultPort)?.port;
  if (port === 465) return 'implicit';
  return port === 587 ? 'starttls' : 'none';
}

function isOnThisHost(target: string): boolean {
  const host = target.startsWith('/') ? 'localhost' : parseHostPort(target, defaultPort)?.host;
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i.test(host ?? '');
}

async function look(
  options: Options,
  password: string | undefined,
  outer: ProbeContext,
  hold: Hold,
): Promise<CheckResult> {
  const startMs = outer.clock.now().steadyMs;
  let evidence: TlsEvidence | undefined;
  const context: ProbeContext = { ...outer, sawTls: (seen) => (evidence = seen ?? evidence) };
  const connected = await connectTo({ target: options.target, defaultPort }, context);
  if (isFailure(connected)) return sumUp({ healthy: '', findings: [findingOf(connected)] });
  const { username, mechanism } = options;
  const credentials =
    username === undefined || password === undefined
      ? undefined
      : { username, password, mechanism };
  const secrets = credentials === undefined ? [] : sentSecrets(credentials);
  const redact = redactor(secrets.map((one) => Secret.of(one)));
  const session = openSmtp(connected, redact, context);
  try {
    const found = await converse(
      session,
      { ...options, security: securityOf(options) },
      credentials,
    );
    const tookMs = context.clock.now().steadyMs - startMs;
    const values: MeasuredValue[] = [
      { metric: 'response_time', value: tookMs / 1000, unit: 's' },
      ...(evidence === undefined ? [] : certificateDaysLeft(evidence, context.clock.now().wallMs)),
    ];
    const measured = judgeThresholds(ok('', { values }), tookMs, options, hold);
    const { status, summary: sentence } = measured;
    const findings: Finding[] = [
      ...found.findings,
      ...(status === 'ok' ? [] : [{ status, reason: 'threshold' as const, sentence }]),
    ];
    const extras = { phases: session.phases(), values: measured.values };
    const families = evidence === undefined ? [] : evidenceFamilies(evidence);
    return { ...sumUp({ healthy: found.healthy, findings, ...extras }), families };
  } finally {
    session.close();
  }
}
