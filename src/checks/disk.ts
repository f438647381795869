import * as v from 'valibot';
import { optionalKey, positiveDuration, type OutputOf } from '../lib/schema-atoms.ts';
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
  path: v.pipe(
    v.optional(absolutePath),
    v.description('A path on the file system to look at; all real local file systems if absent.'),
  ),
  exclude: v.pipe(
    v.optional(v.array(absolutePath, 'a list of paths'), []),
    v.description('Mount points to leave out, with everything below them.'),
  ),
  warning: v.pipe(
    v.optional(capacityLimit, '85%'),
    v.description(
      'How full it may be before that is a warning: a share used, or what must stay free.',
    ),
  ),
  critical: v.pipe(
    v.optional(capacityLimit, '95%'),
    v.description('How full it may be before that is critical.'),
  ),
  clear: v.pipe(
    v.optional(capacityLimit),
    v.description('Once raised, it stays raised until this is no longer reached.'),
  ),
  forecast: optionalKey(
    'Warn when it will be full within so long at the pace of the last hours.',
    positiveDuration,
  ),
  inodes_warning: v.pipe(
    v.optional(percentLimit, '90%'),
    v.description('The share of inodes in use that is a warning.'),
  ),
  inodes_critical: v.pipe(
    v.optional(percentLimit, '97%'),
    v.description('The share of inodes in use that is critical.'),
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
