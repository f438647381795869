import { chmod, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { diskOf } from '../../../src/checks/disk.ts';
import { logOf } from '../../../src/checks/log.ts';
import { mountOf } from '../../../src/checks/mount.ts';
import type { CheckTypeName } from '../../../src/model/check.ts';
import { folderWith, hostWith, writeInto } from '../../support/host-check.ts';
import { onTestFinished } from 'vitest';
import type { Case, TypeRows } from './case.ts';
import { emptyPipe, lockedFile, noise } from './servers.ts';

const briefly = { timeoutMs: 700 };
const isRoot = process.getuid?.() === 0;
const needsRoot = isRoot ? undefined : 'only root has folders that others may not enter here';

/** A folder that nobody but its owner may enter, with a file in it. */
async function lockedFolder(): Promise<string> {
  const folder = await folderWith({ 'inner/file.json': '{}' });
  await chmod(folder, 0o755);
  await chmod(join(folder, 'inner'), 0);
  onTestFinished(async () => chmod(join(folder, 'inner'), 0o755));
  return join(folder, 'inner');
}

const anything = {
  warning: '99.99%',
  critical: '100%',
  inodes_warning: '99.99%',
  inodes_critical: '100%',
};

const disk: TypeRows = {
  healthy: [
    {
      with: 'the file system of this folder',
      set: async () => ({ keys: { path: await folderWith(), ...anything } }),
      is: 'ok',
      says: /% full: /,
    },
  ],
  failing: [
    {
      with: 'more on it than is wanted',
      set: async () => ({
        keys: { path: '/', warning: '99999999GB free', critical: '88888888GB free' },
      }),
      is: 'critical',
      because: 'threshold',
      says: /limit 88888888GB free$/,
    },
  ],
  forbidden: [
    {
      with: 'a folder that the agent may not enter',
      lacking: needsRoot,
      set: async () => ({
        isPowerless: true,
        keys: { path: join(await lockedFolder(), 'file.json'), ...anything },
      }),
      is: 'unknown',
      because: 'permission',
      says: /may not enter the folders of .*: grant it the right x/,
    },
  ],
  absent: [
    {
      with: 'no such path',
      set: () => ({ keys: { path: '/nowhere/at/all' } }),
      is: 'critical',
      because: 'missing',
      says: /^\/nowhere\/at\/all does not exist$/,
    },
  ],
  hanging: {
    file: 'test/checks/disk-real.test.ts',
    name: 'that hangs holds up neither the check nor the agent',
  },
  nonsense: [
    {
      with: 'noise in the list of mounts',
      set: async () => ({
        type: diskOf,
        places: await hostWith({ 'proc/self/mountinfo': noise.toString('latin1') }),
      }),
      is: 'unknown',
      because: ['protocol', 'missing'],
      says: /./,
    },
  ],
};

const mount: TypeRows = {
  healthy: [
    {
      with: 'a file system of the kernel',
      set: () => ({ keys: { path: '/proc' } }),
      is: 'ok',
      says: /^\/proc is /,
    },
  ],
  failing: [
    {
      with: 'another type than is wanted',
      set: () => ({ keys: { path: '/proc', file_system: 'nfs4' } }),
      is: 'critical',
      because: 'status',
      says: /is a file system of type proc, wanted nfs4$/,
    },
  ],
  forbidden: [
    {
      with: 'a folder that the agent may not write into',
      lacking: needsRoot,
      set: () => ({ isPowerless: true, keys: { path: '/', write_test: true } }),
      is: 'unknown',
      because: 'permission',
      says: /lacks the right to write into \/: grant it w and x there, or leave out write_test$/,
    },
  ],
  absent: [
    {
      with: 'nothing mounted there',
      set: () => ({ keys: { path: '/nowhere' } }),
      is: 'critical',
      because: 'missing',
      says: /^nothing is mounted at \/nowhere$/,
    },
  ],
  hanging: {
    file: 'test/checks/mount-real.test.ts',
    name: 'that hangs costs one process and no run',
  },
  nonsense: [
    {
      with: 'noise in the list of mounts',
      set: async () => ({
        type: mountOf,
        places: await hostWith({ 'proc/self/mountinfo': noise.toString('latin1') }),
        keys: { path: '/' },
      }),
      is: 'unknown',
      because: 'protocol',
      says: /does not say what it should/,
    },
  ],
};

const file: TypeRows = {
  healthy: [
    {
      with: 'a file that is as it should be',
      set: async () => ({
        keys: { path: join(await folderWith({ 'a.json': '{}' }), 'a.json'), json: 'valid' },
      }),
      is: 'ok',
      says: /a\.json has 2 B, written /,
    },
  ],
  failing: [
    {
      with: 'a file that is too old',
      set: async () => {
        const path = join(await folderWith({ 'a.json': '{}' }), 'a.json');
        await utimes(path, 1e9, 1e9);
        return { keys: { path, newest: { critical: '1d' } } };
      },
      is: 'critical',
      because: ['stale', 'threshold'],
      says: /limit 1d/,
    },
  ],
  forbidden: [
    {
      with: 'a folder that the agent may not enter',
      lacking: needsRoot,
      set: async () => ({
        isPowerless: true,
        keys: { path: join(await lockedFolder(), 'file.json') },
      }),
      is: 'unknown',
      because: 'permission',
      says: /lacks the right to enter its folder: .*\. Grant it/,
    },
    {
      with: 'content that the agent may not read',
      set: async () => ({
        isPowerless: true,
        keys: { path: await lockedFile('{}'), json: 'valid' },
      }),
      is: 'unknown',
      because: 'permission',
      says: /lacks the right to read it: .*\. Grant it/,
    },
  ],
  absent: [
    {
      with: 'no such file',
      set: () => ({ keys: { path: '/nowhere/a.json' } }),
      is: 'critical',
      because: 'missing',
      says: /^\/nowhere\/a\.json does not exist$/,
    },
  ],
  hanging: [
    {
      with: 'a pipe that nobody writes into',
      set: async () => ({ ...briefly, keys: { path: await emptyPipe(), json: 'valid' } }),
      is: 'critical',
      because: 'body',
      says: /is no regular file$/,
    },
  ],
  nonsense: [
    {
      with: 'noise in the place of JSON',
      set: async () => ({
        keys: {
          path: join(await folderWith({ 'a.json': noise.toString('latin1') }), 'a.json'),
          json: 'valid',
        },
      }),
      is: 'critical',
      because: 'body',
      says: /JSON/,
    },
  ],
};

const rules = [{ pattern: 'ERROR', within: '1h' }];

/** A `journalctl` that does what these lines of shell say. */
const journalCase = (rest: Omit<Case, 'set'> & { readonly lines: string }): Case => ({
  ...rest,
  set: async () => ({
    ...briefly,
    type: logOf,
    places: await hostWith({ 'bin/journalctl': `#!/bin/sh\n${rest.lines}\n` }),
    keys: { unit: 'a.service', rules },
  }),
});

const log: TypeRows = {
  healthy: [
    {
      with: 'a file without such lines',
      set: async () => ({
        keys: { file: join(await folderWith({ 'a.log': 'fine\n' }), 'a.log'), rules },
      }),
      is: 'ok',
      says: /^nothing in .*a\.log is over a limit$/,
    },
  ],
  failing: [
    {
      with: 'a line that was appended',
      set: async () => {
        const folder = await folderWith({ 'a.log': 'fine\n' });
        return {
          keys: { file: join(folder, 'a.log'), rules },
          between: async () => writeInto(folder, 'a.log', 'fine\nERROR it broke\n'),
        };
      },
      is: 'critical',
      because: 'body',
      says: /: ERROR it broke$/,
    },
  ],
  forbidden: [
    {
      with: 'a file that only others may read',
      set: async () => ({ isPowerless: true, keys: { file: await lockedFile(), rules } }),
      is: 'unknown',
      because: 'permission',
      says: /lacks the right to read .*locked\.txt: put it into the group of the file/,
    },
    journalCase({
      with: 'a journal that the agent may not read',
      lines:
        'echo "Hint: You are currently not seeing messages from other users and the system." >&2',
      is: 'unknown',
      because: 'permission',
      says: /put it into the group systemd-journal/,
    }),
  ],
  absent: [
    {
      with: 'no such file',
      set: () => ({ keys: { file: '/nowhere/a.log', rules } }),
      is: 'unknown',
      because: 'missing',
      says: /^\/nowhere\/a\.log is not there$/,
    },
    {
      with: 'no journalctl',
      set: async () => ({
        type: logOf,
        places: await hostWith({ 'bin/': '' }),
        keys: { unit: 'a.service', rules },
      }),
      is: 'unknown',
      because: 'missing',
      says: /program journalctl is missing/,
    },
  ],
  hanging: [
    {
      with: 'a pipe that nobody writes into',
      set: async () => ({ ...briefly, keys: { file: await emptyPipe(), rules } }),
      is: 'unknown',
      because: 'protocol',
      says: /is no regular file$/,
    },
    journalCase({
      with: 'a journalctl that does not end',
      lines: 'exec /bin/sleep 60',
      is: 'unknown',
      because: 'timeout',
      says: /^journalctl did not answer in time$/,
    }),
  ],
  nonsense: [
    journalCase({
      with: 'a journalctl that prints noise and fails',
      lines: "printf '\\201\\377 nonsense\\n'; echo nonsense >&2; exit 1",
      is: 'unknown',
      because: 'command',
      says: /^journalctl failed: nonsense$/,
    }),
    {
      with: 'a folder in the place of the file',
      set: async () => ({ keys: { file: await folderWith(), rules } }),
      is: 'unknown',
      because: 'protocol',
      says: /is no regular file$/,
    },
  ],
};

export const fileRows = {
  disk,
  mount,
  file,
  log,
} satisfies Partial<Record<CheckTypeName, TypeRows>>;
