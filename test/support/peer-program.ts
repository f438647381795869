import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from './ask.ts';
import { eventually } from './eventually.ts';
import { closedPort } from './tcp-server.ts';

/** A program of the peers in a process of its own, on loopback; disposing of it ends it. */
export interface PeerProgram extends AsyncDisposable {
  /** Without a path. */
  readonly url: string;
}

/** Starts a program with its configuration in a folder of its own, and resolves once it answers 200. */
export async function startPeerProgram(peer: {
  readonly program: string;
  readonly config: string;
  /** The arguments, given the file of the configuration, its folder, and where to listen. */
  readonly args: (place: {
    readonly file: string;
    readonly directory: string;
    readonly listen: string;
  }) => readonly string[];
  readonly readyPath: string;
  /** Of loopback; a free one if absent. */
  readonly port?: number | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** A program and its arguments that run it, in surroundings of their making. */
  readonly within?: readonly string[];
}): Promise<PeerProgram> {
  const { program, within = [] } = peer;
  const directory = await mkdtemp(join(tmpdir(), 'tocsin-peer-'));
  const file = join(directory, 'config.yml');
  await writeFile(file, peer.config);
  const listen = `127.0.0.1:${peer.port ?? (await closedPort())}`;
  const line = [...within, program, ...peer.args({ file, directory, listen })];
  const child = spawn(line[0] ?? program, line.slice(1), {
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '', HOME: directory, ...peer.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-4000);
  });
  const exited = once(child, 'exit');
  const url = `http://${listen}`;
  const running = {
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
      return ask(url + peer.readyPath).then(
        ({ status }) => status === 200,
        () => false,
      );
    }, `${program} becomes ready`);
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
  return running;
}
