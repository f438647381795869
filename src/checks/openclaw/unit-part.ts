import { stat } from 'node:fs/promises';
import { isUnreadable } from '../host/host-file.ts';
import { runsSystemd } from '../host/look-at-files.ts';
import { parseUnits, type UnitProperties } from '../host/systemd-unit.ts';
import { askTool } from '../host/system-tool.ts';
import type { RestartWindow } from '../service/restart-window.ts';
import { ill, well, type Found } from './part.ts';
import type { Scene } from './scene.ts';
import type { GatewayUnit } from './unit-file.ts';

/** The exit code by which OpenClaw asks not to be restarted. */
const doNotRestart = 78;

/** What is remembered of the unit of the gateway. */
export interface UnitMemory {
  /** In which it ran when it was last seen. */
  unit: GatewayUnit | undefined;
  readonly restarts: RestartWindow;
  /** Unix milliseconds of starts that the lock told of, in the last few minutes. */
  readonly starts: Set<number>;
}

/** Judges what systemd says of the unit in which the gateway runs, or ran last. */
export async function judgeUnit(scene: Scene, memory: UnitMemory): Promise<Found> {
  const { installation, places } = scene;
  memory.unit = installation.unit ?? memory.unit;
  const { unit } = memory;
  if (unit === undefined || !(await runsSystemd(places))) return well('');
  const shown = await showUnit(unit, scene);
  if (typeof shown === 'string') return well(shown);
  return judgeRestarts(shown, unit.name, memory, scene.now);
}

/** The properties of the unit, or why its manager cannot be asked. */
async function showUnit(unit: GatewayUnit, scene: Scene): Promise<UnitProperties | string> {
  const { places, run, clock } = scene;
  const properties = '--property=Id,NRestarts,Result,ExecMainStatus,ActiveState';
  const limits = { signal: run.signal, clock };
  const manager = await managerOf(unit, scene);
  if (typeof manager === 'string') return manager;
  const words = [...manager.words, 'show', properties, '--', unit.name];
  const shown = await askTool(['systemctl', ...words], places, limits, manager);
  if (isUnreadable(shown)) return `systemd was not asked: ${shown.unreadable}`;
  return parseUnits(shown.output)[0] ?? `systemd knows no ${unit.name}`;
}

interface Manager {
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly runAs?: { readonly uid: number; readonly gid: number };
}

/** How the manager of a unit is asked: that of a user answers nobody but him, so root becomes him for it. */
async function managerOf(
  { userId, name }: GatewayUnit,
  { places }: Scene,
): Promise<Manager | string> {
  if (userId === undefined) return { words: [] };
  const folder = `${places.run}/user/${userId}`;
  const owner = await stat(folder).catch(() => undefined);
  if (owner === undefined) return `no manager of user ${userId} runs (loginctl enable-linger)`;
  const own = process.geteuid?.();
  const environment = { XDG_RUNTIME_DIR: folder };
  const words = ['--user'];
  if (own === userId) return { words, environment };
  if (own === 0) return { words, environment, runAs: { uid: userId, gid: owner.gid } };
  return `restarts of ${name} are not seen: only user ${userId}, as whom the gateway runs, may ask systemd for them`;
}

function judgeRestarts(
  shown: UnitProperties,
  name: string,
  memory: UnitMemory,
  now: Scene['now'],
): Found {
  if (
    shown.get('ExecMainStatus') === String(doNotRestart) &&
    shown.get('ActiveState') !== 'active'
  ) {
    const what = `${name} ended with exit code ${doNotRestart}: do not restart it, its settings or its database have to be mended first`;
    return { ...ill('critical', 'status', what), because: ['config', 'storage'] };
  }
  const count = Number(shown.get('NRestarts') ?? Number.NaN);
  if (!Number.isFinite(count)) return well('');
  const grown = memory.restarts.note(name, count, now) ?? 0;
  const values = [{ metric: 'unit_restarts', value: count, unit: 'c' }];
  const what = `systemd restarted ${name} ${grown} times within 5m`;
  if (grown >= 3) return ill('critical', 'threshold', what, values);
  return grown >= 2 ? ill('warning', 'threshold', what, values) : well('', values);
}
