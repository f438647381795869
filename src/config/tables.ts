import type * as v from 'valibot';
import type { OutputOf } from '../lib/schema-atoms.ts';
import type { CheckTypeName } from '../model/check.ts';
import type { IntegrationName } from '../model/delivery.ts';

type Options = OutputOf<v.ObjectEntries>;

/** What the configuration has to know of a check type: the part of `CheckType` that is not running it. */
export interface CheckTypeKeys {
  readonly entries: v.ObjectEntries;
  readonly refuse?: (options: Options) => string | undefined;
  readonly target?: (options: Options) => string | undefined;
  /** Names of other checks that the options speak of; each must be configured. */
  readonly references?: (options: Options) => readonly string[];
  readonly defaults?: { readonly intervalMs?: number; readonly timeoutMs?: number };
  /** Set exactly for the types in `proberNames`. */
  readonly prober?: ProberKeys;
}

/** What the configuration has to know of a prober that modules may name. */
export interface ProberKeys {
  /** Its block in a module: what blackbox_exporter takes, which may only fail when it is used. */
  readonly block: v.GenericSchema;
  /** What stands for a block that must have some key, where a module has no block at all. */
  readonly absent?: Readonly<Record<string, string>>;
}

/** What the configuration has to know of an integration: the part of `Integration` that is not sending. */
export interface IntegrationKeys {
  readonly entries: v.ObjectEntries;
  readonly refuse?: (options: Options) => string | undefined;
  readonly sendResolvedDefault: boolean;
  readonly splitsAlerts?: (options: Options) => boolean;
  readonly refreshMs?: number;
  readonly spread?: (options: Options) => readonly Options[];
  readonly tellsAcknowledgement?: (options: Options) => boolean;
}

/** Everything that can be configured, by the name it has in the file. */
export interface ConfigTables {
  readonly checkTypes: Readonly<Record<CheckTypeName, CheckTypeKeys>>;
  readonly integrations: Readonly<Record<IntegrationName, IntegrationKeys>>;
  /** How requests over HTTP are made: the map `http_config`. */
  readonly httpConfig: v.GenericSchema;
  /** Options of probers that stand for the same thing: what a check says of one replaces the others. */
  readonly exclusiveOptions: readonly (readonly string[])[];
  /** Loads what reading this text needs: expressions are compiled while it is read. */
  readonly prepare: (text: string) => Promise<void>;
}
