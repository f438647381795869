import type { Instant } from '../../model/time.ts';
import type { RunContext } from '../check-type.ts';
import type { Unreadable } from '../host/host-file.ts';
import type { HostPlaces } from '../host/places.ts';
import type { History } from './history.ts';
import type { Installation } from './installation.ts';
import type { Owner } from './owner-lock.ts';
import type { OpenclawOptions } from './options.ts';
import type { Clock } from '../../lib/clock.ts';
import type { DatabaseReader } from './state-database.ts';

/** What the parts of one look are judged by. */
export interface Scene {
  readonly installation: Installation;
  /** The process that the lock speaks of; undefined without a lock. */
  readonly owner: Owner | Unreadable | undefined;
  /** Its number while it lives. */
  readonly pid: number | undefined;
  /** It was started less than `boot_patience` ago and has not yet said that it is ready. */
  readonly isBooting: boolean;
  /** It speaks TLS. */
  readonly isTls: boolean;
  readonly now: Instant;
  readonly options: OpenclawOptions;
  readonly places: HostPlaces;
  readonly history: History;
  readonly databases: DatabaseReader;
  readonly run: RunContext;
  readonly clock: Clock;
}
