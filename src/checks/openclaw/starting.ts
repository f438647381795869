import { isUnreadable } from '../host/host-file.ts';
import { findProcesses } from '../host/process-search.ts';
import type { Scene } from './scene.ts';

/** How a gateway is called while it starts, before it gives itself its title. */
const startingGateway = /^openclaw(?:-gateway)?\b|\bopenclaw(?:\.mjs)? gateway\b/;

/**
 * Whether a gateway is starting that has not taken the lock yet: it does so only after ten seconds and more.
 * Calls of the command line look alike, so that without an owner nobody is given more than `boot_patience`.
 */
export async function isStartingAnew(scene: Scene): Promise<boolean> {
  const { history, now, options, places, run } = scene;
  const ownerless = history.note('without owner', true, now);
  if (ownerless.forMs >= options.boot_patience) return false;
  const found = await findProcesses({ cmdline: startingGateway }, places, run.signal);
  if (isUnreadable(found)) return false;
  return found.some(({ ageSeconds }) => ageSeconds * 1000 < options.boot_patience);
}
