import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { onTestFinished } from 'vitest';
import { viewWithoutAgent } from '../../src/app/no-agent.ts';
import type {
  CheckEnvironment,
  CheckMemory,
  CheckType,
  OpenCheck,
} from '../../src/checks/check-type.ts';
import type { HostPlaces } from '../../src/checks/host/places.ts';
import { runCheck } from '../../src/checks/run.ts';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import type { CheckSpec } from '../../src/model/check.ts';
import type { RecordedResult } from '../../src/model/result.ts';
import type { AgentView } from '../../src/model/view.ts';

/** An agent in which nothing has happened yet, but for what is given. */
export function agentView(known: Partial<AgentView> = {}): AgentView {
  return {
    ...viewWithoutAgent(new Map()),
    ...known,
  };
}

/** A check as the configuration would hand it over; throws what is wrong with the keys. */
export function checkSpec(
  type: CheckType,
  keys: Readonly<Record<string, unknown>>,
  common: Partial<CheckSpec> = {},
): CheckSpec<v.InferOutput<v.StrictObjectSchema<v.ObjectEntries, undefined>>> {
  const options = v.parse(v.strictObject(type.entries), keys);
  const refused = type.refuse?.(options);
  if (refused !== undefined) throw new Error(refused);
  return {
    name: 'subject',
    type: 'command',
    schedule: { kind: 'interval', intervalMs: 30_000 },
    timeoutMs: 5000,
    startPeriodMs: 0,
    severity: 'critical',
    labels: {},
    annotations: {},
    dependsOn: [],
    expect: 'up',
    debounce: {
      failAfter: { kind: 'consecutive', failures: 3 },
      forMs: 0,
      recoverAfter: 2,
      keepFiringForMs: 0,
    },
    ...common,
    options,
  };
}

export interface TestedCheck {
  readonly open: OpenCheck;
  run(): Promise<RecordedResult>;
}

/** Opens a check for the length of the test, to be run as the agent runs it. */
export function openedCheck(
  type: CheckType,
  keys: Readonly<Record<string, unknown>> = {},
  given: {
    readonly clock?: Clock;
    readonly view?: Partial<AgentView>;
    readonly memory?: CheckMemory;
    readonly common?: Partial<CheckSpec>;
  } = {},
): TestedCheck {
  const environment: CheckEnvironment = {
    clock: given.clock ?? systemClock(),
    view: agentView(given.view),
    ...(given.memory === undefined ? {} : { memory: given.memory }),
  };
  const spec = checkSpec(type, keys, given.common);
  const open = type.open(spec, environment);
  onTestFinished(() => open.close?.());
  return { open, run: async () => runCheck(open, spec, environment) };
}

/** A folder for the length of the test, with these files; a name that ends in `/` is a folder. */
export async function folderWith(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-check-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeInto(folder, name, text);
  return folder;
}

/** Writes one file below the folder; a text that begins with `#!` becomes a program. */
export async function writeInto(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  await mkdir(name.endsWith('/') ? path : dirname(path), { recursive: true });
  if (name.endsWith('/')) return;
  await writeFile(path, text);
  if (text.startsWith('#!')) await chmod(path, 0o755);
}

/** A host made of files: `proc/…`, `sys/…`, `run/…`, `etc/…`, and programs in `bin/…`. */
export async function hostWith(files: Readonly<Record<string, string>>): Promise<HostPlaces> {
  const folder = await folderWith(files);
  return placesIn(folder);
}

export function placesIn(folder: string): HostPlaces {
  return {
    proc: join(folder, 'proc'),
    sys: join(folder, 'sys'),
    run: join(folder, 'run'),
    etc: join(folder, 'etc'),
    var: join(folder, 'var'),
    dev: join(folder, 'dev'),
    programs: join(folder, 'bin'),
  };
}

/** The measured values by name. */
export function valuesOf(result: RecordedResult): Record<string, number> {
  return Object.fromEntries(result.values.map(({ metric, value }) => [metric, value]));
}

/** A memory of checks that goes through JSON, as the saved one does. */
export function rememberingChecks(): CheckMemory {
  const kept = new Map<string, string>();
  return {
    recall: (check) => {
      const text = kept.get(check);
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    },
    keep: (check, value) => void kept.set(check, JSON.stringify(value)),
  };
}
