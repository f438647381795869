import * as v from 'valibot';
import { nonEmptyText, optionalKey, text } from '../lib/schema-atoms.ts';
import { checkTypeNames, type CheckTypeName } from '../model/check.ts';
import { integrationNames, type IntegrationName } from '../model/delivery.ts';
import { receiverEntries } from './receiver-keys.ts';
import { checkSchema, defaultsSchema } from './check-schema.ts';
import { inhibitRuleSchema } from './inhibit-rules.ts';
import { moduleSchema } from './module-schema.ts';
import { modulesFileSchema } from './modules.ts';
import {
  blockKey,
  globalDefaultsOf,
  globalSchema,
  integrationSchema,
  routeEntries,
} from './routing-schema.ts';
import { agentSchema, serverSchema } from './settings.ts';
import { shortKeys } from './short-form.ts';
import type { ConfigTables } from './tables.ts';
import { timeIntervalSchema } from './time-intervals.ts';

const titled = (title: string, schema: v.GenericSchema): v.GenericSchema =>
  v.pipe(schema, v.title(title));

const routeTree: v.GenericSchema = v.strictObject({
  ...routeEntries,
  routes: v.optional(v.array(v.lazy(() => routeTree))),
});

/**
 * The whole file as one schema, of the same parts that the sections are read with: for describing the
 * file, not for reading it, which goes piece by piece so that one mistake hides no other.
 */
export function fileSchema({
  checkTypes,
  integrations,
  httpConfig,
}: ConfigTables): v.GenericSchema {
  const checks = checkTypeNames.map((type) => {
    const { entries } = checkSchema(type, checkTypes[type]);
    const isProber = checkTypes[type].prober !== undefined;
    const schema = v.strictObject(isProber ? { ...entries, ...moduleEntries(type) } : entries);
    return titled(`A check of type ${type}`, schema);
  });
  return v.strictObject({
    $schema: v.optional(v.string()),
    agent: v.optional(titled('The agent itself', agentSchema(httpConfig))),
    server: v.optional(titled('Page, metrics and API', serverSchema)),
    defaults: v.optional(titled('Keys for every check', defaultsSchema)),
    notify: v.optional(titled('Who is told, in short', shortFormSchema(integrations))),
    global: v.optional(titled('Defaults for receivers', globalSchema(integrations))),
    modules: v.optional(
      titled(
        'How to probe, in the format of blackbox_exporter',
        v.record(v.string(), moduleSchema(checkTypes)),
      ),
    ),
    modules_file: v.optional(titled('A file of modules, or several', modulesFileSchema)),
    route: v.optional(titled('Which alerts go where', routeTree)),
    receivers: v.optional(titled('Who is told', v.array(receiverSchemaOf(integrations)))),
    inhibit_rules: v.optional(
      titled('Alerts that keep others back', v.array(v.nullable(inhibitRuleSchema))),
    ),
    time_intervals: v.optional(titled('Named times for routes', v.array(timeIntervalSchema))),
    mute_time_intervals: v.optional(
      titled('Older name of time_intervals', v.array(timeIntervalSchema)),
    ),
    checks: v.optional(
      titled(
        'What is watched',
        v.array(v.union([titled('URL of an http check', text), ...checks])),
      ),
    ),
  });
}

/** A check that names a module need not name its type. */
function moduleEntries(type: CheckTypeName) {
  return {
    type: v.optional(v.literal(type)),
    module: optionalKey(
      'The module whose options it has, but for those of its own block.',
      nonEmptyText,
    ),
  };
}

/** One block of a receiver; what `global` may say need not be said in it. */
function blockSchema(
  name: IntegrationName,
  integrations: ConfigTables['integrations'],
): v.GenericSchema {
  const keys = integrations[name];
  const entries: v.ObjectEntries = { ...keys.entries };
  for (const [option] of globalDefaultsOf(name)) {
    const entry = entries[option];
    if (entry !== undefined) entries[option] = v.optional(entry as v.GenericSchema);
  }
  return integrationSchema({ ...keys, entries });
}

function receiverSchemaOf(integrations: ConfigTables['integrations']): v.GenericSchema {
  const blocks = integrationNames.map((name) => {
    return [blockKey(name), v.optional(v.array(blockSchema(name, integrations)))] as const;
  });
  return v.strictObject({
    name: nonEmptyText,
    ...receiverEntries,
    ...Object.fromEntries(blocks),
  });
}

function shortFormSchema(integrations: ConfigTables['integrations']): v.GenericSchema {
  const entries = Object.entries(shortKeys).map(([name, key]) => {
    const block = v.union([
      titled(`Only its ${key}`, nonEmptyText),
      blockSchema(name as keyof typeof shortKeys, integrations),
    ]);
    return [name, v.optional(v.union([block, v.array(block)]))] as const;
  });
  return v.strictObject(Object.fromEntries(entries));
}
