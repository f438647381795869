import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import { isUnreadable } from '../host/host-file.ts';
import { parseUnits, type UnitProperties } from '../host/systemd-unit.ts';
import { askTool } from '../host/system-tool.ts';
import type { RestartWindow } from '../service/restart-window.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import { unitOf } from './process-part.ts';
import type { Scene } from './scene.ts';
import { notRead, readDatabase } from './state-database.ts';

const rows = v.array(
  v.object({
    pid: v.number(),
    started_at_ms: v.number(),
    outcome: v.nullable(v.string()),
  }),
);

type Boots = v.InferOutput<typeof rows>;

/** The window of the gateway's own restart breaker. */
const windowMs = 5 * 60_000;

/** The exit code by which OpenClaw asks not to be restarted. */
const doNotRestart = 78;

const query = `SELECT pid, started_at_ms, outcome FROM gateway_boot_lifecycle
  ORDER BY started_at_ms DESC LIMIT 100`;

/** What is remembered of the unit of the gateway. */
export interface UnitMemory {
  unit: string | undefined;
  readonly restarts: RestartWindow;
}

/** Judges how often the gateway was started again without having been stopped cleanly. */
export async function judgeBoots(scene: Scene, memory: UnitMemory): Promise<Found> {
  const path = join(scene.installation.stateFolder, 'state', 'openclaw.sqlite');
  const answer = await readDatabase(path, (database) =>
    v.parse(rows, database.prepare(query).all()),
  );
  const unit = await judgeUnitOf(scene, memory);
  if (answer.kind !== 'read') return worstFound([unit], notRead(answer, path));
  return worstFound([judgeRows(answer.value, scene), unit], judgeRows(answer.value, scene));
}

function judgeRows(boots: Boots, { pid, now }: Scene): Found {
  const [newest] = boots;
  const isUnclean = ({ outcome, pid: of }: Boots[number]): boolean =>
    outcome !== 'clean_stop' && (outcome !== null || of !== pid);
  // Each start that follows an end nobody ordered.
  const unplanned = boots.filter((boot, at) => {
    const before = boots[at + 1];
    return now.wallMs - boot.started_at_ms < windowMs && before !== undefined && isUnclean(before);
  }).length;
  const values = [{ metric: 'unplanned', value: unplanned }];
  if (newest?.outcome === 'startup_failed' && pid === undefined) {
    const ago = humanDuration(Math.max(0, now.wallMs - newest.started_at_ms));
    const what = `the start ${ago} ago failed for good: read the log of the gateway; starting it again does not help`;
    return ill('critical', 'status', what, values);
  }
  const what = `${unplanned} starts without a clean stop before them within 5m`;
  if (unplanned >= 3) {
    const after = `${what}: OpenClaw leaves all channels off now`;
    return ill('critical', 'threshold', after, values);
  }
  if (unplanned >= 2) return ill('warning', 'threshold', what, values);
  return well('no restarts in a row', values);
}

/** Judges the unit of the system in which the gateway runs, or ran last. */
async function judgeUnitOf(scene: Scene, memory: UnitMemory): Promise<Found> {
  const { pid, places, run, clock, now } = scene;
  const isSystemd = await stat(`${places.run}/systemd/system`).then(
    () => true,
    () => false,
  );
  if (pid !== undefined) memory.unit = await unitOf(pid, places.proc);
  if (!isSystemd || memory.unit === undefined) return well('');
  const properties = '--property=Id,NRestarts,Result,ExecMainStatus,ActiveState';
  const limits = { signal: run.signal, clock };
  const shown = await askTool(['systemctl', 'show', properties, '--', memory.unit], places, limits);
  const [unit] = isUnreadable(shown) ? [] : parseUnits(shown.output);
  return unit === undefined ? well('') : judgeRestarts(unit, memory, now);
}

function judgeRestarts(unit: UnitProperties, memory: UnitMemory, now: Scene['now']): Found {
  const name = memory.unit ?? '';
  if (unit.get('ExecMainStatus') === String(doNotRestart) && unit.get('ActiveState') !== 'active') {
    const what = `${name} ended with exit code ${doNotRestart}: do not restart it, its settings or its database have to be mended first`;
    return ill('critical', 'status', what);
  }
  const count = Number(unit.get('NRestarts') ?? Number.NaN);
  if (!Number.isFinite(count)) return well('');
  const grown = memory.restarts.note(name, count, now) ?? 0;
  const values = [{ metric: 'unit_restarts', value: count, unit: 'c' }];
  const what = `systemd restarted ${name} ${grown} times within 5m`;
  if (grown >= 3) return ill('critical', 'threshold', what, values);
  return grown >= 2 ? ill('warning', 'threshold', what, values) : well('', values);
}
