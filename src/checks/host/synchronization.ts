import { stat } from 'node:fs/promises';
import type { Clock } from '../../lib/clock.ts';
import { isUnreadable, type Unreadable } from './host-file.ts';
import type { HostPlaces } from './places.ts';
import { askTool } from './system-tool.ts';

export type Synchronization = 'synchronized' | 'unsynchronized' | 'cannot_tell';

/**
 * Whether something keeps the clock of this host in step with the world: systemd knows the kernel's
 * answer, whoever steers the clock; elsewhere chrony is asked. Unreadable where a tool does not answer in time.
 */
export async function readSynchronization(
  places: HostPlaces,
  limits: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<Synchronization | Unreadable> {
  if (await exists(`${places.run}/systemd/system`)) {
    const asked = ['timedatectl', 'show', '-p', 'NTPSynchronized', '--value'] as const;
    const answer = await askTool(asked, places, limits);
    if (isUnreadable(answer) && answer.reason === 'timeout') return answer;
    const word = isUnreadable(answer) ? '' : answer.output.trim();
    if (word === 'yes') return 'synchronized';
    if (word === 'no') return 'unsynchronized';
  }
  const answer = await askTool(['chronyc', '-n', 'tracking'], places, limits);
  if (isUnreadable(answer) && answer.reason === 'timeout') return answer;
  const leap = isUnreadable(answer)
    ? undefined
    : /^Leap status\s*:\s*(.+)$/m.exec(answer.output)?.[1];
  if (leap === undefined) return 'cannot_tell';
  return /not synchroni[sz]ed/i.test(leap) ? 'unsynchronized' : 'synchronized';
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
