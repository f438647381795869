import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { stringify } from 'yaml';
import { describe, expect, test } from 'vitest';
import { powerless, runTocsin, startAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { Surroundings } from '../support/tocsin.ts';

const sound = { name: 'sound', type: 'command', command: ['/bin/true'] };

/** Runs an agent that cannot start, and gives what it says instead. */
async function refusedStart(
  directory: string,
  dataDir: string,
  more: { readonly port?: number } & Pick<Surroundings, 'uid'> = {},
) {
  const { port = await closedPort(), ...surroundings } = more;
  const config = { agent: { data_dir: dataDir }, server: { listen: `127.0.0.1:${port}` } };
  await writeFile(join(directory, 'agent.config.yaml'), stringify(config));
  const { code, stdout, stderr } = await runTocsin(['run'], { cwd: directory, ...surroundings });
  expect(stdout).toBe('');
  return { code, stderr };
}

test('a port in use is refused with the process that has it', async () => {
  await using holder = await startTcpServer(() => {});
  const directory = temporaryFolder();
  const { port } = holder;
  const { code, stderr } = await refusedStart(directory, join(directory, 'data'), { port });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(
      `^tocsin: cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use by pid ${process.pid} \\(.*node.*\\)\n$`,
    ),
  );
});

describe('a data directory that cannot be written is refused with a way out', () => {
  const wayOut = 'make it writable for this user or set agent.data_dir to another one';

  test('when there is a file in its place', async () => {
    const directory = temporaryFolder();
    const file = join(directory, 'file');
    await writeFile(file, 'precious');
    expect(await refusedStart(directory, file)).toEqual({
      code: 78,
      stderr: `tocsin: cannot write to the data directory ${file}: ${file} is no directory; ${wayOut}\n`,
    });
  });

  test('when the way to it is a file', async () => {
    const directory = temporaryFolder();
    const file = join(directory, 'file');
    await writeFile(file, 'precious');
    const { code, stderr } = await refusedStart(directory, join(file, 'data'));
    expect(code).toBe(78);
    expect(stderr).toContain(`${file} is no directory; ${wayOut}`);
  });

  test('when it belongs to somebody else', async () => {
    const directory = temporaryFolder();
    const dataDir = join(directory, 'data');
    await mkdir(dataDir);
    await chmod(directory, 0o755);
    await chmod(dataDir, 0o555);
    const { code, stderr } = await refusedStart(directory, dataDir, powerless);
    expect(code).toBe(78);
    expect(stderr).toContain(`cannot write to the data directory ${dataDir}: EACCES`);
    expect(stderr).toContain(wayOut);
  });

  test('when it is below /proc, where no directory can be made', async () => {
    const { code, stderr } = await refusedStart(temporaryFolder(), '/proc/tocsin/data');
    expect(code).toBe(78);
    expect(stderr).toContain('cannot write to the data directory /proc/tocsin/data: ENOENT');
  });
});

test('a second agent on the same state is refused, and the first goes on', async () => {
  await using first = await startAgent({ config: { checks: [sound] } });
  const directory = temporaryFolder();
  expect(await refusedStart(directory, first.dataDir)).toEqual({
    code: 78,
    stderr:
      `tocsin: ${first.dataDir}/tocsin.db is in use by another tocsin; ` +
      'stop that one, or give this one its own agent.data_dir\n',
  });
  expect((await first.get('/-/ready')).status).toBe(200);
  expect((await first.cli('status')).code).toBe(0);
});

test('a database of a newer version is refused and left as it is', async () => {
  const directory = temporaryFolder();
  const path = join(directory, 'data', 'tocsin.db');
  await mkdir(join(directory, 'data'));
  const newer = new DatabaseSync(path);
  newer.exec('CREATE TABLE future (thing TEXT); PRAGMA user_version = 4711');
  newer.close();
  const { code, stderr } = await refusedStart(directory, join(directory, 'data'));
  expect(code).toBe(78);
  expect(stderr).toMatch(
    /^tocsin: .*tocsin\.db was written by a newer tocsin \(schema 4711, this one knows \d+\); run that version, or move the file away to begin anew\n$/,
  );
  expect(await readdir(join(directory, 'data'))).toEqual(['tocsin.db']);
  using left = new DatabaseSync(path);
  expect(left.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'future' }]);
});

test("a socket that a killed agent left behind is in nobody's way", async () => {
  await using killed = await startAgent({ config: { checks: [sound] } });
  killed.kill('SIGKILL');
  await killed.exited;
  expect(await readdir(killed.dataDir)).toContain('tocsin.sock');
  const offline = await killed.cli('status');
  expect(offline.code).toBe(69);
  expect(offline.stderr).toContain('the agent is not running');
  const { directory, port } = killed;
  await using next = await startAgent({ directory, port });
  expect((await next.cli('status')).code).toBe(0);
});

test('SIGTERM at any moment of the start ends the agent, and the next one starts', async () => {
  const directory = temporaryFolder();
  const port = await closedPort();
  const config = { checks: [{ ...sound, command: ['/bin/sleep', '9'], timeout: '10s' }] };
  for (const afterMs of [5, 60, 90, 120, 150, 200]) {
    await using agent = await startAgent({ config, directory, port, waitUntilReady: false });
    await delay(afterMs);
    agent.kill('SIGTERM');
    const { code, signal } = await agent.exited;
    expect([0, 'SIGTERM'], `after ${afterMs}ms: ${agent.stderr()}`).toContain(signal ?? code);
  }
  await using next = await startAgent({ config: { checks: [sound] }, directory, port });
  expect((await next.get('/-/ready')).status).toBe(200);
});

test('SIGTERM while the greeting waits for first results drains and exits with 0', async () => {
  const slow = { name: 'slow', type: 'command', command: ['/bin/sleep', '2'], interval: '10s' };
  await using agent = await startAgent({ config: { checks: [slow] } });
  await eventually(
    async () =>
      (await agent.metrics()).includes('tocsin_check_runs_total{check="slow",type="command"} 1'),
    'the slow check has begun',
  );
  agent.kill('SIGTERM');
  expect(await agent.exited).toEqual({ code: 0, signal: null });
  expect(agent.stderr()).toContain('info stopping signal=SIGTERM');
});

test('200 checks that are all due at once all run, and the agent answers meanwhile', async () => {
  const checks = Array.from({ length: 200 }, (_, number) => ({
    ...sound,
    name: `sound ${number}`,
  }));
  await using agent = await startAgent({
    config: { defaults: { interval: '2s', timeout: '2s' }, checks },
  });
  await eventually(async () => {
    expect((await agent.get('/-/healthy')).status).toBe(200);
    const metrics = await agent.metrics();
    return checks.every(({ name }) =>
      metrics.includes(`probe_success{check="${name}",target="/bin/true",type="command"} 1`),
    );
  }, 'all 200 checks are up');
  expect(await agent.metrics()).toContain('tocsin_alerts{severity="critical",state="firing"} 0');
});
