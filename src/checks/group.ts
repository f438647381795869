import * as v from 'valibot';
import {
  nonEmptyText,
  optionalKey,
  type OutputOf,
  positiveNumber,
  wholeNumber,
} from '../lib/schema-atoms.ts';
import { notOk, ok, type CheckResult } from '../model/result.ts';
import type { AgentView } from '../model/view.ts';
import { checkType } from './check-type.ts';

const entries = {
  of: v.pipe(
    v.array(nonEmptyText, 'a list of names of checks'),
    v.minLength(1, 'at least one name of a check'),
    v.description('Names of the members.'),
  ),
  min_ok: optionalKey(
    'How many members must be up; all of them if neither this nor exactly is given.',
    positiveNumber,
  ),
  exactly: optionalKey(
    'How many members must be up, no fewer and no more (one leader, for instance).',
    wholeNumber,
  ),
};

type Options = OutputOf<typeof entries>;

/** Judges other checks together, by their debounced state. */
export const group = checkType({
  entries,
  refuse(options) {
    const wanted = options.min_ok ?? options.exactly ?? 0;
    if (options.min_ok !== undefined && options.exactly !== undefined) {
      return 'min_ok and exactly exclude each other';
    }
    if (new Set(options.of).size < options.of.length) return 'of names a check twice';
    return wanted > options.of.length
      ? `${wanted} members cannot be up, there are only ${options.of.length}`
      : undefined;
  },
  references: (options) => options.of,
  defaults: { intervalMs: 15_000 },
  open(spec, { view }) {
    return { run: async () => judge(spec.options, view) };
  },
});

interface Members {
  readonly up: readonly string[];
  readonly down: readonly string[];
  /** Not looked at yet, so neither. */
  readonly unseen: readonly string[];
}

function membersOf(names: readonly string[], view: AgentView): Members {
  const stateOf = (name: string): keyof Members => {
    const member = view.check(name);
    if (member?.up === true) return 'up';
    return member?.phase === 'firing' ? 'down' : 'unseen';
  };
  const of = (state: keyof Members): readonly string[] =>
    names.filter((name) => stateOf(name) === state);
  return { up: of('up'), down: of('down'), unseen: of('unseen') };
}

function judge({ of, min_ok: minOk, exactly }: Options, view: AgentView): CheckResult {
  const { up, down, unseen } = membersOf(of, view);
  const values = [
    { metric: 'members_up', value: up.length },
    { metric: 'members', value: of.length },
  ];
  const facts = [
    `${up.length} of ${of.length} up`,
    ...(down.length > 0 ? [`down: ${down.join(', ')}`] : []),
    ...(unseen.length > 0 ? [`not looked at yet: ${unseen.join(', ')}`] : []),
  ].join('; ');
  const atLeast = exactly ?? minOk ?? of.length;
  const atMost = exactly ?? of.length;
  const possible = up.length + unseen.length;
  if (possible < atLeast || up.length > atMost) {
    const wanted = exactly === undefined ? `at least ${atLeast}` : `exactly ${exactly}`;
    return notOk('critical', 'threshold', `${facts}, wanted ${wanted}`, { values });
  }
  if (up.length < atLeast || possible > atMost) {
    return notOk('unknown', 'missing', facts, { values });
  }
  if (exactly === undefined && down.length > 0) {
    const spare = up.length - atLeast;
    const left = spare === 0 ? 'no spare left' : `${spare} to spare`;
    return notOk('warning', 'threshold', `${facts}, ${left}`, { values });
  }
  return ok(facts, { values });
}
