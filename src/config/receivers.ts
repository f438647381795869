import type * as v from 'valibot';
import { integrationNames, type IntegrationName } from '../model/delivery.ts';
import type { IntegrationSpec, ReceiverSpec } from '../model/route.ts';
import { read, readText } from './reader.ts';
import { refuse, type Reading } from './reading.ts';
import { readReceiverKeys, refuseBadFallbacks } from './receiver-keys.ts';
import {
  blockKey,
  blockKeys,
  globalDefaultsOf,
  integrationSchema,
  receiverSchema,
} from './routing-schema.ts';
import type { ConfigTables } from './tables.ts';
import {
  itemsOf,
  listOf,
  placeSeenFrom,
  valueOf,
  withMissing,
  withValue,
  type Place,
  type Tree,
} from './tree.ts';

type Integrations = ConfigTables['integrations'];

/** Reads all receivers. Their names must differ. */
export function readReceivers(
  reading: Reading,
  list: Tree,
  integrations: Integrations,
): readonly ReceiverSpec[] {
  if (list.kind !== 'list') refuse(reading, list, 'expected a list of receivers');
  const places = new Map<string, Place>();
  const receivers = itemsOf(list).flatMap((tree) => {
    const keys = read(reading, tree, receiverSchema, blockKeys);
    const specs = integrationNames.flatMap((name) => readBlocks(reading, tree, name, integrations));
    const at = valueOf(tree, 'name');
    const name = readText(reading, at);
    if (at === undefined || name === undefined) return [];
    const first = places.get(name);
    if (first === undefined) places.set(name, at.place);
    else {
      const where = placeSeenFrom(first, at.place);
      refuse(reading, at, `the receiver ${JSON.stringify(name)} is already defined ${where}`);
    }
    const others = keys === undefined ? {} : readReceiverKeys(reading, tree, keys);
    return [{ name, integrations: specs, ...others }];
  });
  refuseBadFallbacks(reading, list, receivers);
  return receivers;
}

function readBlocks(
  reading: Reading,
  receiver: Tree,
  name: IntegrationName,
  integrations: Integrations,
): readonly IntegrationSpec[] {
  const list = valueOf(receiver, blockKey(name));
  if (list === undefined) return [];
  if (list.kind !== 'list') {
    refuse(reading, list, 'expected a list of blocks, each with a - in front');
    return [];
  }
  const keys = integrations[name];
  const schema: v.GenericSchema<unknown, Record<string, unknown>> = integrationSchema(keys);
  const blocks = list.items.flatMap((tree) => {
    const written = read(reading, tree, schema);
    if (written === undefined) return [];
    const { send_resolved: sendResolved = keys.sendResolvedDefault, ...options } = written;
    const refusal = keys.refuse?.(options);
    if (refusal !== undefined) refuse(reading, tree, refusal);
    if (refusal !== undefined) return [];
    const isResolvedSent = sendResolved === true;
    return (keys.spread?.(options) ?? [options]).map((one) => ({ isResolvedSent, options: one }));
  });
  const { refreshMs } = keys;
  return blocks.map(({ isResolvedSent, options }, index) => ({
    integration: name,
    index,
    sendResolved: isResolvedSent,
    splitsAlerts: keys.splitsAlerts?.(options) ?? false,
    tellsAcknowledgement: keys.tellsAcknowledgement?.(options) ?? false,
    ...(refreshMs === undefined ? {} : { refreshMs }),
    options,
  }));
}

/** The receivers with the defaults of `global` written into every block that lacks them. */
export function withGlobalDefaults(list: Tree, global: Tree | undefined): Tree {
  if (list.kind !== 'list' || global === undefined) return list;
  return listOf(
    list.items.map((receiver) => completedReceiver(receiver, global)),
    list.place,
  );
}

function completedReceiver(receiver: Tree, global: Tree): Tree {
  if (receiver.kind !== 'map') return receiver;
  return integrationNames.reduce((completed, name) => {
    const list = valueOf(completed, blockKey(name));
    if (list?.kind !== 'list') return completed;
    const blocks = list.items.map((block) => completedBlock(block, name, global));
    return withValue(completed, blockKey(name), listOf(blocks, list.place));
  }, receiver);
}

/** Ways to say how Slack is reached: one in a block stands for all of them. */
const slackWays = ['api_url', 'api_url_file', 'app_token', 'app_token_file'];

/** The keys of a block that stand for the same thing: a value given directly, and one given by a file. */
function standIns(name: IntegrationName, option: string): readonly string[] {
  if (name === 'slack' && slackWays.includes(option)) return slackWays;
  return [option.endsWith('_file') ? option.slice(0, -'_file'.length) : `${option}_file`];
}

function completedBlock(block: Tree, name: IntegrationName, global: Tree): Tree {
  if (block.kind !== 'map') return block;
  const missing = globalDefaultsOf(name).filter(([option]) => {
    return standIns(name, option).every((other) => valueOf(block, other) === undefined);
  });
  const values = missing.map(([option, key]) => [option, valueOf(global, key)] as const);
  return withMissing(block, Object.fromEntries(values));
}
