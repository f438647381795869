import type { ModuleSpec, Config } from '../model/config.ts';
import type { CheckResult } from '../model/result.ts';

/** One probe on request. */
export interface ProbeOrder {
  readonly module: ModuleSpec;
  readonly target: string;
  readonly timeoutMs: number;
  readonly log: (line: string, level: 'info' | 'debug') => void;
}

/** What came of a probe. A target that may not be reached is `refused`, with a sentence. */
export type Probed =
  | { readonly kind: 'done'; readonly result: CheckResult; readonly durationMs: number }
  | { readonly kind: 'refused'; readonly why: string };

/** What `/probe` may ask of the agent. */
export interface WebProber {
  readonly settings: () => Config['server']['probe'];
  /** The module of this name; undefined if there is none. */
  module(name: string): Promise<ModuleSpec | undefined>;
  /** All modules, those that are always there included, sorted by name. */
  modules(): Promise<readonly ModuleSpec[]>;
  /** The module asking for another host name than the target's; a sentence if it cannot. */
  forHostname(module: ModuleSpec, hostname: string): ModuleSpec | string;
  run(order: ProbeOrder): Promise<Probed>;
  /** Counts a request for a module that there is not. */
  countUnknown(): void;
  /** Whether a connection from this local port is one that a probe on request has made. */
  isOwnConnection(port: number | undefined): boolean;
}
