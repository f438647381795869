import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Labels } from '../../src/model/labels.ts';
import { ask } from './ask.ts';
import { startPeerProgram, type PeerProgram } from './peer-program.ts';

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

/** Starts Debian's Alertmanager, alone and on loopback, with the text of an `alertmanager.yml`. */
export async function runAlertmanager(config: string, port?: number): Promise<PeerProgram> {
  return startPeerProgram({
    program: alertmanagerProgram,
    config,
    port,
    args: ({ file, directory, listen }) => [
      `--config.file=${file}`,
      `--storage.path=${join(directory, 'data')}`,
      `--web.listen-address=${listen}`,
      '--cluster.listen-address=',
    ],
    readyPath: '/-/ready',
  });
}

/** The same with a configuration as JSON; it ends with the test. */
export async function startAlertmanager(
  config: object = { route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] },
  port?: number,
): Promise<Alertmanager> {
  const program = await runAlertmanager(JSON.stringify(config), port);
  const { url } = program;
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> =>
    (stopped ??= program[Symbol.asyncDispose]() as Promise<void>);
  onTestFinished(stop);
  return {
    url,
    stop,
    async alerts() {
      const { body } = await ask(`${url}/api/v2/alerts`);
      return JSON.parse(body) as ListedAlert[];
    },
  };
}
