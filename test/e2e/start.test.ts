import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ask } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { normalised } from '../support/normalised.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { executable } from '../support/tocsin.ts';

/** Whether a network of its own can be had, in which the default port is free for certain. */
const canUnshare =
  spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' }).status ===
  0;

test('without any configuration it watches its host, says so in five lines, and serves the page', async ({
  skip,
}) => {
  skip(!canUnshare, 'a network of its own needs root and the programs unshare and ip');
  const cwd = temporaryFolder();
  const env = { PATH: process.env['PATH'] ?? '', HOME: cwd, XDG_STATE_HOME: join(cwd, 'state') };
  const script = 'ip link set lo up && exec "$0" run';
  const child = spawn('unshare', ['--net', '/bin/sh', '-c', script, executable], { cwd, env });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  await eventually(() => /^keeps .*\n/m.test(output), 'the greeting');
  expect(normalised(output).split('\n').slice(0, 5)).toEqual([
    expect.stringMatching(/^tocsin \S+ watches \S+ \(no configuration file: the host itself\)$/),
    expect.stringMatching(/^sees {2}.*\d of \d checks ok/),
    'tells  this terminal',
    'serves  http://<address>/ (the page) and http://<address>/metrics',
    expect.stringMatching(/^keeps {2}its state in \S+tocsin$/),
  ]);
  const dataDir = /^keeps .* (\S+)$/m.exec(output)?.[1] ?? '';
  const get = async (path: string): Promise<string> =>
    (await ask(`http://localhost${path}`, { socketPath: join(dataDir, 'tocsin.sock') })).body;
  expect(await get('/')).toMatch(/^<!doctype html>/i);
  const types = [...(await get('/metrics')).matchAll(/^probe_success\{.*\btype="(\w+)"/gm)];
  expect(types.map(([, type]) => type)).toEqual(
    expect.arrayContaining(['disk', 'memory', 'load', 'clock', 'agent']),
  );
  child.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
});
