import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { drops, headlines, startAgentVm } from '../support/vm/agent-vm.ts';
import { lacksVm, vmTimeoutMs } from '../support/vm/vm.ts';

const lacking = lacksVm();

/** A disk, and a folder of this host that is mounted from this host over NFS. */
const mounts = `
  set -e
  truncate -s 32M /srv/image
  mkfs.ext4 -q -e remount-ro /srv/image
  mkdir -p /mnt/disk /srv/export /mnt/nfs
  mount -o loop /srv/image /mnt/disk
  rm -f /etc/systemd/system/nfs*.service /etc/systemd/system/rpc*
  systemctl daemon-reload
  echo '/srv/export 127.0.0.1(rw,no_root_squash,insecure)' > /etc/exports
  systemctl start nfs-server
  mount -t nfs -o vers=4.2,hard 127.0.0.1:/srv/export /mnt/nfs
`;

/** From now on nothing of it arrives. */
const hang = `nft 'table ip cut { chain c { type filter hook input priority 0; tcp dport 2049 drop; }; }'`;

describe('what is mounted', () => {
  test(
    'is told by the service when an NFS server hangs or a disk becomes read-only, and the agent itself goes on',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const checks = [
        { name: 'share', type: 'mount', path: '/mnt/nfs', file_system: 'nfs4', options: ['rw'] },
        { name: 'room', type: 'disk', path: '/mnt/nfs' },
        { name: 'volume', type: 'mount', path: '/mnt/disk', options: ['rw'] },
        { name: 'space', type: 'disk', path: '/mnt/disk' },
      ];
      await using world = await startAgentVm(checks, {
        files: { [`${drops}/quick.conf`]: '[Service]\nWatchdogSec=10s\n' },
        prepare: mounts,
      });
      const { vm, message, told, property } = world;
      const pid = await property('MainPID');
      await vm.shell(hang);
      expect(await message(/^🔴 share/)).toContain(
        '/mnt/nfs hangs: its file system has not answered for 10s',
      );
      expect(await message(/^🔴 room/)).toContain('/mnt/nfs has not answered statfs for 10s');
      const signOfLife = async (): Promise<number> =>
        Number(await property('WatchdogTimestampMonotonic'));
      const enough = (await signOfLife()) + 12e6;
      await eventually(async () => (await signOfLife()) > enough, 'it shows life', 90_000);

      await vm.shell('mount -o remount,ro /mnt/disk');
      expect(await message(/^🔴 volume/)).toContain('/mnt/disk became read-only');
      expect(await message(/^🔴 space/)).toContain('/mnt/disk became read-only');
      await vm.say('nft', 'delete', 'table', 'ip', 'cut');
      await message(/^✅ share/);
      await message(/^✅ room/);
      expect([await property('MainPID'), await property('NRestarts')]).toEqual([pid, '0']);
      expect(headlines(told()).toSorted()).toEqual(
        ['🔴 share', '🔴 room', '🔴 volume', '🔴 space', '✅ share', '✅ room'].toSorted(),
      );
    },
    vmTimeoutMs,
  );
});
