import { supervisor } from '../../../../src/app/supervisor.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from '../../../../src/app/load.ts';
import { serve } from '../../../../src/app/serve.ts';
import { systemPorts } from '../../../../src/app/system-ports.ts';
import { silentLogger } from '../../../../src/lib/log.ts';
import type { ApiServer } from './oracle.ts';

/** Starts the whole agent in this process, with this `alertmanager.yml` and no checks. */
export async function startTocsinServer(config: string): Promise<ApiServer> {
  const directory = await mkdtemp(join(tmpdir(), 'tocsin-server-'));
  const file = join(directory, 'agent.config.yaml');
  const own = `agent: { name: web-1, data_dir: ${directory} }\nserver: { listen: '127.0.0.1:0' }\nchecks: []\n`;
  await writeFile(file, `${config}\n${own}`);
  const around = { environment: {}, cwd: directory };
  const loading = await load(file, around);
  if (!loading.ok) throw new Error(loading.problems.join('\n'));
  const serving = await serve({
    loaded: loading.loaded,
    ports: systemPorts,
    log: silentLogger,
    load: () => load(file, around),
    onConfig: () => {},
    supervisor: supervisor({}, systemClock()),
  });
  return {
    url: serving.address.url,
    async [Symbol.asyncDispose]() {
      await serving.stop(0);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
