import { randomUUID } from 'node:crypto';
import { readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import * as v from 'valibot';
import { formatDuration, humanDuration } from '../lib/duration.ts';
import {
  defaultedKey,
  flag,
  nonEmptyText,
  optionalKey,
  type OutputOf,
  positiveDuration,
} from '../lib/schema-atoms.ts';
import { type MeasuredValue } from '../model/result.ts';
import { checkType, type RunContext } from './check-type.ts';
import { resultOfTroubles, troubleWith, type FileTrouble } from './host/file-question.ts';
import { couldNotLook, isUnreadable, readHostFile, type Unreadable } from './host/host-file.ts';
import { isReadOnly, judgeMount, type MountBefore } from './host/mount-finding.ts';
import { parseMounts, type Mount } from './host/mounts.ts';
import { createPatientPrograms, type PatientPrograms } from './host/patient-programs.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { testWrite } from './host/write-test.ts';

const entries = {
  path: v.pipe(
    v.string('a path that starts with /'),
    v.regex(/^\/[^\0]*$/, 'a path that starts with /'),
    v.transform((path) => (path === '/' ? path : path.replace(/\/+$/, ''))),
    v.description('Where it must be mounted.'),
  ),
  file_system: optionalKey(
    'The type that must be mounted there, such as ext4 or nfs4.',
    nonEmptyText,
  ),
  source: optionalKey('The device or server:/folder that must be mounted there.', nonEmptyText),
  options: optionalKey(
    'Options that the mount must have, such as [rw, noexec].',
    v.array(nonEmptyText, 'a list of options'),
  ),
  write_test: defaultedKey(
    'Write 4 KiB in each run, wait until they are on the disk, take them away.',
    flag,
    false,
  ),
  write_warning: defaultedKey(
    'How long the write may take before the check warns.',
    positiveDuration,
    '1s',
  ),
  write_critical: defaultedKey(
    'How long the write may take before the check is critical.',
    positiveDuration,
    '5s',
  ),
};

type Options = OutputOf<typeof entries>;

/** Judges a mount: what is there, whether it answers and can be written to, and errors of the disk. */
export const mountOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse: (options) =>
      options.write_warning < options.write_critical
        ? undefined
        : 'write_warning must be less than write_critical',
    target: ({ path }) => path,
    open({ name, options }, { clock, memory }) {
      const programs = createPatientPrograms({ clock, programs: places.programs });
      const writer = randomUUID();
      const saved = memory?.recall(name) as MountBefore | undefined;
      let before: MountBefore = typeof saved === 'object' && saved !== null ? saved : {};
      return {
        async run(context) {
          const found = await findMount(options.path, places, programs, context);
          if (isUnreadable(found)) return couldNotLook(found);
          const { mount } = found;
          const errors = mount === undefined ? undefined : await errorCount(mount, places);
          const stated = judgeMount(mount, options, { errors }, before);
          const values: MeasuredValue[] =
            errors === undefined ? [] : [{ metric: 'file_system_errors', value: errors }];
          if (mount === undefined) return resultOfTroubles(stated, 'nothing', values);
          // What could be written to once is missed until it can be again.
          if (before.readOnly !== false && before.readOnly !== isReadOnly(mount)) {
            before = { readOnly: isReadOnly(mount) };
            memory?.keep(name, before);
          }
          const tested = await touch(options, writer, programs, context);
          const troubles = [...stated, ...tested.troubles];
          return resultOfTroubles(troubles, describe(mount, tested.seconds), [
            ...values,
            ...tested.values,
          ]);
        },
        close: () => programs.close(),
      };
    },
  });

export const mount = mountOf(hostPlaces);

/** What is mounted at the path; an automounter is asked first to mount what it stands for. */
async function findMount(
  path: string,
  places: HostPlaces,
  programs: PatientPrograms,
  context: RunContext,
): Promise<{ readonly mount: Mount | undefined } | Unreadable> {
  const look = async () => {
    const mounts = await readHostFile(`${places.proc}/self/mountinfo`, parseMounts);
    if (isUnreadable(mounts)) return mounts;
    return { mount: mounts.find(({ mountPoint }) => mountPoint === path) };
  };
  const found = await look();
  if (isUnreadable(found) || found.mount?.fileSystem !== 'autofs') return found;
  await programs.ask(['stat', '-f', '-c', '%T', '--', path], context);
  return look();
}

/** Errors that ext4 has counted since the last fsck; other file systems do not tell. */
async function errorCount(
  { device, fileSystem }: Mount,
  { sys }: HostPlaces,
): Promise<number | undefined> {
  if (fileSystem !== 'ext4') return undefined;
  const name = basename(await readlink(`${sys}/dev/block/${device}`).catch(() => ''));
  const counted = await readHostFile(`${sys}/fs/ext4/${name}/errors_count`, (text) =>
    /^\d+\s*$/.test(text) ? { errors: Number(text) } : undefined,
  );
  return isUnreadable(counted) ? undefined : counted.errors;
}

interface Touched {
  readonly troubles: readonly FileTrouble[];
  readonly values: readonly MeasuredValue[];
  readonly seconds?: number;
}

/** Asks the file system something, which shows whether it answers. */
async function touch(
  options: Options,
  writer: string,
  programs: PatientPrograms,
  context: RunContext,
): Promise<Touched> {
  const { path, write_warning: warning, write_critical: critical } = options;
  if (!options.write_test) {
    const answer = await programs.ask(['stat', '-f', '-c', '%T', '--', path], context);
    const isWell = answer.kind === 'answer';
    return { troubles: isWell ? [] : [troubleWith(path, answer, 'to enter')], values: [] };
  }
  const written = await testWrite(path, writer, programs, context);
  if ('trouble' in written) return { troubles: [written], values: [] };
  const { seconds } = written;
  const limits = { warning: formatDuration(warning), critical: formatDuration(critical) };
  const values = [{ metric: 'write_seconds', value: seconds, unit: 's', ...limits }];
  const status = (['critical', 'warning'] as const).find(
    (one) => seconds * 1000 >= { warning, critical }[one],
  );
  if (status === undefined) return { troubles: [], values, seconds };
  const trouble = `a write of 4 KiB into ${path} took ${humanDuration(seconds * 1000)}, limit ${limits[status]}`;
  return { troubles: [{ status, reason: 'threshold', trouble }], values };
}

function describe(mount: Mount, seconds?: number): string {
  const { mountPoint, fileSystem, source } = mount;
  const mode = isReadOnly(mount) ? 'ro' : 'rw';
  const wrote = seconds === undefined ? '' : `, a write took ${humanDuration(seconds * 1000)}`;
  return `${mountPoint} is ${source} (${fileSystem}, ${mode})${wrote}`;
}
