import { isUnreadable, readHostFile } from '../../checks/host/host-file.ts';
import { isOfNetwork, parseMounts } from '../../checks/host/mounts.ts';
import type { HostPlaces } from '../../checks/host/places.ts';
import type { Proposal } from './proposal.ts';

/** What every host has. */
const always = {
  disk: 'every disk: space, inodes, and whether it can still be written to',
  memory: 'programs end or crawl when there is none left',
  load: 'more work than the processors can do',
  clock: 'a wrong time breaks logins, certificates and logs',
  oom: 'programs that the kernel kills for want of memory are told',
  reboot: 'a start of the host that nobody ordered is told',
};

/** The host itself, and the file systems that other hosts lend it. */
export async function proposeHost({ proc }: HostPlaces): Promise<readonly Proposal[]> {
  const own = Object.entries(always).map(([type, because]): Proposal => {
    return { section: 'host', check: { name: type, type }, because };
  });
  const mounts = await readHostFile(`${proc}/self/mountinfo`, parseMounts);
  const lent = isUnreadable(mounts) ? [] : mounts.filter(isOfNetwork);
  const others = lent.map(({ mountPoint: path, fileSystem, source }): Proposal => {
    const check = { name: `mount ${path}`, type: 'mount', path };
    return { section: 'host', check, because: `${source} (${fileSystem}) is mounted there` };
  });
  return [...own, ...others];
}
