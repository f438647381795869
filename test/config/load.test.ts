import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { configBytesMax } from '../../src/model/limits.ts';
import { configOf, configTables, directoryWith, loadDirectory } from '../support/config.ts';

const memory = 'checks: [{ type: memory }]\n';

test.each(['agent.config.yaml', 'agent.config.yml', 'agent.config.json'])(
  '%s in the working directory is found',
  async (name) => {
    const directory = await directoryWith({ [name]: '{"checks": [{"type": "memory"}]}' });
    const { config } = await loadDirectory(directory);
    expect(config?.files).toEqual([join(directory, name)]);
    expect(config?.checks.map((check) => check.name)).toEqual(['memory', 'tocsin']);
  },
);

test('a directory further up is not searched, the next one of the list is', async () => {
  const directory = await directoryWith({
    'agent.config.yaml': memory,
    'work/readme': '',
    'etc/agent.config.yaml': 'checks: [{ type: load }]',
  });
  const searchDirectories = [join(directory, 'work'), join(directory, 'etc')];
  const { config } = await loadDirectory(directory, { searchDirectories });
  expect(config?.files).toEqual([join(directory, 'etc/agent.config.yaml')]);
});

test('a file named outright wins, relative to the working directory', async () => {
  const directory = await directoryWith({ 'agent.config.yaml': memory, 'other.yaml': memory });
  const { config } = await loadDirectory(directory, { file: 'other.yaml' });
  expect(config?.files).toEqual([join(directory, 'other.yaml')]);
});

test('JSON with tabs and an editor schema is read, with positions', async () => {
  const json = '{\n\t"$schema": "./agent.config.schema.json",\n\t"checks": [\n\t\t3\n\t]\n}\n';
  const directory = await directoryWith({ 'agent.config.json': json });
  expect((await loadDirectory(directory)).problems).toEqual([
    'agent.config.json:4:3: checks[0]: expected a URL, or a map of keys of a check, found 3',
  ]);
});

test('without any file the agent watches its own host and prints alerts', async () => {
  const directory = await directoryWith({});
  const { config } = await loadDirectory(directory);
  const types = config?.checks.map(({ type }) => type).filter((type) => type !== 'systemd');
  expect(types).toEqual(['disk', 'memory', 'load', 'clock', 'agent']);
  expect(config?.files).toEqual([]);
  expect(config?.agent).toEqual({
    name: 'host-1',
    labels: { host: 'host-1' },
    retentionMs: 7 * 86_400_000,
    stalledAfter: 3,
  });
  expect(config?.server).toEqual({
    host: '127.0.0.1',
    port: 9860,
    probe: {
      enabled: true,
      allow: ['127.0.0.0/8', '::1/128'],
      timeoutOffsetMs: 500,
      historyLimit: 100,
      logLevel: 'info',
    },
  });
  expect(config?.receivers).toEqual([
    {
      name: 'terminal',
      integrations: [
        {
          integration: 'terminal',
          index: 0,
          sendResolved: true,
          splitsAlerts: false,
          tellsAcknowledgement: false,
          options: {},
        },
      ],
    },
  ]);
  expect(config?.route).toMatchObject({
    receiver: 'terminal',
    groupBy: ['host'],
    groupWaitMs: 10_000,
  });
});

describe('files that are none', () => {
  test('a named file that is missing', async () => {
    const directory = await directoryWith({});
    const { problems } = await loadDirectory(directory, { file: 'nowhere.yaml' });
    expect(problems).toEqual(['nowhere.yaml: no such file']);
  });

  test('a directory in its place, also where it was not named', async () => {
    const directory = await directoryWith({ 'agent.config.yaml/x': '' });
    const expected = ['agent.config.yaml: is a directory, expected a file'];
    expect((await loadDirectory(directory)).problems).toEqual(expected);
    expect((await loadDirectory(directory, { file: 'agent.config.yaml' })).problems).toEqual(
      expected,
    );
  });

  test('a device that never ends', async () => {
    const directory = await directoryWith({});
    const { problems } = await loadDirectory(directory, { file: '/dev/zero' });
    expect(problems).toEqual(['/dev/zero: is a device, expected a file']);
  });

  test('a file the user may not read is told, not passed over', async () => {
    const directory = await directoryWith({ 'agent.config.yaml': memory });
    await chmod(directory, 0o755);
    await chmod(join(directory, 'agent.config.yaml'), 0o000);
    expect(await asNobody(() => loadDirectory(directory))).toEqual({
      problems: [
        'agent.config.yaml: permission denied; the user who runs tocsin must be allowed to read it',
      ],
    });
  });

  test.each([
    ['a NUL byte', Buffer.from('checks:\n  - a\0b\n'), 'is no text: line 2 holds a NUL byte'],
    [
      'bytes that are not UTF-8',
      Buffer.from([0x61, 0x3a, 0x20, 0xc3, 0xa9, 0x0a, 0x62, 0x3a, 0x20, 0xe9, 0x0a]),
      'is no UTF-8 text: line 2 holds other bytes',
    ],
    [
      'more than a mebibyte',
      Buffer.alloc(configBytesMax + 1, '#'),
      'has 1048577 bytes, expected at most 1048576; is it the right file?',
    ],
    [
      'nothing',
      Buffer.alloc(0),
      'is empty; write at least one section such as checks:, or remove the file',
    ],
  ])('%s', async (_, content, message) => {
    const directory = await directoryWith({ 'agent.config.yaml': content });
    expect((await loadDirectory(directory)).problems).toEqual([`agent.config.yaml: ${message}`]);
  });

  test('a byte order mark in front is no problem', async () => {
    expect((await configOf(`\uFEFF${memory}`)).checks).toHaveLength(2);
  });
});

/** Runs as a user whom file modes mean something to: root may read everything. */
async function asNobody<Value>(run: () => Promise<Value>): Promise<Value> {
  if (process.getuid?.() !== 0) return run();
  process.seteuid?.(65_534);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}

describe('conf.d', () => {
  test('lists are appended and maps merged, in the order of the names', async () => {
    const directory = await directoryWith({
      'agent.config.yaml': 'agent: { labels: { a: "1" } }\nchecks: [{ type: memory }]\n',
      'conf.d/20-b.yaml': 'checks: [{ type: load }]\nagent: { labels: { b: "2" } }\n',
      'conf.d/10-a.yaml': 'checks: [{ type: disk }]\nagent: { name: web-1 }\n',
      'conf.d/ignored.txt': 'not: [read',
      'conf.d/.hidden.yaml': 'not: [read',
    });
    const { config } = await loadDirectory(directory);
    expect(config?.checks.map(({ type }) => type)).toEqual(['memory', 'disk', 'load', 'agent']);
    expect(config?.agent.labels).toEqual({ a: '1', b: '2', host: 'web-1' });
    expect(config?.files.map((file) => file.slice(directory.length + 1))).toEqual([
      'agent.config.yaml',
      'conf.d/10-a.yaml',
      'conf.d/20-b.yaml',
    ]);
  });

  test('the same value in two files is a problem that names both', async () => {
    const directory = await directoryWith({
      'agent.config.yaml': 'checks:\nagent:\n  name: web-1\n  labels: {}\n',
      'conf.d/a.yaml': 'agent:\n  retention: 1d\n  name: web-2\n  labels: 3\n',
      'conf.d/b.yaml': 'checks: [{ type: memory }]',
    });
    expect((await loadDirectory(directory)).problems).toEqual([
      'conf.d/a.yaml:3:3: agent.name: the key name is doubled, first in agent.config.yaml:3',
      'conf.d/a.yaml:4:3: agent.labels: the key labels is doubled, first in agent.config.yaml:4',
    ]);
  });

  test('problems of all files are told at once, each where it was written', async () => {
    const directory = await directoryWith({
      'agent.config.yaml': 'checks:\n  - { name: a, type: memory, intervall: 1s }\n',
      'conf.d/a.yaml': 'checks:\n  - { name: a, type: load }\n',
    });
    expect((await loadDirectory(directory)).problems).toEqual([
      'agent.config.yaml:2:30: checks[0].intervall: unknown key "intervall", did you mean "interval"?',
      'conf.d/a.yaml:2:13: checks[0].name: the name "a" is already taken in agent.config.yaml:2',
    ]);
  });

  test('a file in it that cannot be parsed leaves the others unjudged', async () => {
    const directory = await directoryWith({
      'agent.config.yaml': 'route: { receiver: elsewhere }\n',
      'conf.d/a.yaml': 'receivers: [\n',
    });
    const { problems } = await loadDirectory(directory);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^conf\.d\/a\.yaml:2:1: is no valid YAML: flow sequence/);
  });

  test('a conf.d that is no directory is told', async () => {
    const directory = await directoryWith({ 'agent.config.yaml': memory, 'conf.d': '' });
    const { problems } = await loadDirectory(directory);
    expect(problems).toEqual(['conf.d: is a file, expected a directory']);
  });

  test('an empty conf.d changes nothing', async () => {
    const directory = await directoryWith({ 'agent.config.yaml': memory });
    await mkdir(join(directory, 'conf.d'));
    expect((await loadDirectory(directory)).config?.checks).toHaveLength(2);
  });
});

test('the result is frozen all the way down', async () => {
  const { checks, agent, receivers } = await configOf(memory);
  expect([
    checks,
    checks[0],
    checks[0]?.labels,
    agent.labels,
    receivers[0]?.integrations,
  ]).toSatisfy((parts: unknown[]) => parts.every(Object.isFrozen));
});

test('the result holds settings of agent and server with paths beside the file', async () => {
  const directory = await directoryWith({
    'agent.config.yaml': [
      'agent:',
      '  name: web-1',
      '  labels: { env: production, rack: 7 }',
      '  data_dir: state',
      '  retention: 1d12h',
      '  heartbeat: { url: https://example.com/beat, interval: 30s }',
      'server:',
      '  listen: "[::1]:9999"',
      '  web_config_file: web.yml',
      '  probe: { enabled: false, allow: ["*"] }',
    ].join('\n'),
  });
  const { config } = await loadDirectory(directory);
  const { heartbeat, ...agent } = config?.agent ?? {};
  expect(agent).toEqual({
    name: 'web-1',
    labels: { env: 'production', rack: '7', host: 'web-1' },
    dataDir: join(directory, 'state'),
    retentionMs: 36 * 3_600_000,
    stalledAfter: 3,
  });
  expect(heartbeat?.intervalMs).toBe(30_000);
  expect(heartbeat?.url.reveal()).toBe('https://example.com/beat');
  expect(config?.server).toEqual({
    host: '::1',
    port: 9999,
    webConfigFile: join(directory, 'web.yml'),
    probe: {
      enabled: false,
      allow: ['*'],
      timeoutOffsetMs: 500,
      historyLimit: 100,
      logLevel: 'info',
    },
  });
});

test.each([
  [':9860', { host: '', port: 9860 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
])('the result listens at %s', async (listen, expected) => {
  const { server } = await configOf(`server: { listen: "${listen}" }`);
  expect(server).toMatchObject(expected);
});

test('the result holds a thousand checks, each its own', async () => {
  const lines = Array.from(
    { length: 1000 },
    (_, number) =>
      `  - { type: http, target: "http://127.0.0.1:${number}/", interval: ${number + 10}s }`,
  );
  const { checks } = await configOf(`checks:\n${lines.join('\n')}\n`);
  expect(checks).toHaveLength(1001);
  expect(new Set(checks.map(({ name }) => name)).size).toBe(1001);
  expect(checks[999]).toMatchObject({
    name: '127.0.0.1:999',
    target: 'http://127.0.0.1:999/',
    schedule: { kind: 'interval', intervalMs: 1_009_000 },
  });
});

test('loading searches the working directory and the one of the system by itself', async () => {
  const directory = await directoryWith({ 'agent.config.yaml': memory });
  const loaded = await loadConfig({
    cwd: directory,
    environment: {},
    hostname: 'host-1',
    tables: configTables,
  });
  expect(loaded).toMatchObject({
    ok: true,
    config: { files: [join(directory, 'agent.config.yaml')] },
  });
});
