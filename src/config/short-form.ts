import * as v from 'valibot';
import { read } from './reader.ts';
import type { Reading } from './reading.ts';
import { blockKey } from './routing-schema.ts';
import { listOf, mapOf, scalarOf, valueOf, withMissing, type Place, type Tree } from './tree.ts';

/** The integrations of the short form, with the key that a bare text stands for. */
export const shortKeys = {
  slack: 'api_url',
  pagerduty: 'routing_key',
  email: 'to',
  webhook: 'url',
  alertmanager: 'urls',
} as const;

type ShortName = keyof typeof shortKeys;

/** Route and receivers in the long form, as somebody would have written them. */
export interface LongForm {
  readonly route: Tree;
  readonly receivers: Tree;
}

const names = Object.keys(shortKeys) as readonly ShortName[];

/**
 * What the short form `notify:` stands for. Everything goes to the receiver `default`; what is critical
 * goes to `pagerduty` as well, and then on to the next route, so that the others hear of it too.
 */
export function longFormOf(reading: Reading, notify: Tree): LongForm {
  const { place } = notify;
  read(reading, notify, v.strictObject({}, `a map of ${names.join(', ')}`), names);
  if (names.every((name) => valueOf(notify, name) === undefined)) return terminalForm(place);
  const text = (value: string): Tree => scalarOf(value, place);
  const others = names.filter((name) => name !== 'pagerduty');
  const blocks = others.map((name) => [blockKey(name), blocksOf(notify, name)] as const);
  const pages = blocksOf(notify, 'pagerduty');
  const children = [
    mapOf(
      {
        receiver: text('pagerduty'),
        matchers: listOf([text('severity="critical"')], place),
        continue: scalarOf(true, place),
      },
      place,
    ),
    mapOf({ receiver: text('default') }, place),
  ];
  const pagerduty = mapOf({ name: text('pagerduty'), pagerduty_configs: pages }, place);
  return {
    route: shortRoute('default', place, pages && listOf(children, place)),
    receivers: listOf(
      [
        mapOf({ name: text('default'), ...Object.fromEntries(blocks) }, place),
        ...(pages === undefined ? [] : [pagerduty]),
      ],
      place,
    ),
  };
}

/** What an agent does that is told nothing about notifications: it prints them. */
export function terminalForm(place: Place): LongForm {
  const receiver = {
    name: scalarOf('terminal', place),
    terminal_configs: listOf([mapOf({}, place)], place),
  };
  return {
    route: shortRoute('terminal', place, undefined),
    receivers: listOf([mapOf(receiver, place)], place),
  };
}

/** The route of the short form: one message for a host, soon, and a reminder every four hours. */
function shortRoute(receiver: string, place: Place, routes: Tree | undefined): Tree {
  const text = (value: string): Tree => scalarOf(value, place);
  return mapOf(
    {
      receiver: text(receiver),
      group_by: listOf([text('host')], place),
      group_wait: text('10s'),
      group_interval: text('1m'),
      repeat_interval: text('4h'),
      routes,
    },
    place,
  );
}

/** The blocks of one integration: each a bare text or a map, alone or in a list. */
function blocksOf(notify: Tree, name: ShortName): Tree | undefined {
  const written = valueOf(notify, name);
  if (written === undefined) return undefined;
  const items = written.kind === 'list' ? written.items : [written];
  return listOf(
    items.map((item) => blockOf(item, name)),
    written.place,
  );
}

function blockOf(written: Tree, name: ShortName): Tree {
  if (written.kind === 'list') return written;
  const { place } = written;
  const block = written.kind === 'map' ? written : mapOf({ [shortKeys[name]]: written }, place);
  return withMissing(block, {
    send_resolved: scalarOf(true, place),
    // People acknowledge and resolve what is one incident for each problem.
    incident: name === 'pagerduty' ? scalarOf('alert', place) : undefined,
  });
}
