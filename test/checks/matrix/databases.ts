import type { CheckTypeName } from '../../../src/model/check.ts';
import { bossPassword, postgresProgram, startPostgres } from '../../support/postgres-server.ts';
import { redisProgram, startRedis } from '../../support/redis-server.ts';
import type { Case, Scene, TypeRows } from './case.ts';
import {
  at,
  briefly,
  closedPlaces,
  needs,
  pipeCase,
  withoutService,
  type Keys,
} from './service-rows.ts';

const toRedis = (target: string): Keys => ({ target });
const ofRedis = withoutService(toRedis, { nonsense: /does not speak the protocol of Redis$/ });

const redis: TypeRows = {
  healthy: [
    {
      with: 'a real Redis',
      lacking: needs(redisProgram),
      set: async () => ({ keys: toRedis((await startRedis()).path) }),
      is: 'ok',
      says: /^Redis .* answers: master/,
    },
  ],
  failing: [
    {
      with: 'another role than is wanted',
      lacking: needs(redisProgram),
      set: async () => ({ keys: { ...toRedis(at((await startRedis()).port)), role: 'replica' } }),
      is: 'critical',
      because: 'status',
      says: /wanted a replica|wanted replica/,
    },
  ],
  forbidden: [
    ...closedPlaces(toRedis, {}),
    {
      with: 'a user without the right to ask',
      lacking: needs(redisProgram),
      set: async () => {
        const { port, say } = await startRedis();
        say('ACL', 'SETUSER', 'narrow', 'on', '>watchword-2', '+ping');
        return { keys: { ...toRedis(at(port)), username: 'narrow', password: 'watchword-2' } };
      },
      is: 'unknown',
      because: 'permission',
      says: /grant it with ACL SETUSER narrow \+info$/,
    },
  ],
  ...ofRedis,
  hanging: [...(ofRedis.hanging as readonly Case[]), pipeCase(toRedis, {})],
};

const toPostgres = (target: string): Keys => ({ target });
const ofPostgres = withoutService(toPostgres, {
  nonsense: /does not speak the protocol of PostgreSQL$/,
});

let postgresServer: ReturnType<typeof startPostgres> | undefined;

/** One server for all cases; its start takes seconds. */
async function onPostgres(keys: Keys = {}): Promise<Scene> {
  postgresServer ??= startPostgres({}).then((server) => {
    server.say(
      `CREATE ROLE tocsin LOGIN PASSWORD '${bossPassword}'`,
      'CREATE TABLE secrets (id int)',
    );
    return server;
  });
  const { port } = await postgresServer;
  return { keys: { target: at(port), password: bossPassword, ...keys } };
}

/** Ends what the cases share. */
export async function endServices(): Promise<void> {
  await (await postgresServer)?.remove();
}

const postgres: TypeRows = {
  healthy: [
    {
      with: 'a real PostgreSQL',
      lacking: needs(postgresProgram),
      set: async () => onPostgres({ query: 'SELECT 1', expect_answer: { number: {} } }),
      is: 'ok',
      says: /^PostgreSQL .* answers: primary/,
    },
  ],
  failing: [
    {
      with: 'an answer that is not wanted',
      lacking: needs(postgresProgram),
      set: async () => onPostgres({ query: 'SELECT 1', expect_answer: { equals: '2' } }),
      is: 'critical',
      because: 'body',
      says: /^the query gave "1", wanted "2"$/,
    },
  ],
  forbidden: [
    ...closedPlaces(toPostgres, {}),
    {
      with: 'a role without the right to read',
      lacking: needs(postgresProgram),
      set: async () => onPostgres({ query: 'SELECT * FROM secrets' }),
      is: 'unknown',
      because: 'permission',
      says: /GRANT it to "tocsin"/,
    },
  ],
  ...ofPostgres,
  hanging: [
    ...(ofPostgres.hanging as readonly Case[]),
    pipeCase(toPostgres, {}),
    {
      with: 'a query that does not end',
      lacking: needs(postgresProgram),
      set: async () => ({ ...(await onPostgres({ query: 'SELECT pg_sleep(60)' })), ...briefly }),
      is: 'critical',
      because: 'timeout',
      says: /did not finish the query in time|no answer within 700ms/,
    },
  ],
};

export const databaseRows = { redis, postgres } satisfies Partial<Record<CheckTypeName, TypeRows>>;
