import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noon, sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';
import { sendThrough } from '../support/send-through.ts';
import { type ReceivedMail, type SmtpServer, startSmtpServer } from '../support/smtp-server.ts';
import { type Authority, type Certificate, createAuthority } from '../support/tls-authority.ts';

let authority: Authority;
let tls: Certificate;
let caFile: string;

beforeAll(async () => {
  authority = createAuthority();
  tls = authority.issue();
  caFile = join(authority.directory, 'trusted.pem');
  await writeFile(caFile, authority.ca);
});
afterAll(() => authority[Symbol.dispose]());

const login = { user: 'tocsin', password: 'correct horse battery' };

function optionsFor(server: SmtpServer, more: Readonly<Record<string, unknown>> = {}) {
  return {
    to: 'Ops <ops@example.com>, night@example.com',
    from: 'tocsin@example.com',
    smarthost: server.smarthost,
    tls_config: { ca_file: caFile },
    ...more,
  };
}

const credentials = { auth_username: login.user, auth_password: login.password };

function onlyMail(server: SmtpServer): ReceivedMail {
  const [mail, ...others] = server.mails;
  if (mail === undefined || others.length > 0) throw new Error(`${server.mails.length} mails`);
  return mail;
}

function header(mail: ReceivedMail, name: string): string | undefined {
  const [head = ''] = mail.data.split('\n\n');
  const unfolded = head.replaceAll(/\n[ \t]+/g, ' ');
  return new RegExp(`^${name}: (.*)$`, 'im').exec(unfolded)?.[1];
}

/** Both parts of the message as text, with quoted-printable undone. */
function readable(mail: ReceivedMail): string {
  const bytes = mail.data
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCodePoint(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1').toString();
}

test('a mail goes through STARTTLS with its login, to everybody it is for', async () => {
  await using server = await startSmtpServer({ tls, login });
  const outcome = await sendThrough('email', optionsFor(server, credentials));
  expect(outcome).toEqual({ kind: 'delivered', detail: 'SMTP 250' });
  expect(onlyMail(server)).toMatchObject({
    from: 'tocsin@example.com',
    to: ['ops@example.com', 'night@example.com'],
    secure: true,
    login: ['', login.user, login.password],
  });
});

test('auth_identity is who the login acts for', async () => {
  await using server = await startSmtpServer({ tls, login });
  await sendThrough('email', optionsFor(server, { ...credentials, auth_identity: 'ops' }));
  expect(onlyMail(server).login).toEqual(['ops', login.user, login.password]);
});

test('TLS from the first byte works as well', async () => {
  await using server = await startSmtpServer({ tls, implicitTls: true });
  await sendThrough('email', optionsFor(server, { force_implicit_tls: true }));
  expect(onlyMail(server).secure).toBe(true);
});

test('the mail says the same as text and as HTML, with all of it escaped', async () => {
  await using server = await startSmtpServer({ tls });
  const alert = sampleAlert({
    annotations: { description: '<script>alert(1)</script> & more' },
    detail: ['<b>line</b>'],
  });
  await sendThrough('email', optionsFor(server), sampleDelivery({ alerts: [alert] }));
  const [, text = '', html = ''] = readable(onlyMail(server)).split(/Content-Type: text/);
  expect(text).toContain('gateway is down on web-1');
  expect(text).toContain('When:     since 2025-01-15 11:59:00 UTC (1m)');
  expect(text).toContain('<script>alert(1)</script> & more');
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; more');
  expect(html).toContain('&lt;b&gt;line&lt;/b&gt;');
  expect(html).not.toMatch(/<script|<b>|<img/);
});

test('a repeat has the same Message-ID, and what belongs together is one thread', async () => {
  await using server = await startSmtpServer({ tls });
  const recovered = sampleDelivery({ id: 'delivery-2', alerts: [sampleAlert({ endsAt: noon })] });
  await sendThrough('email', optionsFor(server), sampleDelivery());
  await sendThrough('email', optionsFor(server), sampleDelivery());
  await sendThrough('email', optionsFor(server), recovered);
  const ids = server.mails.map((mail) => header(mail, 'Message-ID'));
  expect(ids[0]).toMatch(/^<[0-9a-f]{32}@example\.com>$/);
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
  const threads = server.mails.map((mail) => header(mail, 'In-Reply-To'));
  expect(new Set(threads).size).toBe(1);
  expect(header(server.mails[0] as ReceivedMail, 'Date')).toBe('Wed, 15 Jan 2025 12:00:00 +0000');
});

test('headers of the configuration win, and labels cannot add any', async () => {
  await using server = await startSmtpServer({ tls });
  const headers = { Subject: 'Trouble', 'X-Team': 'ops' };
  const alert = sampleAlert({ labels: { check: 'gate\r\nBcc: all@example.com' } });
  await sendThrough('email', optionsFor(server, { headers }), sampleDelivery({ alerts: [alert] }));
  const mail = onlyMail(server);
  expect(header(mail, 'Subject')).toBe('Trouble');
  expect(header(mail, 'X-Team')).toBe('ops');
  expect(header(mail, 'Bcc')).toBeUndefined();
});

test('a server without STARTTLS is refused unless it need not have it', async () => {
  await using server = await startSmtpServer();
  expect(await sendThrough('email', optionsFor(server))).toMatchObject({
    kind: 'passing',
    reason: 'tls',
  });
  expect(server.mails).toEqual([]);
  await sendThrough('email', optionsFor(server, { require_tls: false }));
  expect(onlyMail(server).secure).toBe(false);
});

test('a certificate that nobody vouches for is refused unless that is allowed', async () => {
  await using server = await startSmtpServer({ tls });
  const stranger = optionsFor(server, { tls_config: {} });
  expect(await sendThrough('email', stranger)).toMatchObject({ kind: 'passing', reason: 'tls' });
  const careless = optionsFor(server, { tls_config: { insecure_skip_verify: true } });
  expect(await sendThrough('email', careless)).toMatchObject({ kind: 'delivered' });
});

test('a wrong password is refused for good', async () => {
  await using server = await startSmtpServer({ tls, login });
  const options = optionsFor(server, { ...credentials, auth_password: 'wrong password' });
  expect(await sendThrough('email', options)).toEqual({
    kind: 'permanent',
    reason: 'auth',
    detail: 'SMTP 535 at AUTH PLAIN: 5.7.8 bad credentials',
  });
});

test.for([
  ['greeting', { reply: '554 no service' }, { kind: 'permanent', reason: 'client_error' }],
  ['greeting', { reply: '421 too busy' }, { kind: 'passing', reason: 'server_error' }],
  ['greeting', 'drop', { kind: 'passing', reason: 'connect' }],
  ['RCPT', { reply: '451 4.7.1 greylisted' }, { kind: 'passing', reason: 'server_error' }],
  ['DATA', { reply: '452 no room' }, { kind: 'passing', reason: 'server_error' }],
  ['message', { reply: '554 spam' }, { kind: 'permanent', reason: 'client_error' }],
  ['message', 'drop', { kind: 'passing', reason: 'connect' }],
] as const)('%s answered by %j is judged %j', async ([command, action, outcome]) => {
  await using server = await startSmtpServer({ tls });
  server.script({ command, action });
  const options = optionsFor(server, { to: 'ops@example.com' });
  expect(await sendThrough('email', options)).toMatchObject(outcome);
});

test('a mailbox that does not exist is a refusal for good', async () => {
  await using server = await startSmtpServer({ tls });
  server.script({ command: 'RCPT', action: { reply: '550 5.1.1 unknown user' } });
  expect(await sendThrough('email', optionsFor(server, { to: 'ops@example.com' }))).toEqual({
    kind: 'permanent',
    reason: 'client_error',
    detail: 'SMTP 550 at RCPT TO: 5.1.1 unknown user',
  });
});

test('one recipient of two that is refused does not keep the mail from the other', async () => {
  await using server = await startSmtpServer({ tls });
  server.script({ command: 'RCPT', action: { reply: '550 5.1.1 unknown user' } });
  expect(await sendThrough('email', optionsFor(server))).toEqual({
    kind: 'delivered',
    detail: 'SMTP 250, 1 of the recipients refused',
  });
  expect(onlyMail(server).to).toEqual(['night@example.com']);
});

test('a mail server that hangs is given up', async () => {
  await using server = await startSmtpServer({ tls });
  server.script({ command: 'greeting', action: 'hang' }, { command: 'EHLO', action: 'hang' });
  const outcome = await sendThrough('email', optionsFor(server), sampleDelivery(), {
    timeoutMs: 100,
  });
  expect(outcome).toMatchObject({ kind: 'passing', reason: 'timeout' });
  const aborted = await sendThrough('email', optionsFor(server), sampleDelivery(), {
    signal: AbortSignal.timeout(100),
  });
  expect(aborted).toMatchObject({ kind: 'passing', reason: 'timeout' });
});
