import { setTimeout as delay } from 'node:timers/promises';
import type { LabGateway } from './gateway.ts';
import { addJob } from './jobs.ts';
import type { State } from './state.ts';

const minuteMs = 60_000;

/** Lets a gateway run for a small share of the time, as beside a neighbour that takes all of the processor. */
function starve(gateway: LabGateway, share: number): Disposable {
  const sliceMs = 500;
  let isStopped = false;
  const turn = (): void => {
    isStopped = !isStopped;
    gateway.signal(isStopped ? 'SIGSTOP' : 'SIGCONT');
    timer = setTimeout(turn, isStopped ? sliceMs * (1 - share) : sliceMs * share);
  };
  let timer = setTimeout(turn, 0);
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      gateway.signal('SIGCONT');
    },
  };
}

async function startAgain({ gateway }: { readonly gateway: LabGateway }): Promise<void> {
  await gateway.run();
}

/** A gateway that runs, stands still, ends or begins. */
export const statesOfLife: readonly State[] = [
  {
    name: 'healthy',
    how: 'nothing is done to it',
    foundBy: undefined,
    withinMs: 10 * minuteMs,
    bring: async () => undefined,
    recordAs: 'healthy',
  },
  {
    name: 'slow boot',
    how: 'started again; it stands still for 2.5 minutes, then has a third of the processor',
    foundBy: undefined,
    withinMs: 10 * minuteMs,
    async bring({ gateway }) {
      await gateway.stop();
      gateway.start();
      // While it loads its code; later a gateway gives up by itself when its timers come too late.
      await delay(1500);
      gateway.signal('SIGSTOP');
      await delay(2.5 * minuteMs);
      using _starved = starve(gateway, 1 / 3);
      await gateway.started(5 * minuteMs);
    },
  },
  {
    name: 'restart',
    how: 'SIGTERM, and started again at once',
    foundBy: undefined,
    isQuick: true,
    withinMs: 90_000,
    async bring({ gateway }) {
      await gateway.stop();
      await startAgain({ gateway });
    },
  },
  {
    name: 'short freeze',
    how: 'SIGSTOP, SIGCONT after 4 s',
    foundBy: undefined,
    isQuick: true,
    withinMs: 90_000,
    async bring({ gateway }) {
      gateway.signal('SIGSTOP');
      await delay(4000);
      gateway.signal('SIGCONT');
    },
  },
  {
    name: 'draining',
    how: 'SIGTERM while a job of 100 s runs, then started again',
    foundBy: undefined,
    withinMs: 90_000,
    async bring({ gateway }) {
      await addJob(gateway, 'long', 'sleep 100');
      await gateway.stop();
      await startAgain({ gateway });
    },
  },
  {
    name: 'stopped',
    how: 'SIGTERM, and left like this',
    foundBy: 'process',
    saying: /was stopped/,
    bring: async ({ gateway }) => gateway.stop(),
    mend: startAgain,
  },
  {
    name: 'down',
    how: 'SIGKILL',
    foundBy: 'process',
    saying: /ended without tidying up/,
    isQuick: true,
    async bring({ gateway }) {
      gateway.signal('SIGKILL');
      await gateway.ended();
    },
    mend: startAgain,
  },
  {
    name: 'hung',
    how: 'SIGSTOP, later SIGCONT',
    foundBy: 'health',
    saying: /hangs: it takes connections/,
    isQuick: true,
    bring: async ({ gateway }) => gateway.signal('SIGSTOP'),
    mend: async ({ gateway }) => gateway.signal('SIGCONT'),
  },
];
