import { humanDuration } from '../../lib/duration.ts';
import { isUnreadable } from '../host/host-file.ts';
import { readListeners } from '../host/listeners.ts';
import type { createOwnerFinder } from '../host/socket-owner.ts';
import { isFailure } from '../net/failure.ts';
import type { ProbeAnswer } from './http-probes.ts';
import { ill, well, type Found } from './part.ts';
import type { Scene } from './scene.ts';

/** Whether the process that the lock names lives, and is still the same. */
export function judgeProcess(scene: Scene, health: ProbeAnswer): Found {
  const { installation, owner, history, now, isBooting } = scene;
  const { lock, stateFolder } = installation;
  if (lock !== undefined && isUnreadable(lock)) {
    return ill('unknown', lock.reason, lock.unreadable);
  }
  if (owner !== undefined && isUnreadable(owner)) {
    return ill('unknown', owner.reason, owner.unreadable);
  }
  const missing = history.note('process lock', lock === undefined, now);
  const wrong = history.note('process owner', owner !== undefined && owner.kind !== 'alive', now);
  const isAlive = owner !== undefined && owner.kind === 'alive';
  if (isBooting && !isAlive) return well('a gateway is starting, and has not taken the lock yet');
  if (lock === undefined || owner === undefined) {
    if (!isFailure(health)) return well('this version keeps no lock that says who owns the state');
    const what = `no gateway runs on ${stateFolder}: it was stopped, or was never started`;
    return missing.inRow >= 2 ? ended(what) : well(what);
  }
  if (owner.kind === 'alive') {
    const seconds = { metric: 'age_seconds', value: owner.ageMs / 1000, unit: 's' };
    return well(`process ${lock.pid} runs for ${humanDuration(owner.ageMs)}`, [seconds]);
  }
  const how = owner.kind === 'gone' ? 'has ended' : 'is another program by now';
  const what = `the gateway ended without tidying up: process ${lock.pid} of its lock ${how}`;
  return wrong.inRow >= 2 ? ended(what) : well(what);
}

/** That there is no gateway: what keeps it from starting is the cause, where that is known. */
function ended(what: string): Found {
  return { ...ill('critical', 'missing', what), because: ['config', 'storage', 'boots'] };
}

type Finder = ReturnType<typeof createOwnerFinder>;

/** Whether the one who listens on the gateway's port is the gateway. */
export async function judgePort(scene: Scene, finder: Finder): Promise<Found> {
  const { installation, pid, places, run } = scene;
  const listeners = await readListeners(places.proc, 'tcp');
  if (isUnreadable(listeners)) return ill('unknown', listeners.reason, listeners.unreadable);
  const mine = listeners.filter(({ port }) => port === installation.port);
  const count = { metric: 'listeners', value: mine.length };
  if (mine.length === 0) return well(`nobody listens on port ${installation.port}`, [count]);
  if (pid === undefined) return well('there is no lock to compare with', [count]);
  const { owners, hidden } = await finder.find(
    mine.map(({ inode }) => inode),
    run.signal,
  );
  const stranger = owners.find((owner) => owner.pid !== pid);
  if (stranger !== undefined) {
    const name = stranger.names.at(-1) ?? 'a program';
    const what = `port ${installation.port} belongs to ${name} (process ${stranger.pid}), not to the gateway (process ${pid})`;
    return ill('critical', 'status', what, [count]);
  }
  if (owners.length === 0 && hidden > 0) {
    const what = `the user of the agent may not see who listens on port ${installation.port}: run it as the user of the gateway, or give it AmbientCapabilities=CAP_SYS_PTRACE`;
    return ill('unknown', 'permission', what, [count]);
  }
  return well(`port ${installation.port} belongs to the gateway`, [count]);
}
