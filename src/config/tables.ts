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
}

/** What the configuration has to know of an integration: the part of `Integration` that is not sending. */
export interface IntegrationKeys {
  readonly entries: v.ObjectEntries;
  readonly refuse?: (options: Options) => string | undefined;
  readonly sendResolvedDefault: boolean;
  readonly splitsAlerts?: (options: Options) => boolean;
}

/** Everything that can be configured, by the name it has in the file. */
export interface ConfigTables {
  readonly checkTypes: Readonly<Record<CheckTypeName, CheckTypeKeys>>;
  readonly integrations: Readonly<Record<IntegrationName, IntegrationKeys>>;
}
