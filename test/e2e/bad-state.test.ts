import { existsSync } from 'node:fs';
import { open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { fileCheck, quickConfig, toldBy, type Told } from '../support/quick.ts';
import type { ScriptedHttpServer } from '../support/scripted-http-server.ts';
import { mountSmallDisk, noMounting } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

/** Waits until the receiver heard exactly this, in order. */
async function hears(server: ScriptedHttpServer, ...expected: string[]): Promise<readonly Told[]> {
  const heard = (): string[] => toldBy(server).map(({ what }) => what);
  await eventually(() => heard().length >= expected.length, `told ${expected.join(', ')}`).catch(
    () => undefined,
  );
  expect(heard()).toEqual(expected);
  return toldBy(server);
}

async function killed(agent: TestAgent): Promise<void> {
  agent.kill('SIGKILL');
  await agent.exited;
}

/** Waits until the answer to the latest message is saved, so that nobody needs to repeat it. */
async function isWrittenDown(agent: TestAgent): Promise<void> {
  await eventually(
    async () => !/^tocsin_outbox_pending\{.*\} [1-9]/m.test(await agent.metrics()),
    'the last answer is written down',
  );
}

test('a full disk keeps nobody from being told, is told itself, and is over when space returns', async ({
  skip,
}) => {
  const reason = noMounting();
  skip(reason !== undefined, reason ?? '');
  await using receiver = await startWebhookServer();
  const directory = temporaryFolder();
  const sign = join(directory, 'sign');
  await writeFile(sign, '');
  using disk = mountSmallDisk(join(directory, 'data'), 4);
  const config = quickConfig(receiver.origin, [fileCheck('web', sign)]);
  await using agent = await startAgent({ config, directory });
  disk.fill();
  await eventually(
    () => agent.stderr().includes('error cannot save state; going on in memory reason='),
    'the log says so',
  );
  const [alert] = await hears(receiver, 'firing tocsin');
  expect(alert?.annotations['description']).toMatch(/cannot save state: .*full/);
  const { stdout } = await agent.cli('status');
  expect(stdout).toMatch(/^! cannot save state: .*full/m);
  await rm(sign);
  await hears(receiver, 'firing tocsin', 'firing web');
  await writeFile(sign, '');
  await hears(receiver, 'firing tocsin', 'firing web', 'resolved web');
  disk.empty();
  const all = ['firing tocsin', 'firing web', 'resolved web', 'resolved tocsin'];
  await hears(receiver, ...all);
  expect(agent.stderr()).toContain('info state can be saved again');
  await isWrittenDown(agent);
  await killed(agent);
  const { port } = agent;
  await using next = await startAgent({ directory, port });
  await eventually(
    async () => (await next.metrics()).includes('probe_success{check="web"'),
    'the next agent has looked',
  );
  await hears(receiver, ...all);
});

/** An agent that has told an outage of `web`, was killed, and whose database `damage` has changed. */
async function startAfter(
  receiver: ScriptedHttpServer,
  damage: (database: string) => Promise<void>,
): Promise<TestAgent> {
  const directory = temporaryFolder();
  const config = quickConfig(receiver.origin, [fileCheck('web', join(directory, 'nothing'))]);
  await using former = await startAgent({ config, directory });
  await hears(receiver, 'firing web');
  await killed(former);
  await damage(join(directory, 'data', 'tocsin.db'));
  const { port } = former;
  return await startAgent({ directory, port });
}

/** Brings everything into the file itself: what its journal still holds would repair it. */
function settle(database: string): void {
  using settled = new DatabaseSync(database);
  settled.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

async function overwrite(path: string, from: number): Promise<void> {
  const { size } = await stat(path);
  await using file = await open(path, 'r+');
  await file.write(Buffer.alloc(size - from, 0xa5), 0, size - from, from);
}

const damages: readonly (readonly [string, (database: string) => Promise<void>])[] = [
  [
    'is no database at all',
    async (database) => {
      settle(database);
      await writeFile(database, 'no database '.repeat(1000));
    },
  ],
  [
    'has pages that were overwritten',
    async (database) => {
      settle(database);
      await overwrite(database, 4096);
    },
  ],
  [
    'has rows that cannot be read',
    async (database) => {
      using changed = new DatabaseSync(database);
      changed.exec(`UPDATE tracks SET track = '{"state":'`);
    },
  ],
];

test.for(damages)(
  'a database that %s is set aside, reported as an alert, and the agent goes on',
  async ([, damage]) => {
    await using receiver = await startWebhookServer();
    await using agent = await startAfter(receiver, damage);
    await eventually(() => toldBy(receiver).length >= 3, 'both alerts are told');
    const told = toldBy(receiver).slice(1);
    // What had been told is no longer known: it is told again rather than not at all.
    expect(told.map(({ what }) => what).toSorted()).toEqual(['firing tocsin', 'firing web']);
    const description = told.find(({ what }) => what === 'firing tocsin')?.annotations[
      'description'
    ];
    const names = await readdir(agent.dataDir);
    const aside = names.find((name) => /^tocsin\.db\.damaged-\d+$/.test(name)) ?? 'none';
    expect(description).toBe(
      `the state database was damaged and set aside as ${join(agent.dataDir, aside)}; began a new one`,
    );
    expect(agent.stderr()).toContain(
      'error the state database was damaged; set aside, began a new',
    );
  },
);

test('a database that is overwritten under the running agent neither stops it nor its messages', async () => {
  await using receiver = await startWebhookServer();
  const directory = temporaryFolder();
  const sign = join(directory, 'sign');
  await writeFile(sign, '');
  const config = quickConfig(receiver.origin, [fileCheck('web', sign)]);
  await using agent = await startAgent({ config, directory });
  const database = join(agent.dataDir, 'tocsin.db');
  await eventually(() => existsSync(`${database}-wal`), 'state has been saved');
  await overwrite(database, 0);
  await overwrite(`${database}-wal`, 0);
  await rm(sign);
  await eventually(
    () => toldBy(receiver).some(({ what }) => what === 'firing web'),
    'the outage is told',
  );
  await writeFile(sign, '');
  await eventually(
    () => toldBy(receiver).some(({ what }) => what === 'resolved web'),
    'the end of it is told',
  );
  expect(toldBy(receiver).filter(({ what }) => what.endsWith(' web'))).toHaveLength(2);
  agent.kill('SIGTERM');
  expect((await agent.exited).code).toBe(0);
  const { port } = agent;
  await using next = await startAgent({ directory, port });
  expect(next.stderr()).toContain('error the state database was damaged; set aside, began a new');
});

test('a disk that is full at the start keeps nobody from being told, and is written to once it has room', async ({
  skip,
}) => {
  const reason = noMounting();
  skip(reason !== undefined, reason ?? '');
  await using receiver = await startWebhookServer();
  const directory = temporaryFolder();
  using disk = mountSmallDisk(join(directory, 'data'), 4);
  disk.fill();
  const config = quickConfig(receiver.origin, [fileCheck('web', join(directory, 'sign'))]);
  await using agent = await startAgent({ config, directory });
  await eventually(() => toldBy(receiver).length >= 2, 'both alerts are told');
  expect(
    toldBy(receiver)
      .map(({ what }) => what)
      .toSorted(),
  ).toEqual(['firing tocsin', 'firing web']);
  disk.empty();
  await eventually(() => toldBy(receiver).length === 3, 'the disk is told to be fine again');
  expect(toldBy(receiver).at(-1)?.what).toBe('resolved tocsin');
  await isWrittenDown(agent);
  await killed(agent);
  await using again = await startAgent({ directory, port: agent.port });
  await eventually(
    async () => (await again.cli('alerts')).stdout.includes('web'),
    'it knows still',
  );
  // What was told before the kill, out of memory first, is not told again.
  expect(toldBy(receiver)).toHaveLength(3);
});

test('an agent that starts again on a full disk finds its state in the room that was kept', async ({
  skip,
}) => {
  const reason = noMounting();
  skip(reason !== undefined, reason ?? '');
  await using receiver = await startWebhookServer();
  const directory = temporaryFolder();
  using disk = mountSmallDisk(join(directory, 'data'), 6);
  const config = quickConfig(receiver.origin, [fileCheck('web', join(directory, 'sign'))]);
  await using agent = await startAgent({ config, directory });
  await hears(receiver, 'firing web');
  await isWrittenDown(agent);
  await killed(agent);
  disk.fill();
  await using again = await startAgent({ directory, port: agent.port });
  await writeFile(join(directory, 'sign'), '');
  // Whether the disk is told to be full depends on what SQLite gives back when it opens.
  const aboutWeb = (): string[] =>
    toldBy(receiver).flatMap(({ what }) => (what.endsWith(' web') ? [what] : []));
  await eventually(() => aboutWeb().length > 1, 'the end is told');
  expect(aboutWeb()).toEqual(['firing web', 'resolved web']);
  expect((await again.get('/-/ready')).status).toBe(200);
});

test('a disk that is read-only at the start is told, and the agent watches on without its socket', async ({
  skip,
}) => {
  const reason = noMounting();
  skip(reason !== undefined, reason ?? '');
  await using receiver = await startWebhookServer();
  const directory = temporaryFolder();
  using disk = mountSmallDisk(join(directory, 'data'), 4);
  disk.readOnly();
  const config = quickConfig(receiver.origin, [fileCheck('web', join(directory, 'sign'))]);
  await using agent = await startAgent({ config, directory });
  await eventually(() => toldBy(receiver).length >= 2, 'both alerts are told');
  expect(agent.stderr()).toContain('warn no socket: the command line asks over TCP');
  expect((await agent.cli('status')).stdout).toMatch(/^! cannot save state: .*EROFS/m);
});
