import type { FileTrouble } from './file-question.ts';
import type { Mount } from './mounts.ts';

export interface MountRules {
  readonly path: string;
  readonly file_system?: string | undefined;
  readonly source?: string | undefined;
  readonly options?: readonly string[] | undefined;
}

/** What the kernel has noted about the file system behind a mount. */
export interface ErrorCount {
  /** Errors since the last `fsck`; undefined where the file system does not count them. */
  readonly errors: number | undefined;
}

/** How a mount was found the last time. */
export interface MountBefore {
  readonly readOnly?: boolean;
}

export function isReadOnly({ options, superOptions }: Mount): boolean {
  return options.includes('ro') || superOptions.includes('ro') || isEmergency(superOptions);
}

/** Newer kernels say so; older ones go on to say `rw`, and refuse every write. */
function isEmergency(superOptions: readonly string[]): boolean {
  return superOptions.includes('emergency_ro');
}

/**
 * What is wrong with a mount by what the kernel says of it. A mount that is read-only because somebody
 * mounted it so is well, unless `options` wants `rw` or it could be written to before.
 */
export function judgeMount(
  mount: Mount | undefined,
  rules: MountRules,
  { errors }: ErrorCount,
  before: MountBefore,
): readonly FileTrouble[] {
  const { path, file_system: fileSystem, source, options = [] } = rules;
  if (mount === undefined) {
    const trouble = `nothing is mounted at ${path}${source === undefined ? '' : `, wanted ${source}`}`;
    return [{ status: 'critical', reason: 'missing', trouble }];
  }
  const troubles: FileTrouble[] = [];
  const tell = (status: 'warning' | 'critical', trouble: string): void => {
    troubles.push({ status, reason: 'status', trouble });
  };
  if (fileSystem !== undefined && mount.fileSystem !== fileSystem) {
    tell(
      'critical',
      `at ${path} is a file system of type ${mount.fileSystem}, wanted ${fileSystem}`,
    );
  }
  if (source !== undefined && mount.source !== source) {
    tell('critical', `at ${path} is ${mount.source}, wanted ${source}`);
  }
  const counted = errors === undefined || errors === 0 ? '' : ` after ${errors} errors`;
  if (isReadOnly(mount) && turnedReadOnly(mount, before)) {
    tell('critical', `${path} became read-only${counted}: look at dmesg, then fsck and remount`);
  } else if (errors !== undefined && errors > 0) {
    const times = errors === 1 ? 'an error' : `${errors} errors`;
    tell('warning', `the kernel counted ${times} on the file system at ${path}: fsck it`);
  }
  const lacking = options.filter((option) => !hasOption(mount, option));
  if (lacking.length > 0 && troubles.length === 0) {
    const has = [...new Set([...mount.options, ...mount.superOptions])].join(',');
    tell('critical', `${path} is mounted without ${lacking.join(', ')}: ${has}`);
  }
  return troubles;
}

/**
 * By an error the kernel makes the file system read-only and leaves the mount as it was; by hand both are
 * changed, which is a change only for who saw it before.
 */
function turnedReadOnly({ options, superOptions }: Mount, before: MountBefore): boolean {
  if (isEmergency(superOptions)) return true;
  if (superOptions.includes('ro') && options.includes('rw')) return before.readOnly !== true;
  return before.readOnly === false;
}

/**
 * Whether the kernel itself made a file system read-only. The mount alone stays as it was then; but a mount
 * of a file system that never could be written to looks the same, as in a container.
 */
export function madeReadOnly({ options, superOptions }: Mount, wasWritable: boolean): boolean {
  if (isEmergency(superOptions)) return true;
  return wasWritable && superOptions.includes('ro') && !options.includes('ro');
}

function hasOption(mount: Mount, option: string): boolean {
  if (option === 'rw') return !isReadOnly(mount);
  return mount.options.includes(option) || mount.superOptions.includes(option);
}
