import { newTrack, type Track } from '../../alerts/track.ts';
import { createSimulatedClock, type SimulatedClock } from '../../lib/simulated-clock.ts';
import type { AlertPhase } from '../../model/alert.ts';
import type { CheckSpec } from '../../model/check.ts';
import type { Config } from '../../model/config.ts';
import type { Delivery } from '../../model/delivery.ts';
import type { Drawer } from '../../model/drawer.ts';
import type { RecordedResult } from '../../model/result.ts';
import type { Instant } from '../../model/time.ts';
import type { Suppressed } from '../../routing/mute.ts';
import type { KeptChange, Saved } from '../../store/store.ts';
import {
  Pipeline,
  type PipelineJournal,
  type PipelineOptions,
  type PipelineWorld,
} from '../pipeline/pipeline.ts';
import { pipelineWorld } from '../pipeline/pipeline-world.ts';

export interface PlaybackOptions {
  readonly config: Config;
  readonly start: Instant;
  /** The checks that are played, by name; of the others nothing is known. */
  readonly checks: ReadonlySet<string>;
  /** Hears of every message that would now be handed to the outbox. */
  readonly onTold: (delivery: Delivery) => void;
  readonly onSuppressed?: (suppressed: Suppressed) => void;
  /** Small state that is there from the start, as it is saved: silences. */
  readonly kept?: Saved['kept'];
}

/**
 * The pipeline of the agent, from a result to the messages it causes, on a clock that is told what time it
 * is: the same code as in the running agent, but nothing is saved and nothing is sent. What comes after, the
 * outbox with its retries, is no part of it. Given the same results at the same times it says the same.
 */
export class Playback {
  readonly clock: SimulatedClock;
  readonly #options: PlaybackOptions;
  #config: Config;
  #specs: ReadonlyMap<string, CheckSpec>;
  #pipeline: Pipeline;
  /** What the agent would have saved beside tracks and routing; a restart reads it back. */
  readonly #kept = new Map<Drawer, Map<string, unknown>>();
  #ids = 0;

  constructor(options: PlaybackOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#specs = this.#played();
    this.clock = createSimulatedClock(options.start);
    for (const [drawer, values] of options.kept ?? []) this.#kept.set(drawer, new Map(values));
    this.#pipeline = new Pipeline(this.#pipelineOptions(), this.#world(), {
      tracks: new Map(),
      routing: { groups: [], log: new Map() },
      kept: this.#kept,
    });
  }

  get pipeline(): Pipeline {
    return this.#pipeline;
  }

  /**
   * Takes in what a check found, now. Says after how many milliseconds it would run again if that is sooner
   * than its schedule has it; undefined else, and for a check that is not played.
   */
  take(result: RecordedResult): number | undefined {
    const spec = this.#specs.get(result.check);
    if (spec === undefined) return undefined;
    const { undecided } = this.#pipeline.take(result, spec);
    return undecided ? spec.debounce.retryIntervalMs : undefined;
  }

  phase(check: string): AlertPhase {
    return this.#pipeline.track(check).state.phase;
  }

  /** Goes on under another configuration, as the agent does after a reload. */
  reload(config: Config): void {
    this.#config = config;
    this.#specs = this.#played();
    this.#pipeline.reload(this.#world());
  }

  /** The process was not there until `moment`: a new one goes on with what the old one had saved. */
  restart(moment: Instant): void {
    const former = this.#pipeline;
    former.stop();
    this.clock.leapTo(moment);
    const tracks = new Map<string, Track>();
    for (const name of this.#specs.keys()) {
      const track = former.track(name);
      if (track !== newTrack) tracks.set(name, track);
    }
    this.#pipeline = new Pipeline(this.#pipelineOptions(), this.#world(), {
      tracks,
      routing: former.dispatcher.save(),
      kept: this.#kept,
    });
    this.#pipeline.wake();
  }

  #played(): ReadonlyMap<string, CheckSpec> {
    const played = this.#config.checks.filter(({ name }) => this.#options.checks.has(name));
    return new Map(played.map((spec) => [spec.name, spec]));
  }

  #world(): PipelineWorld {
    return pipelineWorld(this.#config, this.#specs, () => '');
  }

  #keep({ drawer, name, value }: KeptChange): void {
    const values = this.#kept.get(drawer) ?? new Map<string, unknown>();
    this.#kept.set(drawer, values);
    if (value === undefined) values.delete(name);
    else values.set(name, value);
  }

  #pipelineOptions(): PipelineOptions {
    const { onTold, onSuppressed = () => {} } = this.#options;
    return {
      clock: this.clock,
      journal: { ...keepsNothing, keep: (change) => this.#keep(change) },
      newId: () => {
        this.#ids += 1;
        return String(this.#ids);
      },
      deliver: (deliveries) => deliveries.forEach(onTold),
      onSuppressed,
    };
  }
}

const keepsNothing: PipelineJournal = {
  result() {},
  track() {},
  routing() {},
  keep() {},
  outbox() {},
  flush: () => true,
};
