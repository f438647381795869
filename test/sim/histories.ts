import { expect } from 'vitest';
import { Simulation } from './simulation.ts';

/** One seed is one history; `TOCSIN_SIM_SEED` replays one with a trace, `TOCSIN_SIM_RUNS` sets how many. */
const runs = Number(process.env['TOCSIN_SIM_RUNS'] ?? 1000);
const only = process.env['TOCSIN_SIM_SEED'];
const stepsMax = 60;
const trace =
  only === undefined ? undefined : (line: string): void => void process.stdout.write(`${line}\n`);

/** Lives through every second seed, so that two files share the work of two processors. */
export async function liveThrough(parity: 'odd' | 'even'): Promise<void> {
  const all =
    only === undefined ? Array.from({ length: runs }, (_, index) => index + 1) : [Number(only)];
  const seeds = all.filter((seed) => (seed % 2 === 1) === (parity === 'odd'));
  for (const seed of seeds) {
    try {
      await new Simulation(seed, trace).run(stepsMax);
    } catch (error) {
      const replay = `TOCSIN_SIM_SEED=${seed} npm run unit -- test/sim`;
      throw new Error(`${String(error)}\nreplay with: ${replay}`, { cause: error });
    }
  }
  expect(seeds.length).toBeGreaterThanOrEqual(only === undefined ? 1 : 0);
}
