import { afterAll, describe, expect, test } from 'vitest';
import { keepRow, tellTable, type Row } from './table.ts';
import { createLab, type Lab } from './lab.ts';
import { record } from './recorder.ts';
import type { State } from './state.ts';
import { allStates } from './all-states.ts';
import { wishes } from './wishes.ts';
import { followCheck, type Timeline } from './watch.ts';

const wanted = allStates.filter(({ name, isQuick = false }) =>
  wishes.states.length > 0 ? wishes.states.includes(name) : isQuick || !wishes.isQuick,
);

/** Until the agent has looked at all parts of a healthy gateway, the asked ones included. */
async function becomeKnown(timeline: Timeline): Promise<void> {
  await timeline.until(() => timeline.runs() >= 2 && timeline.bad.length === 0, 60_000);
  expect(timeline.bad, 'a healthy gateway is well').toEqual([]);
}

async function prepare(lab: Lab, state: State): Promise<Timeline> {
  await lab.gateway.run();
  const agent = await lab.watch(state.tuned);
  const timeline = followCheck(agent, lab.webhook);
  await becomeKnown(timeline);
  return timeline;
}

async function recordIfWanted(state: State, lab: Lab): Promise<void> {
  if (!wishes.isRecording || state.recordAs === undefined) return;
  await state.beforeRecording?.(lab);
  await record(lab.gateway, state.recordAs, state.how);
}

const seconds = (fromMs: number, toMs: number | undefined): number | undefined =>
  toMs === undefined ? undefined : Math.round((toMs - fromMs) / 1000);

/** Brings the gateway into a state, waits for what is told, mends it, waits for the end. */
async function play(state: State): Promise<Row> {
  await using lab = await createLab();
  await using timeline = await prepare(lab, state);
  let beginMs = performance.now();
  const bringing = state.bring(lab, () => (beginMs = performance.now()));
  const { withinMs = 240_000, endsWithinMs = 180_000 } = state;
  const row = { state, seconds: {}, found: [] };
  if (state.foundBy === undefined) {
    await Promise.all([bringing, timeline.until(() => timeline.messages.length > 0, withinMs)]);
    await recordIfWanted(state, lab);
    return { ...row, looks: timeline.runs(), bad: timeline.bad, told: timeline.messages };
  }
  const { foundBy, saying = /./ } = state;
  const line = (one: string): boolean =>
    one.split(' ')[1] === `${foundBy}:` && saying.test(one.slice(one.indexOf(':') + 2));
  const isFound = (): boolean => timeline.bad.some(({ lines }) => lines.some(line));
  await timeline.until(() => timeline.messages.length > 0 && isFound(), withinMs);
  await bringing;
  await recordIfWanted(state, lab);
  const firstBad = timeline.bad[0];
  const found = timeline.bad.find(({ lines }) => lines.some(line));
  const mendedMs = performance.now();
  await state.mend?.(lab);
  const isOver = (): boolean => timeline.messages.at(-1)?.status === 'resolved';
  await timeline.until(isOver, endsWithinMs);
  return {
    ...row,
    looks: timeline.runs(),
    bad: timeline.bad,
    told: timeline.messages,
    found: found?.lines ?? [],
    seconds: {
      firstBad: seconds(beginMs, firstBad?.atMs),
      found: seconds(beginMs, found?.atMs),
      firing: seconds(beginMs, timeline.phases.find(({ phase }) => phase === 'firing')?.atMs),
      message: seconds(beginMs, timeline.messages[0]?.atMs),
      over: isOver() ? seconds(mendedMs, timeline.messages.at(-1)?.atMs) : undefined,
    },
  };
}

describe('a real OpenClaw gateway', () => {
  test.for(wanted)('$name: $how', { timeout: 3_600_000 }, async (state) => {
    const row = await play(state);
    keepRow(row);
    if (state.foundBy === undefined) {
      expect(row.told, 'nobody is told').toEqual([]);
      return;
    }
    expect(row.told[0], 'somebody is told').toBeDefined();
    expect(row.found, `found by ${state.foundBy}`).not.toEqual([]);
    expect(row.seconds.over, 'the end is told').toBeDefined();
  });
  afterAll(() => tellTable(allStates));
});
