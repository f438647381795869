import type { Memory } from './measure.ts';

/** What one process, or several together, cost over the window. */
export interface Cost {
  readonly name: string;
  /** CPU milliseconds for each probe that arrived at a target. */
  readonly cpuMsPerProbe: number;
  readonly memory: Memory;
}

export interface SideResults {
  readonly probes: number;
  readonly processes: readonly Cost[];
  /** All processes together. */
  readonly total: Cost;
  /** Memory of all of them after every failing target has been told of. */
  readonly memoryAfterMessages: Memory;
  /** From the first failing answer of a target to the first message about it. */
  readonly latenciesMs: readonly number[];
  /** Bytes of the programs on disk. */
  readonly executableBytes: number;
  readonly startMs: readonly number[];
}

export interface Results {
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly targets: number;
  readonly intervalSeconds: number;
  readonly windowSeconds: number;
  readonly warmUpSeconds: number;
  readonly tocsin: SideResults;
  readonly scrape: { readonly medianMs: number; readonly bytes: number };
  /** Undefined where the peers are not installed. */
  readonly peers: SideResults | undefined;
}
