import { globSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Removes the control groups that an engine of containers leaves behind under this name, as far as nothing is in them. */
export function removeEmptyGroups(name: string): void {
  for (const hierarchy of readdirSync('/sys/fs/cgroup')) {
    const group = join('/sys/fs/cgroup', hierarchy, name);
    for (const folder of [...globSync(`${group}/*/`), group]) {
      try {
        rmdirSync(folder);
      } catch {
        // There is none, or another engine has containers in it.
      }
    }
  }
}
