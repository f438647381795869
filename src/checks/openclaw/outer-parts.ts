import type { Clock } from '../../lib/clock.ts';
import { createUsageReader } from '../host/file-system-usage.ts';
import type { HostPlaces } from '../host/places.ts';
import { createOwnerFinder } from '../host/socket-owner.ts';
import { createRestartWindow } from '../service/restart-window.ts';
import { judgeBoots } from './boots.ts';
import type { Kept } from './canary.ts';
import { judgeCredentials, type FailureMemory } from './credentials.ts';
import { judgeCronJobs, type JobMemory } from './cron-jobs.ts';
import { createCronSlots } from './cron-slots.ts';
import { judgeEventLoop } from './event-loop.ts';
import { judgeHealth, judgeReadiness, judgeStartup, type ProbeAnswers } from './http-probes.ts';
import { createMemoryGrowth, judgeMemory } from './memory-use.ts';
import { outerPartNames, type Found, type OuterPartName } from './part.ts';
import { judgePort, judgeProcess } from './process-part.ts';
import type { Scene } from './scene.ts';
import { judgeBlackBox, judgeConfig, judgeLeftovers } from './state-files.ts';
import { judgeStorage } from './storage.ts';
import type { UnitMemory } from './unit-part.ts';

/** The parts of a gateway that are seen without a login, with what they remember. */
export function createOuterParts(places: HostPlaces, clock: Clock, kept: Kept | undefined) {
  const usage = createUsageReader({ clock, programs: places.programs });
  const finder = createOwnerFinder(places);
  const growth = createMemoryGrowth();
  const units: UnitMemory = {
    unit: undefined,
    restarts: createRestartWindow(5 * 60_000),
    starts: new Set(),
  };
  const jobs: JobMemory = knownJobs(kept?.recall());
  const slots = createCronSlots();
  const failures: FailureMemory = new Map();
  return {
    /** Looks at all parts that are switched on, side by side. */
    async look(
      scene: Scene,
      answers: ProbeAnswers,
    ): Promise<readonly (Found & { readonly part: OuterPartName })[]> {
      const before = JSON.stringify(jobs);
      const { health, startup, ready } = answers;
      const looks: Readonly<Record<OuterPartName, () => Found | Promise<Found>>> = {
        process: () => judgeProcess(scene, health),
        health: () => judgeHealth(health, scene),
        startup: () => judgeStartup(startup, scene),
        readiness: () => judgeReadiness(ready, scene),
        event_loop: () => judgeEventLoop(ready, scene),
        memory: async () => judgeMemory(scene, growth),
        storage: async () => judgeStorage(scene, usage),
        config: async () => judgeConfig(scene),
        boots: async () => judgeBoots(scene, units),
        black_box: async () => judgeBlackBox(scene),
        port: async () => judgePort(scene, finder),
        leftovers: async () => judgeLeftovers(scene),
        cron_jobs: async () => judgeCronJobs(scene, jobs, slots),
        credentials: async () => judgeCredentials(scene, failures),
      };
      const wanted = outerPartNames.filter((part) => scene.options.parts[part]);
      const reading = wanted.map(async (part) =>
        part === 'storage' ? undefined : { part, ...(await looks[part]()) },
      );
      const others = await Promise.all(reading);
      // Those that read the databases may have found one damaged.
      const storage = { part: 'storage', ...(await looks.storage()) } as const;
      const found = others.map((one) => one ?? storage);
      if (JSON.stringify(jobs) !== before) kept?.keep({ ...jobs });
      return found;
    },
    /** The name of the unit of the gateway, once that is known. */
    unit: () => units.unit?.name,
    close: () => usage.close(),
  };
}

function knownJobs(saved: unknown): JobMemory {
  const { count, fell } = (saved ?? {}) as Partial<JobMemory>;
  return {
    ...(typeof count === 'number' ? { count } : {}),
    ...(typeof fell?.from === 'number' && typeof fell.atMs === 'number' ? { fell } : {}),
  };
}
