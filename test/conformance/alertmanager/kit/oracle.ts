import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '../../../support/ask.ts';
import { eventually } from '../../../support/eventually.ts';
import { closedPort } from '../../../support/tcp-server.ts';

/** The Alertmanager that Debian ships: 0.25.0. */
const program = '/usr/bin/prometheus-alertmanager';

/** Whether there is one to compare with. */
export const hasAlertmanager = existsSync(program);

/** Something that speaks the API of Alertmanager; disposing of it ends it. */
export interface ApiServer extends AsyncDisposable {
  /** Without a path. */
  readonly url: string;
}

/** Starts Debian's Alertmanager, alone and on loopback, with this `alertmanager.yml`. */
export async function startAlertmanager(config: string): Promise<ApiServer> {
  const directory = await mkdtemp(join(tmpdir(), 'tocsin-alertmanager-'));
  const file = join(directory, 'alertmanager.yml');
  await writeFile(file, config);
  const port = await closedPort();
  const child = spawn(
    program,
    [
      `--config.file=${file}`,
      `--storage.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-4000);
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const server = {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`);
      return ask(`${url}/-/ready`).then(
        ({ status }) => status === 200,
        () => false,
      );
    }, `${program} becomes ready`);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}
