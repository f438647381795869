import { open, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { deadChannel } from './channel.ts';
import { gatewayPort } from './gateway.ts';
import type { Lab } from './lab.ts';
import type { State } from './state.ts';

const minuteMs = 60_000;

/** Overwrites the beginning of a file, as a disk that lost blocks. */
export async function destroyHead(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(Buffer.alloc(8192), 0, 8192, 0);
}

export const databaseOf = ({ gateway }: Lab): string =>
  join(gateway.stateFolder, 'state', 'openclaw.sqlite');

/** Starts a gateway that has to end by itself. */
async function failToStart({ gateway }: Lab, code: number): Promise<void> {
  gateway.start();
  const ended = await gateway.ended();
  if (ended === code) return;
  throw new Error(`the gateway ended with ${ended}, not ${code}: ${await gateway.printed()}`);
}

/** What a state keeps from the bringing to the mending. */
const kept: { text: string; bytes: Buffer; close: () => Promise<void> } = {
  text: '',
  bytes: Buffer.alloc(0),
  close: async () => undefined,
};

async function spoilSettings(lab: Lab, spoil: (text: string) => string): Promise<void> {
  const path = join(lab.gateway.stateFolder, 'openclaw.json');
  await lab.gateway.stop();
  kept.text = await readFile(path, 'utf8');
  await writeFile(path, spoil(kept.text));
  await failToStart(lab, 78);
}

async function giveSettingsBack({ gateway }: Lab): Promise<void> {
  await writeFile(join(gateway.stateFolder, 'openclaw.json'), kept.text);
  await gateway.run();
}

/** A gateway that cannot start, or starts too often. */
export const statesOfStart: readonly State[] = [
  {
    name: 'port taken',
    how: 'another server holds the port; the gateway exits with 1 after 30 s',
    foundBy: 'health',
    saying: /is no OpenClaw gateway/,
    async bring(lab) {
      await lab.gateway.stop();
      const server = createServer((_request, response) => response.end('hello'));
      server.listen(gatewayPort, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      kept.close = async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      };
      await failToStart(lab, 1);
    },
    async mend({ gateway }) {
      await kept.close();
      await gateway.run();
    },
  },
  {
    name: 'bad settings: cut off',
    how: '`openclaw.json` cut in half; exit 78',
    foundBy: 'config',
    isQuick: true,
    bring: async (lab) => spoilSettings(lab, (text) => text.slice(0, text.length / 2)),
    mend: giveSettingsBack,
  },
  {
    name: 'bad settings: unknown key',
    how: 'a key that OpenClaw does not know; exit 78',
    foundBy: 'boots',
    saying: /failed for good/,
    bring: async (lab) => spoilSettings(lab, (text) => text.replace('{', '{ "nonsense": 1,')),
    mend: giveSettingsBack,
  },
  {
    name: 'database broken at rest',
    how: 'first 8 KiB of the state database overwritten, then started; exit 78',
    foundBy: 'storage',
    saying: /no SQLite database any more/,
    async bring(lab) {
      await lab.gateway.stop();
      kept.bytes = await readFile(databaseOf(lab));
      await destroyHead(databaseOf(lab));
      await failToStart(lab, 78);
    },
    async mend(lab) {
      await writeFile(databaseOf(lab), kept.bytes);
      await lab.gateway.run();
    },
  },
  {
    name: 'restart breaker',
    how: 'with a channel, SIGKILL after each of three starts, then started again',
    foundBy: 'readiness',
    saying: /the restart breaker has switched off telegram/,
    tuned: { hold: '6m' },
    remark: 'its black box is told of for that long',
    withinMs: 4 * minuteMs,
    endsWithinMs: 10 * minuteMs,
    async bring({ gateway }, begin) {
      await gateway.stop();
      await gateway.settings(deadChannel);
      for (let start = 0; start < 3; start += 1) {
        await gateway.run();
        gateway.signal('SIGKILL');
        await gateway.ended();
      }
      await gateway.run();
      begin();
    },
    async mend({ gateway }) {
      await gateway.stop();
      await gateway.settings({ channels: {} });
      await gateway.run();
    },
    recordAs: 'restart-breaker',
  },
];
