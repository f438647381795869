import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { docker as dockerCheck } from '../../src/checks/docker.ts';
import { lacksDocker, startDocker } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { openedCheck } from '../support/host-check.ts';
import { ask } from '../support/ask.ts';
import { composeIn, dockerCompose, inspect } from '../support/install/compose.ts';
import { copyInto, copyLibraries, importFolder } from '../support/install/image.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { root } from '../support/release.ts';
import { closedPort } from '../support/tcp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Answers as a gateway does: its page on every path but one, and there too once its state says so. */
const gateway = `
const { existsSync, writeFileSync } = require('node:fs');
const state = '/home/node/.openclaw/';
writeFileSync(state + 'started', '');
require('node:http').createServer((request, response) => {
  const isWell = request.url === '/health' && !existsSync(state + 'broken');
  response.end(isWell ? '{"ok":true,"status":"live"}' : '<html>Control UI</html>');
}).listen(18789);
process.on('SIGTERM', () => { writeFileSync(state + 'ended', ''); process.exit(); });
`;

/** A root with Node, a shell, curl and grep, as an image of a gateway has them. */
function gatewayRoot(folder: string): string {
  const image = join(folder, 'image');
  const curl = '/usr/bin/curl';
  for (const program of [process.execPath, curl]) copyLibraries(image, program);
  for (const path of [curl, '/bin/busybox']) copyInto(image, path);
  cpSync(process.execPath, join(image, 'usr/bin/node'));
  for (const name of ['sh', 'grep']) symlinkSync('busybox', join(image, 'bin', name));
  writeFileSync(join(image, 'gateway.cjs'), gateway);
  return image;
}

test('the gateway of the compose file is well, unhealthy, killed and ended in order as the page says', async (context) => {
  const lacking = lacksDocker();
  context.skip(lacking !== undefined, lacking);
  skipUnlessThere(dockerCompose, context);
  skipUnlessThere('/usr/bin/curl', context);
  const docker = await startDocker();
  onTestFinished(docker.remove);
  const folder = temporaryFolder();
  importFolder(docker.say, gatewayRoot(folder), 'openclaw', '--change=CMD ["node","/gateway.cjs"]');
  const page = readFileSync(join(root, 'docs/high-availability.md'), 'utf8');
  const [, text = ''] = /^```yaml\n(# compose\.yaml\n.*?)^```$/ms.exec(page) ?? [];
  const port = await closedPort();
  // What takes minutes there; the first failures are not counted there either.
  const short = text
    .replace('127.0.0.1:18789:', `127.0.0.1:${port}:`)
    .replace('interval: 30s', 'interval: 1s')
    .replace('start_period: 120s', 'start_period: 2s');
  writeFileSync(join(folder, 'compose.yaml'), short);
  mkdirSync(join(folder, 'state'));
  const compose = composeIn(folder, docker);
  onTestFinished(() => void compose.say('down'));
  // As long as docs/watchdog.md gives a gateway to end in order.
  expect(compose.say('config')).toContain('stop_grace_period: 330s');
  compose.say('up', '-d');
  const id = compose.idOf('gateway');
  const health = (): string => inspect(docker, id, '{{.State.Health.Status}}');
  await eventually(() => health() === 'healthy', 'it is healthy', 20_000);
  expect((await ask(`http://127.0.0.1:${port}/health`)).body).toContain('"ok":true');

  const watched = openedCheck(dockerCheck, {
    host: `unix://${docker.path}`,
    container: inspect(docker, id, '{{.Name}}').slice(1),
  });
  expect(await watched.run()).toMatchObject({ status: 'ok' });
  writeFileSync(join(folder, 'state', 'broken'), '');
  await eventually(() => health() === 'unhealthy', 'it is unhealthy', 20_000);
  expect(inspect(docker, id, '{{.State.Status}} {{.RestartCount}}')).toBe('running 0');
  expect(await watched.run()).toMatchObject({ status: 'critical', reason: 'status' });

  rmSync(join(folder, 'state', 'broken'));
  process.kill(Number(inspect(docker, id, '{{.State.Pid}}')), 'SIGKILL');
  await eventually(() => health() === 'healthy', 'it runs again', 20_000);
  expect(inspect(docker, id, '{{.RestartCount}}')).toBe('1');
  compose.say('stop');
  expect(readFileSync(join(folder, 'state', 'ended'), 'utf8')).toBe('');
}, 120_000);
