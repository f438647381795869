import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { checkNotes } from '../../../scripts/check-notes.ts';
import type { CheckType } from '../../../src/checks/check-type.ts';
import type { HostPlaces } from '../../../src/checks/host/places.ts';
import { checkTypes } from '../../../src/checks/table.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { abandonRunAfterMs } from '../../../src/model/limits.ts';
import type { CheckTypeName } from '../../../src/model/check.ts';
import type { FailureReason, RecordedResult, Status } from '../../../src/model/result.ts';
import type { AgentView } from '../../../src/model/view.ts';
import { openedCheck, rememberingChecks } from '../../support/host-check.ts';
import { startPowerlessChecks, type PowerlessChecks } from '../../support/powerless-checks.ts';

/** What every check type must stand: the rows of the matrix. */
export const rows = {
  healthy: 'is well',
  failing: 'fails',
  forbidden: 'may not be looked at',
  absent: 'is not there',
  hanging: 'hangs',
  nonsense: 'answers nonsense',
} as const;
export type Row = keyof typeof rows;

/** What is set up for one case. */
export interface Scene {
  readonly keys?: Readonly<Record<string, unknown>>;
  /** A host made of files. */
  readonly places?: HostPlaces;
  readonly type?: (places: HostPlaces) => CheckType;
  readonly view?: Partial<AgentView>;
  readonly clock?: Clock;
  readonly timeoutMs?: number;
  /** What an earlier run left. */
  readonly remembered?: unknown;
  /** Looked at as the user nobody. */
  readonly isPowerless?: boolean;
  /** Done after a first look; the second one counts. */
  readonly between?: () => unknown;
  /** Done while the check looks. */
  readonly during?: () => Promise<void>;
}

/** One cell of the matrix, made real. */
export interface Case {
  /** What stands there, as the rest of a sentence. */
  readonly with: string;
  readonly set: () => Scene | Promise<Scene>;
  readonly is: Status;
  readonly because?: FailureReason | readonly FailureReason[];
  /** What people are told. */
  readonly says: RegExp;
  /** Why this machine cannot try it. */
  readonly lacking?: string | undefined;
}

/** A test that proves the row elsewhere: its file, and a part of its name. */
export interface Elsewhere {
  readonly file: string;
  readonly name: string;
}

/** Cases, where they are proved instead, or why there is no such row. */
export type Cell = readonly Case[] | Elsewhere | string;

export type TypeRows = Readonly<Record<Row, Cell>>;

/** The statuses that a row may come to. */
const allowed: Readonly<Record<Row, readonly Status[]>> = {
  healthy: ['ok'],
  failing: ['warning', 'critical'],
  forbidden: ['unknown'],
  absent: ['critical', 'unknown'],
  hanging: ['critical', 'unknown'],
  nonsense: ['critical', 'unknown'],
};

/** Words by which a sentence says how to grant what is lacking. */
const remedy =
  /\b(?:grant|allow|add|put .* into|run the agent|needs|let|chmod|chgrp|setfacl|usermod|setcap|only root may)\b/i;

let powerless: Promise<PowerlessChecks> | undefined;

/** Runs the cases of these check types. */
export function runMatrix(types: Readonly<Partial<Record<CheckTypeName, TypeRows>>>): void {
  afterAll(async () => (await powerless)?.end());
  for (const [name, cells] of Object.entries(types) as [CheckTypeName, TypeRows][]) {
    describe(`${name}: what it looks at`, () => {
      for (const [row, cell] of Object.entries(cells) as [Row, Cell][]) {
        if (typeof cell === 'string' || !Array.isArray(cell)) continue;
        test.for(cell as readonly Case[])(`${rows[row]}: $with`, async (one, { skip }) => {
          skip(one.lacking !== undefined, one.lacking);
          await runCase(name, row, one);
        });
      }
    });
  }
}

async function runCase(name: CheckTypeName, row: Row, one: Case): Promise<void> {
  const scene = await one.set();
  const { timeoutMs = 10_000 } = scene;
  const result = await look(name, { ...scene, timeoutMs });
  const told = `${result.status} ${result.reason ?? ''}: ${result.summary}`;
  expect(allowed[row], told).toContain(one.is);
  expect(result.status, told).toBe(one.is);
  expect(result.summary, told).toMatch(one.says);
  const wanted = one.because === undefined ? [] : [one.because].flat();
  if (wanted.length > 0) expect(wanted, told).toContain(result.reason);
  // A check that crashes is unknown for this reason.
  if (name !== 'agent') expect(result.reason, told).not.toBe('internal');
  // Given up is not the same as having stopped.
  expect(told).not.toMatch(/did not stop|the check itself failed|undefined|NaN|\[object/);
  // A machine that stands still has its deadline set anew, once.
  expect(result.durationMs).toBeLessThan(2 * (timeoutMs + abandonRunAfterMs));
  if (row === 'forbidden') {
    expect(['permission', 'auth'], told).toContain(result.reason);
    expect(told).toMatch(remedy);
  }
  const measured = result.values.map(({ metric }) => metric);
  const families = result.families.map((family) => family.name);
  const unknown = [...measured, ...families].filter((one) => !isDocumented(name, one));
  expect(unknown, 'what scripts/check-notes.ts does not name').toEqual([]);
}

async function look(
  name: CheckTypeName,
  scene: Scene & { readonly timeoutMs: number },
): Promise<RecordedResult> {
  const { keys = {}, places, type: typeOf, timeoutMs, view, clock, remembered } = scene;
  if (scene.isPowerless === true) {
    powerless ??= startPowerlessChecks();
    return (await powerless).run({ type: name, keys, timeoutMs, places });
  }
  const type = typeOf === undefined || places === undefined ? checkTypes[name] : typeOf(places);
  const memory = rememberingChecks();
  if (remembered !== undefined) memory.keep('subject', remembered);
  const given = {
    memory,
    ...(view === undefined ? {} : { view }),
    ...(clock === undefined ? {} : { clock }),
    common: { type: name, timeoutMs },
  };
  const check = openedCheck(type, keys, given);
  if (scene.between !== undefined) {
    await check.run();
    await scene.between();
  }
  const running = check.run();
  await scene.during?.();
  return running;
}

/** Whether the page of check types names this metric; words in capitals stand for what is looked at. */
function isDocumented(name: CheckTypeName, metric: string): boolean {
  const noted = checkNotes[name]?.metrics ?? '';
  const patterns = [...noted.matchAll(/`([^`]+)`/g)].map(([, text = '']) => {
    const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    return new RegExp(`^${escaped.replaceAll(/\b[A-Z]+\b/g, '.+').replaceAll('…', '.+')}$`);
  });
  return patterns.length === 0 || patterns.some((pattern) => pattern.test(metric));
}

/** Something that is closed with the test. */
export async function kept<Thing extends AsyncDisposable>(thing: Promise<Thing>): Promise<Thing> {
  const open = await thing;
  onTestFinished(async () => open[Symbol.asyncDispose]());
  return open;
}
