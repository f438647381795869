import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Labels } from '../../src/model/labels.ts';
import { ask } from './ask.ts';
import { eventually } from './eventually.ts';
import { closedPort } from './tcp-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const alertmanagerProgram = '/usr/bin/prometheus-alertmanager';

/** An alert as an Alertmanager lists it. */
interface ListedAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
  readonly status: { readonly state: string };
}

export interface Alertmanager {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  /** What fires there now. */
  alerts(): Promise<readonly ListedAlert[]>;
  stop(): Promise<void>;
}

/** Starts Debian's Alertmanager, alone, with this configuration (as JSON); it ends with the test. */
export async function startAlertmanager(
  config: object = { route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] },
  port?: number,
): Promise<Alertmanager> {
  const directory = temporaryFolder();
  writeFileSync(join(directory, 'alertmanager.yml'), JSON.stringify(config));
  const address = `127.0.0.1:${port ?? (await closedPort())}`;
  const url = `http://${address}`;
  const child = spawn(
    alertmanagerProgram,
    [
      `--config.file=${join(directory, 'alertmanager.yml')}`,
      `--storage.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ],
    { stdio: 'ignore' },
  );
  const closed = once(child, 'close');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await closed;
  };
  onTestFinished(stop);
  const isReady = async (): Promise<boolean> => {
    const answer = await ask(`${url}/-/ready`).catch(() => undefined);
    return answer?.status === 200;
  };
  await eventually(isReady, 'Alertmanager is ready');
  return {
    url,
    stop,
    async alerts() {
      const { body } = await ask(`${url}/api/v2/alerts`);
      return JSON.parse(body) as ListedAlert[];
    },
  };
}
