import type { Config } from '../model/config.ts';
import { parseMatcher } from '../lib/matcher.ts';
import { isMatcherError } from '../model/matcher-syntax.ts';
import type { Matcher } from '../model/route.ts';
import type { ScenarioEvent } from '../model/scenario.ts';
import { read } from './reader.ts';
import { refuse, type Reading } from './reading.ts';
import { eventSchema } from './scenario-schema.ts';
import { itemsOf, valueOf, type Tree } from './tree.ts';

/** Reads the configuration that a tree names or holds; undefined once its problems have been told. */
export type ReadConfigOf = (tree: Tree) => Promise<Config | undefined>;

const actions = ['silence', 'acknowledge', 'post', 'reload'] as const;

/** Reads `events`, in order of time. */
export async function readEvents(
  reading: Reading,
  tree: Tree | undefined,
  configOf: ReadConfigOf,
): Promise<readonly ScenarioEvent[]> {
  if (tree !== undefined && tree.kind !== 'list') {
    refuse(reading, tree, 'expected a list of events');
  }
  const events: ScenarioEvent[] = [];
  for (const item of itemsOf(tree)) {
    const event = await readEvent(reading, item, configOf);
    if (event !== undefined) events.push(event);
  }
  return events.toSorted((a, b) => a.atMs - b.atMs);
}

async function readEvent(
  reading: Reading,
  tree: Tree,
  configOf: ReadConfigOf,
): Promise<ScenarioEvent | undefined> {
  const written = read(reading, tree, eventSchema, ['reload']);
  const reload = valueOf(tree, 'reload');
  const config = reload && (await configOf(reload));
  if (written === undefined) return undefined;
  const found = actions.filter((action) => valueOf(tree, action) !== undefined);
  if (found.length !== 1) {
    const what = found.length === 0 ? 'none of them' : found.join(' and ');
    refuse(reading, tree, `expected one of silence, acknowledge, post and reload, found ${what}`);
    return undefined;
  }
  const { at: atMs, silence, acknowledge, by = 'somebody', post } = written;
  if (config !== undefined) return { atMs, kind: 'reload', config };
  if (acknowledge !== undefined) return { atMs, kind: 'acknowledge', alertname: acknowledge, by };
  if (post !== undefined) {
    const { labels, annotations = {}, resolved = false } = post;
    return { atMs, kind: 'post', labels, annotations, resolved };
  }
  if (silence === undefined) return undefined;
  const { comment = 'scenario', until_ok: untilOk = false } = silence;
  const matchers = readMatchers(reading, valueOf(tree, 'silence'));
  return { atMs, kind: 'silence', matchers, lastsMs: silence.for, comment, untilOk };
}

function readMatchers(reading: Reading, silence: Tree | undefined): readonly Matcher[] {
  return itemsOf(valueOf(silence, 'matchers')).flatMap((tree) => {
    if (tree.kind !== 'scalar') return [];
    const matcher = parseMatcher(tree.text);
    if (!isMatcherError(matcher)) return [matcher];
    refuse(reading, tree, `the matcher ${JSON.stringify(tree.text)} ${matcher.error}`);
    return [];
  });
}
