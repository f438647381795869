import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { redis } from '../../src/checks/redis.ts';
import { eventually } from '../support/eventually.ts';
import { folderWith, openedCheck, valuesOf } from '../support/host-check.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { redisProgram, startRedis } from '../support/redis-server.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';
import { createAuthority } from '../support/tls-authority.ts';

const password = 'ieQu9aiph1ah';

const at = (port: number): string => `127.0.0.1:${port}`;

describe('a Redis server', () => {
  beforeEach((context) => skipUnlessThere(redisProgram, context));

  test('that is sound is told with its role, and measured', async () => {
    const { port } = await startRedis();
    const result = await openedCheck(redis, { target: at(port) }).run();
    expect(result).toMatchObject({ status: 'ok', detail: [] });
    expect(result.summary).toMatch(
      /^Redis 7\.[\d.]+ at 127\.0\.0\.1:\d+ answers: master, up \S+, 1 client$/,
    );
    expect(result.facts).toEqual([{ name: 'version', text: expect.stringMatching(/^\d+\.\d+/) }]);
    expect(result.phases.map(({ name }) => name)).toEqual(['resolve', 'connect', 'ping']);
    expect(valuesOf(result)).toMatchObject({
      clients: 1,
      clients_percent: 0.01,
      replicas: 0,
      rejected_connections_total: 0,
      last_save_failed: 0,
    });
    expect(result.subjectAgeMs).toBeLessThan(60_000);
  });

  test('is reached over its Unix socket', async () => {
    const { path } = await startRedis();
    expect(await openedCheck(redis, { target: path }).run()).toMatchObject({ status: 'ok' });
  });

  test('is reached over TLS, and only with a certificate that can be trusted', async () => {
    using authority = createAuthority();
    const { cert, key } = authority.issue();
    const folder = await folderWith({ 'cert.pem': cert, 'key.pem': key, 'ca.pem': authority.ca });
    const tlsPort = await closedPort();
    const file = (name: string) => join(folder, name);
    await startRedis(
      [
        `--tls-port ${tlsPort}`,
        '--tls-auth-clients no',
        `--tls-cert-file ${file('cert.pem')}`,
        `--tls-key-file ${file('key.pem')}`,
        `--tls-ca-cert-file ${file('ca.pem')}`,
      ].flatMap((line) => line.split(' ')),
    );
    const target = at(tlsPort);
    const trusting = { target, tls: true, tls_config: { ca_file: file('ca.pem') } };
    expect(await openedCheck(redis, trusting).run()).toMatchObject({ status: 'ok' });
    expect(await openedCheck(redis, { target, tls: true }).run()).toMatchObject({
      status: 'critical',
      reason: 'tls',
      summary: `the certificate of ${target} leads to no trusted authority`,
    });
    expect(await openedCheck(redis, { target }).run()).toMatchObject({
      status: 'critical',
      reason: 'connect',
      summary: `${target} closed the connection instead of answering PING`,
    });
  });

  test('lets in who has the password, of the default user or of one of the ACL', async () => {
    const { port, say } = await startRedis(['--requirepass', password], password);
    say('ACL', 'SETUSER', 'watch', 'on', '>watchword-1', '+ping', '+info');
    say('ACL', 'SETUSER', 'narrow', 'on', '>watchword-2', '+ping');
    const target = at(port);
    const judged = async (keys: object) => openedCheck(redis, { target, ...keys }).run();
    const folder = await folderWith({ password: `${password}\n` });
    expect(await judged({ password })).toMatchObject({ status: 'ok' });
    expect(await judged({ password_file: join(folder, 'password') })).toMatchObject({
      status: 'ok',
    });
    expect(await judged({ username: 'watch', password: 'watchword-1' })).toMatchObject({
      status: 'ok',
    });
    expect(await judged({})).toMatchObject({
      status: 'unknown',
      reason: 'auth',
      summary: `${target} wants a password, and none is configured`,
    });
    const wrong = await judged({ password: 'uFoh6xe3quoo' });
    expect(wrong).toMatchObject({
      status: 'unknown',
      reason: 'auth',
      summary: `${target} refuses the password of the user default`,
    });
    expect(JSON.stringify(wrong)).not.toContain('uFoh6xe3quoo');
    expect(await judged({ username: 'narrow', password: 'watchword-2' })).toMatchObject({
      status: 'unknown',
      reason: 'permission',
      summary: `the user narrow may not send INFO to ${target}: grant it with ACL SETUSER narrow +info`,
    });
    expect(await judged({ password_file: '/nowhere/password' })).toMatchObject({
      status: 'unknown',
      reason: 'missing',
    });
  });

  test('answers a command that reads, and the answer is judged', async () => {
    const { port, say } = await startRedis();
    say('SET', 'state', 'open for business');
    say('RPUSH', 'jobs', 'a', 'b', 'c');
    const judged = async (command: readonly string[], expect_answer: object) =>
      openedCheck(redis, { target: at(port), command, expect_answer }).run();
    expect(await judged(['GET', 'state'], { matches: '^open' })).toMatchObject({ status: 'ok' });
    expect(await judged(['GET', 'state'], { equals: 'closed' })).toMatchObject({
      status: 'critical',
      reason: 'body',
      summary: 'GET state gave "open for business", wanted "closed"',
    });
    expect(await judged(['GET', 'nothing'], { equals: '1' })).toMatchObject({
      summary: 'GET nothing gave nothing, wanted "1"',
    });
    const long = await judged(['LLEN', 'jobs'], { number: { warning: 3, critical: 100 } });
    expect(long).toMatchObject({
      status: 'warning',
      reason: 'threshold',
      summary: 'LLEN jobs gave 3, limit 3',
    });
    expect(valuesOf(long)).toMatchObject({ answer: 3 });
    expect(await judged(['LLEN', 'state'], {})).toMatchObject({
      status: 'critical',
      reason: 'status',
    });
    expect(() => openedCheck(redis, { command: ['FLUSHALL'] })).toThrow(
      'a command that only reads',
    );
  });

  test('is judged by its clients, those it rejected, and its memory', async () => {
    const { port, say } = await startRedis([
      '--maxmemory',
      '2mb',
      '--maxmemory-policy',
      'noeviction',
    ]);
    const target = at(port);
    const check = openedCheck(redis, { target, clients: { warning: '50%', critical: '90%' } });
    expect(await check.run()).toMatchObject({ status: 'ok' });
    say('CONFIG', 'SET', 'maxclients', '2');
    expect(await check.run()).toMatchObject({
      status: 'warning',
      reason: 'threshold',
      summary: `Redis at ${target}: 1 of 2 possible clients are connected (50%), limit 50%`,
    });
    say('CONFIG', 'SET', 'maxclients', '1');
    const held = connect(port, '127.0.0.1');
    onTestFinished(() => void held.destroy());
    await once(held, 'connect');
    const full = await check.run();
    expect(full).toMatchObject({ status: 'critical', reason: 'status' });
    expect(full.summary).toContain('max number of clients reached');
    held.destroy();
    const isTold = async (): Promise<boolean> =>
      (await check.run()).detail.some((line) => /rejected \d connections? since/.test(line));
    await eventually(isTold, 'the rejected connection is told');
    say('CONFIG', 'SET', 'maxclients', '100');
    expect(await check.run()).toMatchObject({ status: 'ok' });
  });

  test('whose memory is full is told when it then refuses writes, and not when it is a cache', async () => {
    const { port, say } = await startRedis([
      '--maxmemory',
      '4mb',
      '--maxmemory-policy',
      'noeviction',
    ]);
    const target = at(port);
    say('EVAL', 'for i = 1, 40 do redis.call("SET", i, string.rep("x", 100000)) end', '0');
    const full = await openedCheck(redis, { target }).run();
    expect(full).toMatchObject({ status: 'critical', reason: 'threshold' });
    expect(full.summary).toContain('writes are refused at 100%), limit 95%');
    say('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await openedCheck(redis, { target }).run()).toMatchObject({ status: 'ok' });
    const asked = openedCheck(redis, { target, memory: { warning: '50%' } });
    expect(await asked.run()).toMatchObject({ status: 'warning' });
  });

  test('that could not save is told', async () => {
    const { port, say, folder } = await startRedis(['--dbfilename', 'dump.rdb']);
    mkdirSync(join(folder, 'dump.rdb'));
    writeFileSync(join(folder, 'dump.rdb', 'in-the-way'), '');
    say('SET', 'a', 'b');
    say('BGSAVE');
    const check = openedCheck(redis, { target: at(port) });
    await eventually(async () => (await check.run()).status === 'critical', 'the save has failed');
    expect((await check.run()).summary).toContain('its last save to disk failed');
    const ignoring = openedCheck(redis, { target: at(port), last_save: 'ignore' });
    expect(await ignoring.run()).toMatchObject({ status: 'ok' });
  });

  test('and its replica know each other, and are told when they do not', async () => {
    const master = await startRedis();
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)]);
    const limits = { replication_lag: { warning: '20s', critical: '1m' } };
    const ofMaster = openedCheck(redis, {
      ...limits,
      target: at(master.port),
      role: 'master',
      min_replicas: 1,
    });
    const ofReplica = openedCheck(redis, { ...limits, target: at(replica.port), role: 'replica' });
    await eventually(async () => (await ofMaster.run()).status === 'ok', 'the replica follows');
    await eventually(async () => (await ofReplica.run()).status === 'ok', 'it is in step');
    const followed = await ofReplica.run();
    expect(followed).toMatchObject({ status: 'ok' });
    expect(valuesOf(followed)['replication_lag']).toBeLessThan(20);
    const swapped = openedCheck(redis, { target: at(replica.port), role: 'master' });
    expect(await swapped.run()).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: `Redis at ${at(replica.port)}: is a replica, wanted a master`,
    });
    await replica.end();
    await eventually(async () => (await ofMaster.run()).status === 'critical', 'it is missed');
    expect((await ofMaster.run()).summary).toContain('has 0 replicas, wanted at least 1');
    const orphan = await startRedis(['--replicaof', '127.0.0.1', String(await closedPort())]);
    const lost = await openedCheck(redis, { target: at(orphan.port) }).run();
    expect(lost).toMatchObject({ status: 'critical', reason: 'status' });
    expect(lost.summary).toContain('its link to the master 127.0.0.1:');
  });
});

describe('what is no sound Redis', () => {
  test('and listens nowhere is told as a failed connection', async () => {
    const target = at(await closedPort());
    expect(await openedCheck(redis, { target }).run()).toMatchObject({
      status: 'critical',
      reason: 'connect',
      summary: `connect to ${target} refused`,
    });
    expect(await openedCheck(redis, { target: '/nowhere/redis.sock' }).run()).toMatchObject({
      status: 'critical',
      reason: 'connect',
    });
  });

  test('and hangs is given up at the deadline, and its connection closed', async () => {
    await using server = await startTcpServer((socket) => void socket.resume());
    const target = at(server.port);
    const check = openedCheck(redis, { target, password }, { common: { timeoutMs: 300 } });
    expect(await check.run()).toMatchObject({
      status: 'critical',
      reason: 'timeout',
      summary: `no answer within 300ms while waiting for ${target} to answer AUTH`,
    });
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test.each([
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'protocol'],
    ['220 mail ESMTP\r\n', 'protocol'],
    ['\0\0\0\x05hello', 'protocol'],
    ['+OK\r\n', 'protocol'],
    ['-ERR what?\r\n', 'status'],
    ['-LOADING Redis is loading the dataset in memory\r\n', 'status'],
  ])('and says %j is told as what it is', async (text, reason) => {
    await using server = await startTcpServer((socket) => {
      socket.on('data', () => socket.write(text));
    });
    const result = await openedCheck(redis, { target: at(server.port) }).run();
    expect(result).toMatchObject({ status: 'critical', reason });
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('and sends without end is cut off', async () => {
    await using server = await startTcpServer((socket) => {
      const piece = Buffer.alloc(64 * 1024, 'x');
      const more = (): void => {
        while (socket.write(piece));
      };
      socket.on('data', () => {
        socket.write('$4000000000\r\n');
        socket.on('drain', more);
        more();
      });
    });
    const target = at(server.port);
    expect(await openedCheck(redis, { target }).run()).toMatchObject({
      status: 'critical',
      reason: 'protocol',
      summary: `${target} answers PING without end`,
    });
  });

  test('and repeats the password it was sent does not bring it into the result', async () => {
    await using server = await startTcpServer((socket) => {
      socket.on('data', (chunk: Buffer) =>
        socket.write(`-ERR ${chunk.toString().replaceAll('\r\n', ' ')}\r\n`),
      );
    });
    const result = await openedCheck(redis, { target: at(server.port), password }).run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'auth' });
    expect(JSON.stringify(result)).not.toContain(password);
  });
});
