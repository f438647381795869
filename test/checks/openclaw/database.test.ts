import { open, readdir, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { createDatabaseReader } from '../../../src/checks/openclaw/state-database.ts';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import { instant } from '../../../src/model/time.ts';
import { startGateway } from '../../support/openclaw-gateway.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { watchGateway, type Watched } from '../../support/openclaw-watch.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** A clock on which each reading of the time takes so long, as on a disk that gives a page now and then. */
function slowClock(stepMs: number): Clock & { passed(ms: number): void } {
  let steadyMs = 1_000_000;
  return {
    ...systemClock(),
    now: () => instant((steadyMs += stepMs), 0),
    passed(ms) {
      steadyMs += ms;
    },
  };
}

describe('reading a database', () => {
  const row = v.object({ n: v.number() });
  const query = 'SELECT n FROM numbers ORDER BY n';

  function numbers(): string {
    const path = join(temporaryFolder(), 'numbers.sqlite');
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE numbers (n INTEGER)');
    for (let n = 0; n < 10; n += 1) database.exec(`INSERT INTO numbers VALUES (${n})`);
    database.close();
    return path;
  }

  test('that takes too long is given up between two rows, and not tried again for a while', async () => {
    const path = numbers();
    const clock = slowClock(60);
    const reader = createDatabaseReader(clock);
    const first = await reader.read(path, query, row);
    expect(first).toMatchObject({ kind: 'later', why: `reading ${path} took over 100ms` });
    expect(await reader.read(path, query, row)).toMatchObject({
      kind: 'later',
      why: `reading ${path} took too long`,
    });
    clock.passed(60_000);
    expect(await reader.read(path, query, row)).toMatchObject({ why: /took over/ });
  });

  test('that is quick gives all rows', async () => {
    const reader = createDatabaseReader(slowClock(1));
    const answer = await reader.read(numbers(), query, row);
    expect(answer.kind === 'read' && answer.rows.length).toBe(10);
  });

  test('that cannot be read for a moment is as it was read last, but not for long', async () => {
    const path = numbers();
    const clock = createFakeClock();
    const reader = createDatabaseReader(clock);
    const before = await reader.read(path, query, row);
    await writeFile(`${path}-wal`, '');
    expect(await reader.read(path, query, row)).toEqual(before);
    await clock.advance(119_000);
    expect(await reader.read(path, query, row)).toEqual(before);
    await clock.advance(2000);
    expect(await reader.read(path, query, row)).toMatchObject({ kind: 'later', forMs: 121_000 });
  });

  test('that somebody holds for himself waits for nobody', async () => {
    const path = numbers();
    using holder = new DatabaseSync(path);
    holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    await writeFile(`${path}-wal`, '');
    const startMs = performance.now();
    const reader = createDatabaseReader(systemClock());
    expect(await reader.read(path, query, row)).toMatchObject({ kind: 'later' });
    expect(performance.now() - startMs).toBeLessThan(1000);
  });
});

test('a database of which nothing can be read for a quarter of an hour is unknown, never well', async () => {
  const { gateway, part } = await watchGateway(['cron_jobs', 'boots', 'credentials']);
  gateway.database.close();
  // What a gateway leaves behind that was killed at the wrong moment.
  await writeFile(join(gateway.stateFolder, 'state', 'openclaw.sqlite-wal'), '');
  await rm(join(gateway.stateFolder, 'state', 'openclaw.sqlite-shm'), { force: true });
  expect(await part('cron_jobs')).toMatchObject({
    status: 'ok',
    summary: /the gateway was writing/,
  });
  expect(await part('cron_jobs', 15 * 60_000)).toMatchObject({
    status: 'unknown',
    reason: 'timeout',
    summary: expect.stringMatching(
      /^nothing could be read from .* for 15m.*: the gateway was writing$/,
    ),
  });
  expect((await part('boots'))?.status).toBe('unknown');
});

describe('a destroyed database is one finding', () => {
  const notWell = async (watched: Watched, afterMs?: number) => {
    const { findings = [], summary } = await watched.look(afterMs);
    const failing = findings.filter(({ status }) => status !== 'ok').map(({ part }) => part);
    const said = findings.filter((one) => one.summary.startsWith('because of storage'));
    return { failing, said: said.map(({ part }) => part), summary };
  };

  test('by its first bytes, with all that follows from it', async () => {
    const watched = await watchGateway();
    const { gateway } = watched;
    expect((await notWell(watched)).failing).toEqual([]);
    gateway.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    await damage(join(gateway.stateFolder, 'state', 'openclaw.sqlite'), 0);
    gateway.greeting = 'silent';
    gateway.drop();
    await watched.look();
    const found = await notWell(watched);
    expect(found.failing).toEqual(['storage']);
    expect(found.said).toEqual(expect.arrayContaining(['boots', 'cron_jobs', 'handshake']));
    expect(found.summary).toMatch(/^storage: .*openclaw\.sqlite is no SQLite database any more/);
  });

  test('by what SQLite says of it, where its first bytes are still well', async () => {
    const watched = await watchGateway();
    const { gateway } = watched;
    gateway.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    await damage(join(gateway.stateFolder, 'state', 'openclaw.sqlite'), 4096);
    const found = await notWell(watched);
    expect(found.failing).toEqual(['storage']);
    expect(found.summary).toMatch(/openclaw\.sqlite is damaged \(.+\): restore it from a backup/);
  });

  test('and each part tells it where nobody looks at the storage', async () => {
    const watched = await watchGateway(['boots', 'cron_jobs']);
    watched.gateway.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    await damage(join(watched.gateway.stateFolder, 'state', 'openclaw.sqlite'), 0);
    expect((await notWell(watched)).failing).toEqual(['boots', 'cron_jobs']);
  });
});

test('a gateway that lets in and then answers nothing is one finding', async () => {
  const watched = await watchGateway();
  const { gateway } = watched;
  const { never } = await import('../../support/openclaw-gateway.ts');
  for (const name of gateway.calls.keys()) gateway.calls.set(name, never);
  await watched.look();
  const { findings = [] } = await watched.look();
  expect(findings.filter(({ status }) => status !== 'ok')).toMatchObject([
    { part: 'handshake', status: 'critical', summary: /does not answer 9 of 9 questions/ },
  ]);
  expect(findings.find(({ part }) => part === 'cron')?.summary).toMatch(/^because of handshake: /);
});

test('reading leaves nothing behind, also not beside a database that is closed', async () => {
  const gateway = await startGateway();
  const watched = await watchGateway(undefined, {}, { gateway });
  gateway.database.close();
  const folder = join(gateway.stateFolder, 'state');
  const before = await readdir(folder);
  await watched.look();
  expect(await readdir(folder)).toEqual(before);
});

/** Overwrites two pages from there on. */
async function damage(path: string, from: number): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(Buffer.alloc(8192, 'x'), 0, 8192, from);
}
