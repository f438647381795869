import { describe, expect, test } from 'vitest';
import { localFileSystems, mayHang, parseMounts } from '../../../src/checks/host/mounts.ts';

const host = `22 27 0:21 / /proc rw,relatime - proc proc rw
24 27 0:6 / /dev rw,relatime shared:2 - devtmpfs devtmpfs rw,size=12334460k
27 1 254:0 / / rw,relatime shared:1 master:3 - ext4 /dev/vda rw,discard
28 27 254:0 /srv/data /mnt/bind rw - ext4 /dev/vda rw
29 27 8:1 / /boot/efi rw - vfat /dev/sda1 rw
30 27 7:3 / /snap/core/1 ro - squashfs /dev/loop3 ro
31 27 0:40 /@home /home rw - btrfs /dev/sdb rw
32 27 0:40 /@ /top rw - btrfs /dev/sdb rw
33 27 0:50 / /mnt/nfs rw - nfs4 server:/export rw
34 33 8:5 / /mnt/nfs/local rw - ext4 /dev/sde rw
35 27 8:6 / /mnt/My\\040Disk rw - fuseblk /dev/sdf rw
36 27 0:51 / /run rw - tmpfs tmpfs rw
37 27 8:7 / /mnt/hidden rw - ext4 /dev/sdg rw
38 27 0:52 / /mnt/hidden rw - tmpfs tmpfs rw
`;

const mounts = parseMounts(host) ?? [];
const pathsOf = (text: string) =>
  localFileSystems(parseMounts(text) ?? []).map(({ mountPoint }) => mountPoint);

describe('the local file systems', () => {
  test('are those on disks, each once, by its plainest name', () => {
    expect(pathsOf(host)).toEqual(['/', '/boot/efi', '/top', '/mnt/nfs/local', '/mnt/My Disk']);
  });

  test('of a container are its root and what was mounted into it', () => {
    const root = '1 0 0:60 / / rw - overlay overlay rw\n';
    expect(pathsOf(root)).toEqual(['/']);
    expect(pathsOf(`${root}2 1 254:0 /volumes/db /data rw - ext4 /dev/vda rw\n`)).toEqual([
      '/data',
    ]);
  });

  test('are not there when the text is nonsense', () => {
    expect(parseMounts('')).toBeUndefined();
    expect(parseMounts('rubbish\n- - -\n1 2 3\n')).toBeUndefined();
  });
});

describe('asking', () => {
  test.each([
    ['/', false],
    ['/boot/efi', false],
    ['/mnt/nfs', true],
    ['/mnt/nfs/folder', true],
    ['/mnt/nfs/local', true],
    ['/mnt/My Disk', true],
    ['/mnt/nfsother', true],
    ['/var', true],
  ])('%s may hang: %j', (path, hangs) => {
    expect(mayHang(path, mounts)).toBe(hangs);
  });
});
