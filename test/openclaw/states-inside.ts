import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { deadChannel } from './channel.ts';
import { addJob, disableJob } from './jobs.ts';
import type { Lab } from './lab.ts';
import type { ProviderMood } from './provider.ts';
import type { State } from './state.ts';
import { databaseOf, destroyHead } from './states-of-start.ts';

const minuteMs = 60_000;

async function startAgain({ gateway }: Lab, environment?: Record<string, string>): Promise<void> {
  await gateway.stop();
  await gateway.run(environment);
}

/** Has the agent of the gateway say something while the provider is in this mood; whether it was answered. */
async function speak(
  { gateway, provider }: Lab,
  mood: ProviderMood,
  seconds = 90,
): Promise<boolean> {
  provider.mood = mood;
  const words = ['--agent', 'main', '--message', 'hi', '--json', '--timeout', String(seconds)];
  const said = await gateway.cli('agent', ...words);
  if (provider.asked() === 0) throw new Error(`the provider was never asked: ${said}`);
  return said.includes('pong');
}

/** Speaks until it is answered: the gateway holds a key back for a while that was refused. */
async function speakAgain(lab: Lab, pauseMs: number): Promise<void> {
  while (!(await speak(lab, 'well'))) await delay(pauseMs);
}

/** Writes all into the file of the database, then destroys its beginning. */
async function destroyLive(lab: Lab): Promise<void> {
  const database = new DatabaseSync(databaseOf(lab));
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  await destroyHead(databaseOf(lab));
}

/** A gateway that answers while something in it does not work. */
export const statesInside: readonly State[] = [
  {
    name: 'channel down',
    how: 'a Telegram channel whose server refuses every connection',
    foundBy: 'readiness',
    saying: /telegram/,
    withinMs: 8 * minuteMs,
    async bring(lab) {
      await lab.gateway.settings(deadChannel);
      await startAgain(lab);
    },
    async mend({ gateway }) {
      // SIGTERM would wait 325 s for the channel, and leave a black box that is told of for an hour.
      gateway.signal('SIGKILL');
      await gateway.ended();
      await gateway.settings({ channels: {} });
      await gateway.run();
    },
    recordAs: 'channel-down',
  },
  {
    name: 'cron off',
    how: 'started with `OPENCLAW_SKIP_CRON=1`',
    foundBy: 'cron',
    saying: /switched off/,
    bring: async (lab) => startAgain(lab, { OPENCLAW_SKIP_CRON: '1' }),
    mend: async (lab) => startAgain(lab),
    recordAs: 'cron-off',
  },
  {
    name: 'cron failing',
    how: 'a job each minute that exits with 3',
    foundBy: 'cron_jobs',
    saying: /bad has failed 3 times in a row/,
    withinMs: 8 * minuteMs,
    bring: async ({ gateway }) => addJob(gateway, 'bad', 'exit 3'),
    mend: async ({ gateway }) => disableJob(gateway, 'bad'),
    recordAs: 'cron-failing',
  },
  {
    name: 'cron long run',
    how: 'a job of 200 s each minute: its next time is past while it runs',
    foundBy: undefined,
    withinMs: 4 * minuteMs,
    bring: async ({ gateway }) => addJob(gateway, 'long', 'sleep 200'),
    recordAs: 'cron-long-run',
  },
  {
    name: 'auth cooldown',
    how: 'the provider answers 401 to turn after turn of the agent',
    foundBy: 'credentials',
    withinMs: 6 * minuteMs,
    endsWithinMs: 20 * minuteMs,
    async bring(lab) {
      for (let turn = 0; turn < 4; turn += 1) await speak(lab, 'key refused');
    },
    mend: async (lab) => speakAgain(lab, 15_000),
    async beforeRecording(lab) {
      await speak(lab, 'key refused');
    },
    recordAs: 'auth-cooldown',
  },
  {
    name: 'billing disable',
    how: 'the provider answers 402 to one turn of the agent',
    foundBy: 'credentials',
    saying: /disabled/,
    endsWithinMs: 12 * minuteMs,
    async bring(lab) {
      await speak(lab, 'no credit');
    },
    mend: async (lab) => speakAgain(lab, minuteMs),
    recordAs: 'billing-disabled',
  },
  {
    name: 'rate limit',
    how: 'the provider answers 429 to one turn of the agent, which gives up after its retries',
    foundBy: undefined,
    remark: 'one turn that is lost leaves nothing behind: only `canary` and the check `llm` see it',
    withinMs: 6 * minuteMs,
    async bring(lab) {
      await speak(lab, 'too many requests', 300);
    },
  },
  {
    name: 'database broken live',
    how: 'first 8 KiB of the state database overwritten under the gateway',
    foundBy: 'storage',
    saying: /no SQLite database any more/,
    bring: destroyLive,
    async mend({ gateway }) {
      gateway.signal('SIGKILL');
      await gateway.ended();
      await rm(join(gateway.stateFolder, 'state'), { recursive: true });
      await gateway.run();
    },
    recordAs: 'database-dead',
  },
];
