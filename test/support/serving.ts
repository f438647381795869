import { supervisor } from '../../src/app/supervisor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { load } from '../../src/app/load.ts';
import { serve, type Serving } from '../../src/app/serve.ts';
import { systemPorts } from '../../src/app/system-ports.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { runCommand, type Said } from './command-line.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** An agent within this process, with everything real: its clock, its checks, its socket, its database. */
export interface TestServing extends Serving {
  readonly folder: string;
  readonly configFile: string;
  /** Runs a command against it. */
  cli(...args: string[]): Promise<Said>;
}

/** Starts an agent that is stopped with the test. `config` needs no address and no data directory. */
export async function startServing(configIn: (folder: string) => object): Promise<TestServing> {
  const folder = temporaryFolder();
  const configFile = join(folder, 'agent.config.yaml');
  const agent = { name: 'web-1', data_dir: join(folder, 'data') };
  await writeFile(
    configFile,
    stringify({ agent, server: { listen: '127.0.0.1:0' }, ...configIn(folder) }),
  );
  const read = () => load(configFile, { environment: {}, cwd: folder });
  const loading = await read();
  if (!loading.ok) throw new Error(loading.problems.join('\n'));
  const serving = await serve({
    loaded: loading.loaded,
    ports: systemPorts,
    log: silentLogger,
    load: read,
    onConfig: () => {},
    supervisor: supervisor({}, systemClock()),
  });
  onTestFinished(() => serving.stop(0));
  return {
    ...serving,
    folder,
    configFile,
    cli: (...args) => runCommand(args, { cwd: folder, environment: { TOCSIN_CONFIG: configFile } }),
  };
}
