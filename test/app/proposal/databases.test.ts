import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { proposeSockets } from '../../../src/app/proposal/propose-sockets.ts';
import { hostWith } from '../../support/host-check.ts';
import { foundIn, initialise, procWith, socketTable } from '../../support/initialised.ts';
import { skipUnlessThere } from '../../support/own-program.ts';
import { postgresProgram, startPostgres } from '../../support/postgres-server.ts';
import { redisProgram, startRedis } from '../../support/redis-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('Redis that wants a password is switched off until somebody gives it one', async (context) => {
  skipUnlessThere(redisProgram, context);
  const open = await startRedis();
  const locked = await startRedis(['--requirepass', 'correct horse']);
  const folder = temporaryFolder();
  const said = await initialise({ 'proc/net/tcp': socketTable([open.port, locked.port]) }, folder);
  const redis = (port: number) => ({
    name: `redis ${port}`,
    type: 'redis',
    target: `127.0.0.1:${port}`,
  });
  expect(await foundIn(folder)).toEqual(
    expect.arrayContaining([redis(open.port), { ...redis(locked.port), enabled: false }]),
  );
  expect(said.stdout).toMatch(/switched off .*wants a password, and none is configured/);
});

test('PostgreSQL is recognised on any port, and switched off until its role is there', async (context) => {
  skipUnlessThere(postgresProgram, context);
  const server = await startPostgres({});
  onTestFinished(async () => server.remove());
  const folder = temporaryFolder();
  const check = {
    name: `postgres ${server.port}`,
    type: 'postgres',
    target: `127.0.0.1:${server.port}`,
  };
  const proc = await procWith(server.pid, [server.port]);
  const said = await initialise({}, folder, { places: { proc } });
  expect(await foundIn(folder)).toEqual([{ ...check, enabled: false }]);
  expect(said.stdout).toMatch(/switched off .*postgres/);
  // Nothing but the questions that were put to it stands in its log.
  expect(server.output()).not.toMatch(/invalid length of startup packet/);
});

test('databases that listen on a socket of the file system are found there', async (context) => {
  skipUnlessThere(redisProgram, context);
  const server = await startRedis();
  const places = await hostWith({ 'run/redis/': '', 'run/postgresql/.s.PGSQL.5433.lock': '' });
  await symlink(server.path, join(places.run, 'redis/redis-server.sock'));
  await mkdir(join(places.run, 'postgresql/.s.PGSQL.5433'));
  const all = await proposeSockets(places, new Set());
  expect(all.map(({ check }) => check)).toEqual([
    { name: 'postgres', type: 'postgres', target: join(places.run, 'postgresql/.s.PGSQL.5433') },
    { name: 'redis', type: 'redis', target: join(places.run, 'redis/redis-server.sock') },
  ]);
  expect(await proposeSockets(places, new Set(['redis', 'postgres']))).toEqual([]);
});
