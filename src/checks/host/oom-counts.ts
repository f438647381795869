import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../../lib/clock.ts';
import { isUnreadable, type Unreadable } from './host-file.ts';
import type { HostPlaces } from './places.ts';
import { askTool } from './system-tool.ts';
import { parseUnits } from './systemd-unit.ts';

/** How often the kernel killed for lack of memory in the control group of a unit. */
export interface UnitKills {
  readonly unit: string;
  /** Tells a control group from the one that the unit had before; absent while it has none. */
  readonly group?: string;
  readonly count: number;
  /** Its latest end was a kill for lack of memory, and it does not run again yet. */
  readonly isDown: boolean;
}

/** Reads `oom_kill` out of `/proc/vmstat`, which Linux has since 4.13. */
export function parseKillCount(text: string): { readonly kills: number } | undefined {
  const kills = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return kills === undefined ? undefined : { kills: Number(kills) };
}

/** Asks systemd where the units are, and the kernel what it counted there. */
export async function readUnitKills(
  units: readonly string[],
  places: HostPlaces,
  limits: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<readonly UnitKills[] | Unreadable> {
  const properties = '--property=Id,LoadState,ControlGroup,Result';
  const shown = await askTool(['systemctl', 'show', properties, '--', ...units], places, limits);
  if (isUnreadable(shown)) return shown;
  const found = parseUnits(shown.output);
  const absent = found.find((each) => each.get('LoadState') === 'not-found');
  if (absent !== undefined || found.length === 0) {
    const unreadable = `there is no unit ${absent?.get('Id') ?? units.join(', ')} on this host`;
    return { unreadable, reason: 'missing' };
  }
  return Promise.all(
    found.map(async (each) => {
      const group = each.get('ControlGroup') ?? '';
      return {
        unit: each.get('Id') ?? '',
        isDown: each.get('Result') === 'oom-kill',
        ...(group === '' ? { count: 0 } : await countIn(group, places)),
      };
    }),
  );
}

async function countIn(
  group: string,
  { sys }: HostPlaces,
): Promise<{ readonly group?: string; readonly count: number }> {
  const files = [
    `${sys}/fs/cgroup${group}/memory.events`,
    `${sys}/fs/cgroup/memory${group}/memory.oom_control`,
  ];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
    if (count === undefined) continue;
    const inode = await stat(file).then(
      ({ ino }) => ino,
      () => 0,
    );
    return { group: `${inode}`, count: Number(count) };
  }
  return { count: 0 };
}
