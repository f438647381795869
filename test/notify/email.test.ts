import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Delivery, NotifyReason, Outcome } from '../../src/model/delivery.ts';
import { instant } from '../../src/model/time.ts';
import type { ConversationMemory } from '../../src/notify/integration.ts';
import { noon, sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';
import { oneMemory, sendThrough } from '../support/send-through.ts';
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

test('the mail of a recovery leaves out the lines that explained the failure', async () => {
  await using server = await startSmtpServer({ tls });
  const alert = sampleAlert({ endsAt: noon, detail: ['log of web.service:'] });
  await sendThrough('email', optionsFor(server), sampleDelivery({ alerts: [alert] }));
  expect(readable(onlyMail(server))).toContain('gateway is back');
  expect(readable(onlyMail(server))).not.toContain('log of');
});

describe('threads', () => {
  const tell = (
    server: SmtpServer,
    memory: ConversationMemory,
    threading: object = {},
  ): ((id: string, reason: NotifyReason, changes?: object) => Promise<Outcome>) => {
    return (id, reason, changes = {}) => {
      const delivery = sampleDelivery({ id, reason, ...changes });
      return sendThrough('email', optionsFor(server, { threading }), delivery, { memory });
    };
  };
  const headers = (server: SmtpServer, name: string): (string | undefined)[] =>
    server.mails.map((mail) => header(mail, name));
  const over = { alerts: [sampleAlert({ endsAt: noon })] };

  test('a repeat has the same Message-ID and date, so that the copy can be dropped', async () => {
    await using server = await startSmtpServer({ tls });
    await tell(server, oneMemory())('delivery-1', 'first notification');
    await tell(server, oneMemory())('delivery-1', 'first notification');
    const [first, second] = headers(server, 'Message-ID');
    expect(first).toMatch(/^<[0-9a-f]{32}@example\.com>$/);
    expect(second).toBe(first);
    expect(new Set(headers(server, 'Date'))).toEqual(new Set(['Wed, 15 Jan 2025 12:00:00 +0000']));
  });

  test('one incident is one thread, the next one another', async () => {
    await using server = await startSmtpServer({ tls });
    const send = tell(server, oneMemory());
    await send('1', 'first notification');
    await send('2', 'repeat interval elapsed');
    await send('3', 'all alerts resolved', over);
    await send('4', 'first notification');
    await send('5', 'repeat interval elapsed');
    // Nobody was told of the end of that one.
    await send('6', 'first notification');
    const ids = headers(server, 'Message-ID');
    const parents = [undefined, ids[0], ids[0], undefined, ids[3], undefined];
    expect(headers(server, 'In-Reply-To')).toEqual(parents);
    expect(headers(server, 'References')).toEqual(parents);
    expect(new Set(ids).size).toBe(6);
  });

  test('a test belongs to no thread', async () => {
    await using server = await startSmtpServer({ tls });
    const memory = oneMemory();
    await tell(server, memory)('1', 'test');
    expect(memory.recall()).toBeUndefined();
  });

  test('by date all about one group are one thread, or all of a day', async () => {
    await using server = await startSmtpServer({ tls });
    const tomorrow = (id: string): Delivery => {
      const delivery = sampleDelivery({ id });
      return { ...delivery, createdAt: instant(0, noon + 86_400_000) };
    };
    for (const thread_by_date of ['none', 'daily']) {
      const options = optionsFor(server, { threading: { thread_by_date } });
      await sendThrough('email', options, sampleDelivery({ id: '1' }));
      await sendThrough('email', options, tomorrow('2'));
    }
    const [one, same, today, next] = headers(server, 'References');
    expect(one).toMatch(/^<[0-9a-f]{32}@example\.com>$/);
    expect(same).toBe(one);
    expect(new Set([one, today, next]).size).toBe(3);
  });

  test('are left out when that is asked for', async () => {
    await using server = await startSmtpServer({ tls });
    const send = tell(server, oneMemory(), { enabled: false });
    await send('1', 'first notification');
    await send('2', 'repeat interval elapsed');
    expect(headers(server, 'In-Reply-To')).toEqual([undefined, undefined]);
  });
});

describe('a login', () => {
  test.for([
    ['LOGIN', { auth_password: login.password }],
    ['CRAM-MD5', { auth_secret: login.password }],
    ['CRAM-MD5', { auth_secret: login.password, auth_password: 'of another service' }],
    ['CRAM-MD5', { auth_password: login.password }],
  ] as const)('by %s works with %j', async ([mechanism, options]) => {
    await using server = await startSmtpServer({ tls, login, mechanisms: [mechanism] });
    const outcome = await sendThrough(
      'email',
      optionsFor(server, { auth_username: login.user, ...options }),
    );
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(onlyMail(server).login).toEqual([mechanism, login.user]);
  });

  test('with an identity does not keep a server from offering LOGIN alone', async () => {
    await using server = await startSmtpServer({ tls, login, mechanisms: ['LOGIN'] });
    const options = optionsFor(server, { ...credentials, auth_identity: 'ops' });
    expect(await sendThrough('email', options)).toMatchObject({ kind: 'delivered' });
  });

  test('with a wrong secret is refused for good, unless it comes from a file', async () => {
    await using server = await startSmtpServer({ tls, login, mechanisms: ['CRAM-MD5'] });
    const wrong = { auth_username: login.user, auth_secret: 'wrong secret' };
    expect(await sendThrough('email', optionsFor(server, wrong))).toMatchObject({
      kind: 'permanent',
      reason: 'auth',
    });
    const file = join(authority.directory, 'secret');
    await writeFile(file, 'wrong secret\n');
    const options = optionsFor(server, { auth_username: login.user, auth_secret_file: file });
    expect(await sendThrough('email', options)).toMatchObject({ kind: 'passing', reason: 'auth' });
    await writeFile(file, `${login.password}\n`);
    expect(await sendThrough('email', options)).toMatchObject({ kind: 'delivered' });
  });
});

test('a message that was accepted is delivered, though the connection broke right after', async () => {
  await using server = await startSmtpServer({ tls });
  server.script({ command: 'accepted', action: 'drop' });
  const outcome = await sendThrough('email', optionsFor(server));
  expect(outcome).toMatchObject({ kind: 'delivered' });
  expect(server.mails).toHaveLength(1);
});

test('a message whose acceptance nobody heard of is sent again, recognisably', async () => {
  await using server = await startSmtpServer({ tls });
  // The server keeps the message, and is gone before it says so.
  server.script({ command: 'message', action: 'keep and drop' });
  expect(await sendThrough('email', optionsFor(server))).toMatchObject({ kind: 'passing' });
  expect(await sendThrough('email', optionsFor(server))).toMatchObject({ kind: 'delivered' });
  const ids = server.mails.map((mail) => header(mail, 'Message-ID'));
  expect(ids).toHaveLength(2);
  expect(ids[0]).toBe(ids[1]);
});

test.for(['454 4.7.0 TLS not available', '502 5.5.1 no'])(
  'STARTTLS that is offered and then refused (%s) sends nothing in the open',
  async (reply) => {
    await using server = await startSmtpServer({ tls, login });
    server.script({ command: 'STARTTLS', action: { reply } });
    const outcome = await sendThrough('email', optionsFor(server, credentials));
    expect(outcome).toMatchObject({ kind: 'passing', reason: 'tls' });
    expect(server.commands.join(' ')).not.toMatch(/AUTH|MAIL/);
  },
);

test('a client certificate is shown to a mail server that wants one', async () => {
  const wanted = { ...tls, ca: authority.ca, requestCert: true, rejectUnauthorized: true };
  await using server = await startSmtpServer({ tls: wanted, implicitTls: true });
  const { cert, key } = authority.issue({ subject: '/CN=tocsin' });
  const implicit = { force_implicit_tls: true };
  const known = { ca: authority.ca, cert, key };
  const options = optionsFor(server, { ...implicit, tls_config: known });
  expect(await sendThrough('email', options)).toMatchObject({ kind: 'delivered' });
  const stranger = optionsFor(server, { ...implicit, tls_config: { ca: authority.ca } });
  expect((await sendThrough('email', stranger)).kind).toBe('passing');
});

test('a mail about thousands of alerts stays one that servers take', async () => {
  await using server = await startSmtpServer({ tls });
  const alerts = Array.from({ length: 10_000 }, (_, number) =>
    sampleAlert({
      labels: { check: `check-${number}` },
      detail: Array.from({ length: 20 }, () => 'x'.repeat(500)),
    }),
  );
  const startedAt = performance.now();
  await sendThrough('email', optionsFor(server), sampleDelivery({ alerts }));
  expect(performance.now() - startedAt).toBeLessThan(5000);
  const mail = onlyMail(server);
  expect(mail.data.length).toBeLessThan(10_000_000);
  expect(readable(mail)).toContain('… and 9800 more');
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
