import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { fileRecording } from '../../src/app/playback/file-recording.ts';
import { tables } from '../../src/app/load.ts';
import { replay } from '../../src/app/playback/replay.ts';
import { compareReplay } from '../../src/app/playback/replay-compare.ts';
import { agentRecording } from '../../src/cli/agent-recording.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/model/config.ts';
import type { Status } from '../../src/model/result.ts';
import { instant } from '../../src/model/time.ts';
import { openRecording } from '../../src/store/recording.ts';
import { ask } from '../support/ask.ts';
import { runCommand } from '../support/command-line.ts';
import { recordHistory, type History } from '../support/recorded-history.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWeb, webCommands } from '../support/web.ts';

const config = {
  agent: { name: 'web-1' },
  defaults: { interval: '30s', debounce: { fail_after: 2, recover_after: 1 } },
  checks: [
    { name: 'gateway', type: 'tcp', target: '127.0.0.1:1' },
    { name: 'disk', type: 'tcp', target: '127.0.0.1:2' },
  ],
  route: {
    receiver: 'team',
    group_by: ['alertname'],
    group_wait: '10s',
    group_interval: '1m',
    repeat_interval: '1h',
  },
  receivers: [{ name: 'team', webhook_configs: [{ url: 'http://127.0.0.1:9/' }] }],
};

const start = instant(5_000_000, Date.UTC(2025, 0, 6, 8));
const everyMs = 30_000;

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

async function read(content: object): Promise<Config> {
  await writeFile(join(folder, 'agent.config.yaml'), stringify(content));
  const environment = {};
  const loaded = await loadConfig({ cwd: folder, environment, hostname: hostname(), tables });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

/** `ok*3 critical*2` as statuses. */
function statuses(text: string): Status[] {
  return text.split(' ').flatMap((word) => {
    const [status = '', times = '1'] = word.split('*');
    return Array.from({ length: Number(times) }, () => status as Status);
  });
}

async function record(found: History['found'], away?: History['away']): Promise<void> {
  const history = { config: await read(config), found, everyMs, start };
  recordHistory(folder, away === undefined ? history : { ...history, away });
}

async function replayWith(next: object, ...args: string[]) {
  await writeFile(join(folder, 'new.yaml'), stringify(next));
  return runCommand(['replay', '--config', 'new.yaml', '--data-dir', '.', ...args], {
    cwd: folder,
  });
}

describe('a replay', () => {
  test('lays what would be sent beside what was sent', async () => {
    await record({
      gateway: statuses('ok*10 critical*2 ok*10 critical*20 ok*5'),
      disk: statuses('ok*5 critical*40 ok*2'),
    });
    const { code, stdout } = await replayWith({
      ...config,
      defaults: { interval: '30s', debounce: { fail_after: 5, recover_after: 1 } },
    });
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "94 results from 2025-01-06 08:00:00Z to 2025-01-06 08:23:30Z

                               was sent                would be sent
      2025-01-06 08:03:10Z  =  team: firing disk       team: firing disk (1m 30s later)
      2025-01-06 08:05:40Z  -  team: firing gateway
      2025-01-06 08:06:40Z  -  team: resolved gateway
      2025-01-06 08:11:40Z  =  team: firing gateway    team: firing gateway (1m 30s later)
      2025-01-06 08:21:40Z  =  team: resolved gateway  team: resolved gateway (30s sooner)
      2025-01-06 08:23:10Z  =  team: resolved disk     team: resolved disk (30s sooner)

      = 4 told as before, 2 of them later, 2 sooner
      - 2 would no longer be told
      + 0 would be new
      nothing was recorded of: tocsin
      "
    `);
  });

  test('names what it cannot play', async () => {
    await record({ gateway: statuses('ok critical*3'), disk: statuses('ok*4') });
    const { stdout } = await replayWith({
      ...config,
      checks: [
        { name: 'gateway', type: 'tcp', target: '127.0.0.1:1' },
        { name: 'new', type: 'tcp', target: '127.0.0.1:3' },
      ],
    });
    expect(stdout).toContain('not in this configuration, with results: disk (4)');
    expect(stdout).toContain('nothing was recorded of: new, tocsin');
  });

  test('says the same as JSON', async () => {
    await record({ gateway: statuses('ok critical*3 ok'), disk: [] });
    const { stdout } = await replayWith(
      { ...config, route: { ...config.route, receiver: 'night' }, receivers: [night] },
      '--json',
    );
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ apiVersion: 1, recording: { results: 5, restarts: 0 } });
    expect(answer.notifications.map(({ kind }: { kind: string }) => kind).toSorted()).toEqual([
      'not told',
      'not told',
      'only new',
      'only new',
    ]);
  });

  test('looks back only as far as it is asked to, but knows what was failing already', async () => {
    await record({ gateway: statuses('critical*40 ok*10'), disk: [] });
    const { stdout } = await replayWith(config, '--since', '10m');
    expect(stdout).toContain('= 1 told as before');
    expect(stdout).toContain('+ 0 would be new');
  });

  test.each([
    ['until all was ok, and is over', { untilOk: true }, { over: true }, undefined],
    ['for a time that is over', {}, { over: true }, undefined],
    ['for a time that goes on', {}, {}, undefined],
    ['over a restart of the agent', {}, {}, { beforeRun: 8, forMs: 60_000 }],
  ])('keeps a silence as it was recorded: %s', async (_how, ending, kept, away) => {
    await record({ gateway: statuses('ok critical*30 ok*5'), disk: [] }, away);
    const open = new DatabaseSync(join(folder, 'tocsin.db'));
    const silence = {
      id: 's',
      matchers: [{ label: 'alertname', operator: '=', value: 'gateway' }],
      startsAt: start.wallMs,
      endsAt: start.wallMs + 20 * 60_000,
      updatedAt: start.wallMs,
      createdBy: 'anna',
      comment: 'deploy',
      ...ending,
    };
    open
      .prepare("INSERT INTO kept VALUES ('silence', 's', ?)")
      .run(JSON.stringify({ silence, askedAt: 0, ...kept }));
    open.close();
    const { stdout } = await replayWith(config);
    expect(stdout).toContain('- 2 would no longer be told');
    expect(stdout).toContain('+ 0 would be new');
  });

  test('wrong calls and missing recordings are told', async () => {
    expect((await replayWith(config, '--since', 'soon')).code).toBe(64);
    const { code, stderr } = await replayWith(config);
    expect(code).toBe(69);
    expect(stderr).toContain('cannot read');
  });
});

const night = { name: 'night', webhook_configs: [{ url: 'http://127.0.0.1:9/' }] };

describe('the same configuration', () => {
  const history = fc.array(
    fc.tuple(
      fc.constantFrom<Status>('ok', 'ok', 'critical', 'warning', 'unknown'),
      fc.integer({ min: 1, max: 90 }),
    ),
    { minLength: 1, maxLength: 12 },
  );
  const written = (parts: readonly (readonly [Status, number])[]): Status[] =>
    parts.flatMap(([status, times]) => Array.from({ length: times }, () => status));

  test('would have sent exactly what was sent, over restarts as well', async () => {
    const same = await read(config);
    await fc.assert(
      fc.asyncProperty(
        history,
        history,
        fc.option(fc.record({ beforeRun: fc.nat(200), forMs: fc.integer({ min: 1, max: 9e6 }) })),
        async (gateway, disk, away) => {
          const directory = temporaryFolder();
          const found = { gateway: written(gateway), disk: written(disk) };
          const recorded = { config: same, found, everyMs, start };
          recordHistory(directory, away === null ? recorded : { ...recorded, away });
          const recording = fileRecording(directory);
          const { sent, would } = await replay(recording, same, 86_400_000);
          recording.close();
          expect(would.map(({ at, firing, resolved }) => ({ at, firing, resolved }))).toEqual(
            sent.map(({ at, firing, resolved }) => ({ at, firing, resolved })),
          );
          expect(compareReplay(sent, would).every(({ kind }) => kind === 'both')).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('gives the same through the API of a running agent as from its file', async () => {
    await record(
      { gateway: statuses('ok*9 critical*200 ok*5'), disk: statuses('critical*9 ok*300') },
      { beforeRun: 100, forMs: 600_000 },
    );
    const same = await read(config);
    const recording = openRecording(folder);
    const { url } = await startWeb({ commands: webCommands({ recording: () => recording }) });
    const overApi = agentRecording(async (method, path) => {
      const { status, body } = await ask(url + path, { method });
      return { status, body: JSON.parse(body) as unknown };
    });
    const file = fileRecording(folder);
    expect(await replay(overApi, same, 86_400_000)).toEqual(await replay(file, same, 86_400_000));
    file.close();
    recording.close();
  });
});
