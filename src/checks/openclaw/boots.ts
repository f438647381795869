import { join } from 'node:path';
import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import { isUnreadable } from '../host/host-file.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';
import { notRead } from './state-database.ts';
import { judgeUnit, type UnitMemory } from './unit-part.ts';

const row = v.object({
  pid: v.number(),
  started_at_ms: v.number(),
  outcome: v.nullable(v.string()),
});

type Boots = readonly v.InferOutput<typeof row>[];

/** The window of the gateway's own restart breaker. */
const windowMs = 5 * 60_000;

const query = `SELECT pid, started_at_ms, outcome FROM gateway_boot_lifecycle
  ORDER BY started_at_ms DESC LIMIT 100`;

/** Judges how often the gateway was started again without having been stopped cleanly. */
export async function judgeBoots(scene: Scene, memory: UnitMemory): Promise<Found> {
  const path = join(scene.installation.stateFolder, 'state', 'openclaw.sqlite');
  const answer = await scene.databases.read(path, query, row);
  const unit = await judgeUnit(scene, memory);
  const boots =
    answer.kind === 'read'
      ? judgeRows(answer.rows, scene)
      : answer.kind === 'absent'
        ? judgeLock(scene, memory)
        : notRead(answer, path);
  const said = [boots, unit].map(({ summary }) => summary).filter((text) => text !== '');
  return worstFound([boots, unit], well(said.join('; '), [...boots.values, ...unit.values]));
}

/** Versions that keep no list of their starts: the lock says when the latest was. */
function judgeLock({ installation, now }: Scene, { starts }: UnitMemory): Found {
  const { lock } = installation;
  const createdMs = lock === undefined || isUnreadable(lock) ? undefined : lock.createdMs;
  if (createdMs !== undefined) starts.add(createdMs);
  for (const startMs of starts) if (now.wallMs - startMs >= windowMs) starts.delete(startMs);
  const values = [{ metric: 'starts', value: starts.size }];
  const what = `started ${starts.size} times within 5m`;
  if (starts.size >= 3) return ill('warning', 'threshold', what, values);
  return well('this version does not list its starts', values);
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
    return { ...ill('critical', 'status', what, values), because: ['config', 'storage'] };
  }
  const what = `${unplanned} starts without a clean stop before them within 5m`;
  if (unplanned >= 3) {
    const after = `${what}: OpenClaw leaves all channels off now`;
    return ill('critical', 'threshold', after, values);
  }
  if (unplanned >= 2) return ill('warning', 'threshold', what, values);
  return well('no restarts in a row', values);
}
