import { openclawOf } from '../../src/checks/openclaw.ts';
import { partNames, type PartName } from '../../src/checks/openclaw/part.ts';
import type { CheckMemory } from '../../src/checks/check-type.ts';
import type { PartFinding, RecordedResult } from '../../src/model/result.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { openedCheck, rememberingChecks, type TestedCheck } from './host-check.ts';
import { startGateway, type StandInGateway } from './openclaw-gateway.ts';

/** A check of a stand-in gateway, in a few of its parts, on a clock that stands still. */
export interface Watched {
  readonly gateway: StandInGateway;
  readonly clock: FakeClock;
  readonly check: TestedCheck;
  /** Looks once after so long; time goes on while a call waits for its answer. */
  readonly look: (afterMs?: number) => Promise<RecordedResult>;
  /** The same, at one part. */
  readonly part: (name: PartName, afterMs?: number) => Promise<PartFinding | undefined>;
}

/** Watches a healthy stand-in in the parts that are named; in all of them without a list. */
export async function watchGateway(
  wanted: readonly PartName[] = partNames,
  keys: Readonly<Record<string, unknown>> = {},
  given: {
    readonly gateway?: StandInGateway;
    readonly memory?: CheckMemory;
    /** The date at the first look, Unix milliseconds. */
    readonly wallMs?: number;
  } = {},
): Promise<Watched> {
  const gateway = given.gateway ?? (await startGateway());
  const clock = createFakeClock({ wallMs: given.wallMs ?? Date.now() });
  const off = partNames.filter((name) => !wanted.includes(name));
  const parts = Object.fromEntries(off.map((name) => [name, false]));
  const check = openedCheck(
    openclawOf(gateway.places),
    { state_dir: gateway.stateFolder, parts, ...keys },
    { clock, memory: given.memory ?? rememberingChecks(), common: { timeoutMs: 12_000 } },
  );
  const look = async (afterMs = 60_000): Promise<RecordedResult> => {
    await clock.advance(afterMs);
    gateway.event('tick');
    const state = { isDone: false };
    const done = check.run().finally(() => {
      state.isDone = true;
    });
    // Time goes on only once the agent has asked all that it wants to, however busy the machine is.
    let before = -1;
    for (let idle = 0; !state.isDone && idle < 600; idle += 1) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      const seen = gateway.seen();
      if (seen !== before) idle = 0;
      before = seen;
      if (idle > 150) await clock.advance(200);
    }
    return done;
  };
  const part: Watched['part'] = async (name, afterMs) =>
    (await look(afterMs)).findings?.find((one) => one.part === name);
  return { gateway, clock, check, look, part };
}
