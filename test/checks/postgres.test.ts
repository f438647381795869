import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { postgres } from '../../src/checks/postgres.ts';
import { eventually } from '../support/eventually.ts';
import { folderWith, openedCheck, valuesOf } from '../support/host-check.ts';
import { postgresProgram, startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';
import { createAuthority } from '../support/tls-authority.ts';

const password = 'Eeth4ohs2quu';

const at = (port: number): string => `127.0.0.1:${port}`;

const isThere = existsSync(postgresProgram);
const reason = isThere ? '' : ` (skipped: ${postgresProgram} is missing)`;

describe.skipIf(!isThere)(`a PostgreSQL server${reason}`, () => {
  let server: PostgresServer;
  const authority = createAuthority();
  let target: string;
  let ca: string;

  beforeAll(async () => {
    server = await startPostgres({
      certificate: authority.issue(),
      settings: ['max_connections=12', 'superuser_reserved_connections=2'],
    });
    target = at(server.port);
    ca = join(authority.directory, 'ca.pem');
    server.say(
      `CREATE ROLE tocsin LOGIN PASSWORD '${password}'`,
      'CREATE TABLE jobs (id int, state text)',
      `INSERT INTO jobs SELECT n, 'waiting' FROM generate_series(1, 25) AS n`,
      'CREATE TABLE secrets (id int)',
      'GRANT SELECT ON jobs TO tocsin',
    );
  }, 60_000);

  afterAll(async () => {
    await server.remove();
    authority[Symbol.dispose]();
  });

  const judged = async (keys: object = {}, timeoutMs = 5000) =>
    openedCheck(postgres, { target, password, ...keys }, { common: { timeoutMs } }).run();

  test('that is sound is told with its kind, and measured', async () => {
    const result = await judged();
    expect(result).toMatchObject({ status: 'ok', detail: [] });
    expect(result.summary).toMatch(
      /^PostgreSQL \d+\.\d+.* at 127\.0\.0\.1:\d+ answers: primary, up \S+.*, \d of 10 connections$/,
    );
    expect(result.facts).toEqual([{ name: 'version', text: expect.stringMatching(/^\d+\.\d+/) }]);
    expect(result.phases.map(({ name }) => name)).toEqual(['resolve', 'connect', 'login']);
    expect(valuesOf(result)).toMatchObject({
      connections: 1,
      connections_percent: 10,
      replicas: 0,
    });
    expect(result.subjectAgeMs).toBeGreaterThan(0);
  });

  test('is reached over its Unix socket, and over TLS with a certificate that can be trusted', async () => {
    expect(await judged({ target: server.path })).toMatchObject({ status: 'ok' });
    expect(await judged({ tls: true, tls_config: { ca_file: ca } })).toMatchObject({
      status: 'ok',
    });
    expect(await judged({ tls: true })).toMatchObject({ status: 'critical', reason: 'tls' });
  });

  test('lets in who has the password, and nobody else', async () => {
    const folder = await folderWith({ password: `${password}\n` });
    const file = { password: undefined, password_file: join(folder, 'password') };
    expect(await judged(file)).toMatchObject({ status: 'ok' });
    const wrong = await judged({ password: 'aiNgoo4Iejo2' });
    expect(wrong).toMatchObject({
      status: 'unknown',
      reason: 'auth',
      summary: `${target} refuses the password of the role tocsin`,
    });
    expect(JSON.stringify(wrong)).not.toContain('aiNgoo4Iejo2');
    expect(await judged({ password: undefined })).toMatchObject({
      status: 'unknown',
      reason: 'auth',
      summary: `${target} wants a password, and none is configured`,
    });
    expect(await judged({ database: 'shop' })).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: `${target} has no database shop`,
    });
  });

  test('is not sent a password that the environment of the agent happens to hold', async () => {
    process.env['PGPASSWORD'] = password;
    onTestFinished(() => void delete process.env['PGPASSWORD']);
    expect(await judged({ password: undefined })).toMatchObject({
      status: 'unknown',
      reason: 'auth',
    });
  });

  test('answers a query, and the answer is judged', async () => {
    const count = 'SELECT count(*) FROM jobs';
    expect(await judged({ query: count, expect_answer: { equals: 25 } })).toMatchObject({
      status: 'ok',
    });
    expect(await judged({ query: count, expect_answer: { equals: '7' } })).toMatchObject({
      status: 'critical',
      reason: 'body',
      summary: 'the query gave "25", wanted "7"',
    });
    const full = await judged({
      query: count,
      expect_answer: { number: { warning: 20, critical: 100 } },
    });
    expect(full).toMatchObject({ status: 'warning', summary: 'the query gave 25, limit 20' });
    expect(valuesOf(full)).toMatchObject({ answer: 25, rows: 1 });
    const states = 'SELECT state FROM jobs';
    expect(await judged({ query: states, expect_answer: { matches: '^wait' } })).toMatchObject({
      status: 'ok',
    });
    expect(await judged({ query: states, expect_answer: { max_rows: 10 } })).toMatchObject({
      status: 'critical',
      reason: 'body',
      summary: 'the query gave 25 rows, wanted at most 10',
    });
    const none = 'SELECT id FROM jobs WHERE id < 0';
    expect(await judged({ query: none, expect_answer: { min_rows: 1 } })).toMatchObject({
      summary: 'the query gave 0 rows, wanted at least 1',
    });
  });

  test('is never written to, whatever the query says', async () => {
    server.say('CREATE TABLE IF NOT EXISTS notes (id int)', 'GRANT ALL ON notes TO tocsin');
    expect(await judged({ query: 'INSERT INTO notes VALUES (1)' })).toMatchObject({
      status: 'unknown',
      reason: 'permission',
    });
    const two = await judged({ query: 'COMMIT; INSERT INTO notes VALUES (1)' });
    expect(two).toMatchObject({ status: 'critical', reason: 'status' });
    expect(server.say('SELECT count(*) FROM notes')).toBe('0');
  });

  test('says which right is lacking', async () => {
    const result = await judged({ query: 'SELECT * FROM secrets' });
    expect(result).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(result.summary).toContain('permission denied for table secrets: GRANT it to "tocsin"');
  });

  test('that takes too long for a query stops it, and is told', async () => {
    expect(await judged({ query: 'SELECT pg_sleep(30)' }, 2000)).toMatchObject({
      status: 'critical',
      reason: 'timeout',
      summary: `${target} did not finish the query in time`,
    });
    const sleeping = `SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)' AND state = 'active'`;
    expect(server.say(sleeping)).toBe('0');
  });

  test('that sends more than anybody reads is cut off', async () => {
    const query = `SELECT repeat('x', 100000) FROM generate_series(1, 1000)`;
    expect(await judged({ query })).toMatchObject({ status: 'critical', reason: 'protocol' });
  });

  test('is judged by the connections that are left', async () => {
    const limits = { connections: { warning: '5%', critical: '90%' } };
    expect(await judged(limits)).toMatchObject({ status: 'warning', reason: 'threshold' });
    server.say('ALTER ROLE tocsin CONNECTION LIMIT 0');
    onTestFinished(() => void server.say('ALTER ROLE tocsin CONNECTION LIMIT -1'));
    expect(await judged()).toMatchObject({
      status: 'critical',
      reason: 'threshold',
      summary: `${target} has no connection left for the role tocsin`,
    });
  });

  test('and its standby are told apart, and told when they lose each other', async () => {
    const standby = await startPostgres({ standbyOf: server });
    onTestFinished(async () => standby.remove());
    const lag = { replication_lag: { warning: '20s', critical: '1m' } };
    const there = { ...lag, target: at(standby.port), in_recovery: true };
    await eventually(async () => (await judged(there)).status === 'ok', 'the standby follows');
    expect((await judged(there)).summary).toContain('answers: standby');
    expect(await judged({ in_recovery: true })).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: `PostgreSQL at ${target}: is a primary, wanted a standby in recovery`,
    });
    const primary = { ...lag, in_recovery: false, min_replicas: 1 };
    expect(await judged(primary)).toMatchObject({
      status: 'unknown',
      reason: 'permission',
      summary: `PostgreSQL at ${target}: the user tocsin may not see the lag of replicas: GRANT pg_monitor TO "tocsin"`,
    });
    server.say('GRANT pg_monitor TO tocsin');
    expect(await judged(primary)).toMatchObject({ status: 'ok' });
    server.say(
      `ALTER SYSTEM SET max_wal_senders = 0`,
      'SELECT pg_terminate_backend(pid) FROM pg_stat_replication',
    );
    await standby.end('SIGQUIT');
    const alone = async () => (await judged(primary)).summary;
    await eventually(
      async () => /has 0 replicas, wanted at least 1/.test(await alone()),
      'it is missed',
    );
  }, 60_000);

  test('whose primary is gone is told', async () => {
    const primary = await startPostgres({});
    const standby = await startPostgres({ standbyOf: primary });
    onTestFinished(async () => standby.remove());
    const keys = { target: at(standby.port), username: 'boss', password: 'ahk4Eishoh3e' };
    await eventually(async () => (await judged(keys)).status === 'ok', 'the standby follows');
    await primary.remove();
    const isLost = async (): Promise<boolean> =>
      /receives nothing from its primary/.test((await judged(keys)).summary);
    await eventually(isLost, 'it is told');
  }, 60_000);
});

describe('what is no sound PostgreSQL', () => {
  test('and listens nowhere is told as a failed connection', async () => {
    const target = at(await closedPort());
    expect(await openedCheck(postgres, { target, password }).run()).toMatchObject({
      status: 'critical',
      reason: 'connect',
      summary: `connect to ${target} refused`,
    });
  });

  test.each([
    [false, 'log in'],
    [true, 'agree to TLS'],
  ])('and hangs is given up at the deadline, with TLS %j', async (tls, doing) => {
    await using server = await startTcpServer((socket) => void socket.resume());
    const target = at(server.port);
    const common = { timeoutMs: 300 };
    expect(await openedCheck(postgres, { target, password, tls }, { common }).run()).toMatchObject({
      status: 'critical',
      reason: 'timeout',
      summary: `no answer within 300ms while waiting for ${target} to ${doing}`,
    });
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test.each(
    [
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      '-ERR unknown command\r\n',
      'J\0\0\0\n8.0.36\0',
      'Rubbish',
    ].flatMap((text) => [
      [text, false],
      [text, true],
    ]) as [string, boolean][],
  )('and says %j is told as what it is, with TLS %j', async (text, tls) => {
    await using server = await startTcpServer((socket) => {
      socket.on('data', () => socket.write(text));
    });
    const target = at(server.port);
    expect(await openedCheck(postgres, { target, password, tls }).run()).toMatchObject({
      status: 'critical',
      reason: 'protocol',
      summary: `${target} does not speak the protocol of PostgreSQL`,
    });
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('and is not ready yet is told', async () => {
    await using server = await startTcpServer((socket) => {
      const fields = 'SFATAL\0C57P03\0Mthe database system is starting up\0\0';
      const length = Buffer.alloc(4);
      length.writeUInt32BE(fields.length + 4);
      socket.on('data', () =>
        socket.end(Buffer.concat([Buffer.from('E'), length, Buffer.from(fields)])),
      );
    });
    const target = at(server.port);
    expect(await openedCheck(postgres, { target, password }).run()).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: `${target} is not ready: it starts, stops or recovers`,
    });
  });

  test('and does not offer TLS is told', async () => {
    await using server = await startTcpServer((socket) => {
      socket.on('data', () => socket.write('N'));
    });
    expect(
      await openedCheck(postgres, { target: at(server.port), password, tls: true }).run(),
    ).toMatchObject({ reason: 'tls', summary: `${at(server.port)} does not offer TLS` });
  });
});

test('what is configured of a PostgreSQL must make sense', () => {
  const opened = (keys: object) => () => openedCheck(postgres, { ...keys });
  expect(opened({ password, password_file: '/x' })).toThrow('either password or password_file');
  expect(opened({ expect_answer: { equals: '1' } })).toThrow('expect_answer needs query');
  expect(opened({ connections: { warning: '90%', critical: '80%' } })).toThrow(
    'reached before critical',
  );
});
