import { expect, test } from 'vitest';
import { Simulation } from './simulation.ts';

/** One seed is one history; `TOCSIN_SIM_SEED` replays one with a trace, `TOCSIN_SIM_RUNS` sets how many. */
const runs = Number(process.env['TOCSIN_SIM_RUNS'] ?? 300);
const only = process.env['TOCSIN_SIM_SEED'];
const stepsMax = 60;
const trace =
  only === undefined ? undefined : (line: string): void => void process.stdout.write(`${line}\n`);

test(
  'nothing is lost, doubled or told too early, whatever happens',
  { timeout: 600_000 },
  async () => {
    const seeds =
      only === undefined ? Array.from({ length: runs }, (_, index) => index + 1) : [Number(only)];
    for (const seed of seeds) {
      try {
        await new Simulation(seed, trace).run(stepsMax);
      } catch (error) {
        const replay = `TOCSIN_SIM_SEED=${seed} npm run unit -- test/sim`;
        throw new Error(`${String(error)}\nreplay with: ${replay}`, { cause: error });
      }
    }
    expect(seeds.length).toBeGreaterThan(0);
  },
);
