import * as v from 'valibot';
import { defaultedKey, optionalKey, type OutputOf, positiveDuration } from '../lib/schema-atoms.ts';
import { checkType } from './check-type.ts';
import { findingOf, sumUp } from './host/disk-finding.ts';
import { createDiskWatch } from './host/disk-watch.ts';
import { createUsageReader } from './host/file-system-usage.ts';
import { couldNotLook, isUnreadable, readHostFile } from './host/host-file.ts';
import { isWithin, localFileSystems, mayHang, parseMounts, type Mount } from './host/mounts.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { capacityLimit, createHold, percentLimit, refuseLimits } from './threshold.ts';

const absolutePath = v.pipe(
  v.string('a path that starts with /'),
  v.regex(/^\/[^\0]*$/, 'a path that starts with /'),
);

const entries = {
  path: optionalKey(
    'A path on the file system to look at; all real local file systems if absent.',
    absolutePath,
  ),
  exclude: defaultedKey(
    'Mount points to leave out, with everything below them.',
    v.array(absolutePath, 'a list of paths'),
    [],
  ),
  warning: defaultedKey(
    'How full it may be before that is a warning: a share used, or what must stay free.',
    capacityLimit,
    '85%',
  ),
  critical: defaultedKey('How full it may be before that is critical.', capacityLimit, '95%'),
  clear: optionalKey(
    'Once raised, it stays raised until this is no longer reached.',
    capacityLimit,
  ),
  forecast: optionalKey(
    'Warn when it will be full within so long at the pace of the last hours.',
    positiveDuration,
  ),
  inodes_warning: defaultedKey(
    'The share of inodes in use that is a warning.',
    percentLimit,
    '90%',
  ),
  inodes_critical: defaultedKey(
    'The share of inodes in use that is critical.',
    percentLimit,
    '97%',
  ),
};

/** Judges how full file systems are, by space and inodes, when they will be, and that they can be written to. */
export const diskOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse: (options) =>
      refuseLimits(options) ??
      refuseLimits({ warning: options.inodes_warning, critical: options.inodes_critical }),
    target: (options) => options.path,
    open({ name, options }, { clock, view, memory }) {
      const reader = createUsageReader({ clock, programs: places.programs });
      const inodes = { warning: options.inodes_warning, critical: options.inodes_critical };
      /** By path. */
      const hold = createHold(name, view);
      const watch = createDiskWatch(name, memory, options.forecast);
      return {
        async run(context) {
          const mounts = await readHostFile(`${places.proc}/self/mountinfo`, parseMounts);
          if (isUnreadable(mounts)) return couldNotLook(mounts);
          const paths = pathsOf(options, mounts);
          const { wallMs } = context.startedAt;
          const findings = await Promise.all(
            paths.map(async (path) => {
              const answer = await reader.read(path, mayHang(path, mounts), context);
              const limits = { space: options, inodes };
              const finding = findingOf(path, answer, limits, hold.isHeld(path));
              hold.note({ status: finding.raised ? 'warning' : 'ok' }, path);
              return watch.judge(path, finding, { answer, mounts }, wallMs);
            }),
          );
          watch.keep(paths);
          return sumUp(findings, { all: options.path === undefined });
        },
        close: () => reader.close(),
      };
    },
  });

export const disk = diskOf(hostPlaces);

function pathsOf(
  { path, exclude }: OutputOf<typeof entries>,
  mounts: readonly Mount[],
): readonly string[] {
  if (path !== undefined) return [path];
  return localFileSystems(mounts)
    .map((mount) => mount.mountPoint)
    .filter((mountPoint) => !exclude.some((folder) => isWithin(mountPoint, folder)));
}
