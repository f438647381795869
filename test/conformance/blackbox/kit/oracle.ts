import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '../../../support/ask.ts';
import { eventually } from '../../../support/eventually.ts';
import { closedPort } from '../../../support/tcp-server.ts';

/** The blackbox_exporter that Debian ships: 0.23.0. */
export const oracleProgram = '/usr/bin/prometheus-blackbox-exporter';

export interface OracleSetup {
  /** The text of `blackbox.yml`. */
  readonly modules: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** A program and its arguments that run it, in surroundings of their making. */
  readonly within?: readonly string[];
}

/** A blackbox_exporter in a process of its own; disposing of it kills the process. */
export interface Oracle extends AsyncDisposable {
  readonly url: string;
}

/** Starts the program to compare with. Undefined, with a line that says so, where it is not installed. */
export async function startOracle(setup: OracleSetup): Promise<Oracle | undefined> {
  if (!existsSync(oracleProgram)) {
    process.stderr.write(`${oracleProgram} is not installed: nothing is compared with it\n`);
    return undefined;
  }
  const directory = await mkdtemp(join(tmpdir(), 'tocsin-oracle-'));
  const file = join(directory, 'blackbox.yml');
  await writeFile(file, setup.modules);
  const port = await closedPort();
  const listen = `--web.listen-address=127.0.0.1:${port}`;
  const { within = [], args = [] } = setup;
  const line = [...within, oracleProgram, `--config.file=${file}`, listen, ...args];
  const child = spawn(line[0] ?? oracleProgram, line.slice(1), {
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '', HOME: directory, ...setup.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-4000);
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const oracle = {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`${oracleProgram} ended: ${said}`);
      return ask(`${url}/-/healthy`).then(
        ({ status }) => status === 200,
        () => false,
      );
    }, `${oracleProgram} becomes ready`);
  } catch (error) {
    await oracle[Symbol.asyncDispose]();
    throw error;
  }
  return oracle;
}
