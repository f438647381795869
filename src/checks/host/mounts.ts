/** One mount, as a line of `/proc/self/mountinfo` tells it (proc_pid_mountinfo(5)). */
export interface Mount {
  /** `major:minor`; equal for all mounts of one file system. */
  readonly device: string;
  /** What of the file system is mounted: `/`, or the source of a bind mount. */
  readonly root: string;
  readonly mountPoint: string;
  readonly fileSystem: string;
  /** The device or the server's folder, as it was called when it was mounted. */
  readonly source: string;
  /** Options of this mount, such as `rw` and `noexec`; neither `rw` nor `ro` where the agent cannot know … */
  readonly options: readonly string[];
  /** … and those of the file system itself, for all of its mounts. */
  readonly superOptions: readonly string[];
}

/** File systems on disks that have no device number of their own. */
const devicelessDisks = new Set(['btrfs', 'zfs', 'bcachefs']);

/** Always full by design, since nothing can be written to them. */
const images = new Set(['squashfs', 'iso9660', 'udf', 'erofs', 'cramfs', 'romfs']);

/** Answered by another machine. FUSE is recognised by its name. */
const networks = new Set(
  (
    'nfs nfs4 cifs smb3 smbfs 9p ceph afs lustre glusterfs ' +
    'beegfs gpfs ocfs2 gfs2 virtiofs vboxsf coda ncpfs autofs'
  ).split(' '),
);

/** Reads `/proc/self/mountinfo`, without mounts that are hidden under a later one; undefined if none. */
export function parseMounts(text: string): readonly Mount[] | undefined {
  const byMountPoint = new Map<string, Mount>();
  for (const line of text.split('\n')) {
    const [place = '', origin = ''] = line.split(' - ');
    const [, , device, root, mountPoint, options = ''] = place.split(' ');
    const [fileSystem, source = '', superOptions = ''] = origin.split(' ');
    if (device === undefined || root === undefined || mountPoint === undefined) continue;
    if (fileSystem === undefined || fileSystem === '') continue;
    const path = unescaped(mountPoint);
    byMountPoint.set(path, {
      device,
      root: unescaped(root),
      mountPoint: path,
      fileSystem,
      source: unescaped(source),
      options: options.split(','),
      superOptions: superOptions.split(','),
    });
  }
  if (byMountPoint.size === 0) return undefined;
  const mounts = [...byMountPoint.values()];
  return isSandbox(byMountPoint.get('/')) ? mounts.map(withoutSandbox) : mounts;
}

/**
 * Whether all that the agent sees was made read-only for the agent alone, as by ProtectSystem=strict or in a container:
 * no host can run on a root that is mounted read-only from a file system that is not.
 */
function isSandbox(root: Mount | undefined): boolean {
  return root !== undefined && root.options.includes('ro') && root.superOptions.includes('rw');
}

/** In a sandbox `ro` of a mount says nothing of the host; what the file system itself says does. */
function withoutSandbox(mount: Mount): Mount {
  return { ...mount, options: mount.options.filter((option) => option !== 'ro') };
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}

/**
 * The mounts of file systems on disks of this host, each file system once. A container whose root is
 * an overlay has its root and nothing else.
 */
export function localFileSystems(mounts: readonly Mount[]): readonly Mount[] {
  const byDevice = new Map<string, Mount>();
  for (const mount of mounts) {
    if (!isOnDisk(mount)) continue;
    const known = byDevice.get(mount.device);
    if (known === undefined || isPlainer(mount, known)) byDevice.set(mount.device, mount);
  }
  if (byDevice.size > 0) return [...byDevice.values()];
  return mounts.filter((mount) => mount.mountPoint === '/');
}

function isOnDisk({ device, fileSystem }: Mount): boolean {
  if (images.has(fileSystem)) return false;
  return devicelessDisks.has(fileSystem) || !device.startsWith('0:');
}

/** Whether people would rather call a file system by this mount: its whole tree, by a shorter name. */
function isPlainer(mount: Mount, known: Mount): boolean {
  if (mount.root !== known.root) return mount.root.length < known.root.length;
  return mount.mountPoint.length < known.mountPoint.length;
}

/** Whether another host lends it, and a person had it mounted: an automounter only waits to do so. */
export function isOfNetwork({ fileSystem }: Mount): boolean {
  return (
    (networks.has(fileSystem) && fileSystem !== 'autofs') ||
    /^fuse\.(?:sshfs|s3fs|rclone|glusterfs)$/.test(fileSystem)
  );
}

/** Whether the path is the folder or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/**
 * Whether asking for this path can hang: it is no mount point of this host's own disks (a link may lead
 * anywhere), or a file system that others answer for lies on the way to it.
 */
export function mayHang(path: string, mounts: readonly Mount[]): boolean {
  const onTheWay = mounts.filter((mount) => isWithin(path, mount.mountPoint));
  return (
    !onTheWay.some((mount) => mount.mountPoint === path) ||
    onTheWay.some(({ fileSystem }) => networks.has(fileSystem) || fileSystem.startsWith('fuse'))
  );
}

/** The mount that a path lies on. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts
    .filter(({ mountPoint }) => isWithin(path, mountPoint))
    .toSorted((a, b) => b.mountPoint.length - a.mountPoint.length)[0];
}
