import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { smtp } from '../../src/checks/smtp.ts';
import { eventually } from '../support/eventually.ts';
import { folderWith, openedCheck, valuesOf } from '../support/host-check.ts';
import { pour } from '../support/hostile-peer.ts';
import {
  lacksPostfix,
  postfixUser,
  startPostfix,
  type PostfixServer,
} from '../support/postfix-server.ts';
import { startSmtpServer, type SmtpFault, type SmtpServerOptions } from '../support/smtp-server.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';
import { createAuthority, type Authority } from '../support/tls-authority.ts';

const at = (port: number): string => `127.0.0.1:${port}`;

let authority: Authority;
beforeAll(() => {
  authority = createAuthority();
});
afterAll(() => authority[Symbol.dispose]());
const trusting = () => ({ tls_config: { ca: authority.ca } });

const lacking = lacksPostfix();
const reason = lacking === undefined ? '' : ` (skipped: ${lacking})`;

describe.skipIf(lacking !== undefined)(`a real Postfix${reason}`, () => {
  let postfix: PostfixServer;
  beforeAll(async () => {
    postfix = await startPostfix(authority.issue());
  }, 30_000);
  afterAll(async () => postfix.remove(), 30_000);

  test('that is sound is told with what it did, and each part is timed', async () => {
    const target = at(postfix.submissionPort);
    const keys = { target, tls: 'starttls', ...trusting(), ...postfixUser, to: 'ops@lab.example' };
    const result = await openedCheck(smtp, { ...keys, certificate: { warning: '7d' } }).run();
    expect(result).toMatchObject({
      status: 'ok',
      summary: `the mail server mail.lab.example at ${target} greets, agrees to TLS, lets ${postfixUser.username} log in, and ops@lab.example is accepted`,
    });
    const names = result.phases.map(({ name }) => name);
    const start = ['resolve', 'connect', 'greeting', 'ehlo', 'starttls', 'tls'];
    expect(names).toEqual([...start, 'auth', 'mail', 'rcpt']);
    const values = valuesOf(result);
    expect(values).toMatchObject({ message_bytes_max: 10_240_000, recipients_accepted: 1 });
    expect(values['certificate_days_left']).toBeCloseTo(10, 0);
    expect(result.families.map(({ name }) => name)).toContain('probe_certificate_verified');
  });

  test('is reached with TLS from the first byte, and by either way to log in', async () => {
    const target = at(postfix.submissionsPort);
    for (const mechanism of ['PLAIN', 'LOGIN']) {
      const keys = { target, tls: 'implicit', ...trusting(), ...postfixUser, mechanism };
      expect(await openedCheck(smtp, keys).run()).toMatchObject({ status: 'ok' });
    }
  });

  test('that refuses the password leaves the agent in the dark', async () => {
    const target = at(postfix.submissionsPort);
    const password = 'uFoh6xe3quoo';
    const keys = { target, tls: 'implicit', ...trusting(), ...postfixUser, password };
    const result = await openedCheck(smtp, keys).run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'auth' });
    expect(result.summary).toContain(
      `refuses the password of the user ${postfixUser.username}: 535 5.7.8`,
    );
    expect(JSON.stringify(result)).not.toContain(password);
  });

  test('takes mail, puts it off or refuses it, and each is told as what it is', async () => {
    const target = at(postfix.port);
    const judged = async (keys: object) => openedCheck(smtp, { target, ...keys }).run();
    expect(await judged({ to: 'ops@lab.example' })).toMatchObject({ status: 'ok' });
    expect(await judged({ to: ['ops@lab.example', 'grey@lab.example'] })).toMatchObject({
      status: 'warning',
      reason: 'status',
      summary: `${target} puts off mail for grey@lab.example, as greylisting does: 450 4.2.0 <grey@lab.example>: Recipient address rejected: Greylisted`,
    });
    const ignoring = await judged({ to: 'grey@lab.example', deferred: 'ignore' });
    expect(ignoring).toMatchObject({ status: 'ok' });
    expect(valuesOf(ignoring)).toMatchObject({ recipients_deferred: 1, recipients_accepted: 0 });
    expect(await judged({ to: 'nobody@lab.example' })).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: `${target} does not take mail for nobody@lab.example: 550 5.1.1 <nobody@lab.example>: Recipient address rejected: User unknown in local recipient table`,
    });
    expect(await judged({ to: 'far@elsewhere.example' })).toMatchObject({
      status: 'unknown',
      reason: 'permission',
      summary: `${target} does not take mail for far@elsewhere.example: 554 5.7.1 <far@elsewhere.example>: Relay access denied; let the agent log in (username, password), or let its address relay`,
    });
    expect(await judged({ must_refuse: 'far@elsewhere.example' })).toMatchObject({ status: 'ok' });
    expect(await judged({ must_refuse: 'ops@lab.example' })).toMatchObject({
      status: 'critical',
      summary: `${target} takes mail for ops@lab.example, which it must refuse: is it an open relay?`,
    });
  });

  test('that lets nobody in from here, or only with TLS, says what would help', async () => {
    const shut = await openedCheck(smtp, { target: at(postfix.closedPort) }).run();
    expect(shut).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(shut.summary).toMatch(
      /greets with a refusal: 554 5\.7\.1 .*; let the address of this host in/,
    );
    const bare = { target: at(postfix.submissionPort), to: 'ops@lab.example' };
    const unsecured = await openedCheck(smtp, bare).run();
    expect(unsecured).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(unsecured.summary).toMatch(/530 5\.7\.0 .*; it wants TLS first: tls: starttls$/);
  });
});

/** A check of a small mail server that plays these faults. */
async function judge(given: {
  readonly server?: SmtpServerOptions;
  readonly faults?: readonly SmtpFault[];
  readonly keys?: object;
  readonly timeoutMs?: number;
}) {
  const server = await startSmtpServer(given.server);
  onTestFinished(async () => server[Symbol.asyncDispose]());
  server.script(...(given.faults ?? []));
  const target = server.smarthost;
  const common = { timeoutMs: given.timeoutMs ?? 5000 };
  const result = await openedCheck(smtp, { target, ...given.keys }, { common }).run();
  return { result, target, server };
}

const reply = (command: SmtpFault['command'], text: string): SmtpFault => ({
  command,
  action: { reply: text },
});

describe('a mail server', () => {
  test('is asked nothing that sends a message, and is left with QUIT', async () => {
    const { result, server } = await judge({
      keys: { from: 'watch@lab.example', to: ['a@lab.example'] },
    });
    expect(result).toMatchObject({ status: 'ok' });
    await eventually(() => server.commands.at(-1) === 'QUIT', 'it hangs up');
    expect(server.commands).toEqual([
      'EHLO [127.0.0.1]',
      'MAIL FROM:<watch@lab.example>',
      'RCPT TO:<a@lab.example>',
      'QUIT',
    ]);
    expect(server.mails).toEqual([]);
  });

  test('is greeted by the name that is configured, and must offer what is wanted', async () => {
    const server = { extensions: ['SIZE 1000', 'AUTH=PLAIN'] };
    const keys = { hello: 'web-1.lab.example', extensions: ['size', '8BITMIME', 'AUTH'] };
    const sound = await judge({ server, keys });
    expect(sound.result).toMatchObject({ status: 'ok' });
    expect(valuesOf(sound.result)).toMatchObject({ message_bytes_max: 1000 });
    expect(sound.server.commands[0]).toBe('EHLO web-1.lab.example');
    const { result, target } = await judge({ keys: { extensions: ['8BITMIME', 'DSN'] } });
    expect(result).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: `${target} does not offer DSN, but 8BITMIME`,
    });
  });

  test('must offer STARTTLS, keep to it, and show a certificate that can be trusted', async () => {
    const tls = authority.issue({ days: 5 });
    const keys = { tls: 'starttls', ...trusting() };
    const bare = await judge({ keys });
    expect(bare.result).toMatchObject({
      status: 'critical',
      reason: 'tls',
      summary: `${bare.target} does not offer STARTTLS`,
    });
    const refused = await judge({
      server: { tls },
      keys,
      faults: [reply('STARTTLS', '454 4.7.0 not now')],
    });
    expect(refused.result).toMatchObject({
      reason: 'tls',
      summary: `${refused.target} offers STARTTLS and refuses it: 454 4.7.0 not now`,
    });
    const untrusted = await judge({ server: { tls }, keys: { tls: 'starttls' } });
    expect(untrusted.result).toMatchObject({
      status: 'critical',
      reason: 'tls',
      summary: `the certificate of ${untrusted.target} leads to no trusted authority`,
    });
    const offering = { ...keys, extensions: ['STARTTLS'], certificate: { warning: '7d' } };
    expect((await judge({ server: { tls }, keys: offering })).result).toMatchObject({
      status: 'warning',
      reason: 'threshold',
    });
    const implicit = { ...keys, tls: 'implicit' };
    expect(
      (await judge({ server: { tls, implicitTls: true }, keys: implicit })).result,
    ).toMatchObject({
      status: 'ok',
    });
    const plain = await judge({ keys: implicit, timeoutMs: 2000 });
    expect(plain.result).toMatchObject({ status: 'critical', reason: 'tls' });
  });

  test('that cannot check logins, or offers none, is itself at fault', async () => {
    const login = { user: 'watch', password: 'iez2Xahng7' };
    const keys = { username: login.user, password: login.password };
    const sound = await judge({ server: { login, mechanisms: ['LOGIN'] }, keys });
    expect(sound.result).toMatchObject({ status: 'ok' });
    const broken = await judge({
      server: { login },
      keys,
      faults: [reply('AUTH', '454 4.7.0 Temporary authentication failure')],
    });
    expect(broken.result).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: `${broken.target} cannot check logins at the moment: 454 4.7.0 Temporary authentication failure`,
    });
    const none = await judge({ keys });
    expect(none.result).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: `${none.target} offers no login (AUTH) over this connection`,
    });
    const other = await judge({ server: { login, mechanisms: ['CRAM-MD5'] }, keys });
    expect(other.result).toMatchObject({
      reason: 'missing',
      summary: `${other.target} offers no login by PLAIN, but by CRAM-MD5`,
    });
  });

  test('that repeats what it was sent does not bring the password into the result', async () => {
    const login = { user: 'watch', password: 'iez2Xahng7' };
    const token = Buffer.from(`\0watch\0${login.password}`).toString('base64');
    const { result } = await judge({
      server: { login },
      keys: { username: login.user, password: login.password },
      faults: [reply('AUTH', `501 5.5.2 cannot decode ${token} (${login.password})`)],
    });
    expect(result).toMatchObject({ status: 'unknown', reason: 'auth' });
    expect(result.summary).toContain('cannot decode <secret> (<secret>)');
    expect(JSON.stringify(result)).not.toContain(token);
  });

  test.each([
    [
      reply('greeting', '421 4.3.2 shutting down'),
      'status',
      'greets with a refusal: 421 4.3.2 shutting down',
    ],
    [reply('EHLO', '502 5.5.1 what?'), 'status', 'refuses EHLO [127.0.0.1]: 502 5.5.1 what?'],
    [
      reply('MAIL', '451 4.3.0 queue is full'),
      'status',
      'does not take mail from <>: 451 4.3.0 queue is full',
    ],
    [
      reply('RCPT', '452 4.3.1 no room'),
      'status',
      'does not take mail for a@lab.example: 452 4.3.1 no room',
    ],
    [
      { command: 'greeting', action: 'drop' },
      'connect',
      'closed the connection when it should greet',
    ],
    [
      { command: 'EHLO', action: 'drop' },
      'connect',
      'closed the connection when it should answer EHLO [127.0.0.1]',
    ],
    [
      { command: 'RCPT', action: 'drop' },
      'connect',
      'closed the connection when it should answer RCPT TO:<a@lab.example>',
    ],
    [reply('greeting', 'hello there'), 'protocol', 'does not speak SMTP, it says "hello there"'],
    [reply('EHLO', '250-one\r\nnonsense'), 'protocol', 'does not speak SMTP, it says "nonsense"'],
  ] satisfies (readonly [SmtpFault, string, string])[])(
    'that is in trouble is told so: %j',
    async (fault, why, sentence) => {
      const { result, target } = await judge({ faults: [fault], keys: { to: 'a@lab.example' } });
      expect(result).toMatchObject({
        status: 'critical',
        reason: why,
        summary: `${target} ${sentence}`,
      });
    },
  );

  test.each(['greeting', 'EHLO', 'RCPT'] as const)(
    'that hangs at %s is given up in time',
    async (command) => {
      const faults: SmtpFault[] = [{ command, action: 'hang' }];
      const { result } = await judge({ faults, keys: { to: 'a@lab.example' }, timeoutMs: 300 });
      expect(result).toMatchObject({ status: 'critical', reason: 'timeout' });
      expect(result.summary).toMatch(/^no answer within 300ms while waiting for /);
      expect(result.durationMs).toBeLessThan(550);
    },
  );

  test('that speaks without end, or something else, is told so', async () => {
    await using endless = await startTcpServer((socket) =>
      pour(socket, '220-more of it\r\n'.repeat(500)),
    );
    expect(await openedCheck(smtp, { target: at(endless.port) }).run()).toMatchObject({
      status: 'critical',
      reason: 'protocol',
      summary: `${at(endless.port)} does not end when it should greet`,
    });
    await using other = await startTcpServer(
      (socket) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
    );
    expect(await openedCheck(smtp, { target: at(other.port) }).run()).toMatchObject({
      reason: 'protocol',
      summary: `${at(other.port)} does not speak SMTP, it says "SSH-2.0-OpenSSH_9.2"`,
    });
    const port = await closedPort();
    expect(await openedCheck(smtp, { target: at(port) }).run()).toMatchObject({
      status: 'critical',
      reason: 'connect',
      summary: `connect to ${at(port)} refused`,
    });
    await eventually(() => endless.open.size === 0, 'the connection is closed');
  });

  test('cannot be asked with a password that cannot be read', async () => {
    const password_file = join(await folderWith(), 'none');
    const keys = { target: at(9), username: 'watch', password_file };
    expect(await openedCheck(smtp, keys).run()).toMatchObject({
      status: 'unknown',
      reason: 'missing',
    });
  });
});

test('what is configured of mail servers must make sense', () => {
  const opened = (keys: object) => () => openedCheck(smtp, { ...keys });
  const login = { username: 'u', password: 'p' };
  expect(opened({ target: 'mail.example', ...login })).toThrow('only over TLS');
  expect(opened({ target: 'mail.example:587', ...login })).not.toThrow();
  expect(opened({ target: 'localhost', ...login })).not.toThrow();
  expect(opened({ username: 'u' })).toThrow('together with password');
  expect(opened({ mechanism: 'PLAIN' })).toThrow('mechanism needs username');
  expect(opened({ certificate: { warning: '7d' } })).toThrow('certificate needs tls');
  expect(opened({ to: 'a@b.example>\r\nDATA' })).toThrow('a mail address');
  expect(opened({ hello: 'a b' })).toThrow('a host name');
});
