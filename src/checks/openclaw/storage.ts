import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openclawAgentsMax } from '../../model/openclaw-limits.ts';
import type { UsageReader } from '../host/file-system-usage.ts';
import { findingOf } from '../host/disk-finding.ts';
import { formatBytes } from '../host/bytes.ts';
import { isUnreadable, readHostFile } from '../host/host-file.ts';
import { mayHang, parseMounts } from '../host/mounts.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';
import { whyNot } from './small-file.ts';

/** Source: the SQLite database file format, "The Database Header". */
const sqliteMagic = 'SQLite format 3\0';
const headerBytes = 100;
/** Where a program notes the version of its own tables (`PRAGMA user_version`). */
const userVersionAt = 60;

/** The databases of the gateway: the shared one, and one for each agent. */
export async function databasesOf(stateFolder: string): Promise<readonly string[]> {
  const agents = await readdir(join(stateFolder, 'agents')).catch(() => []);
  return [
    join(stateFolder, 'state', 'openclaw.sqlite'),
    ...agents
      .slice(0, openclawAgentsMax)
      .map((id) => join(stateFolder, 'agents', id, 'agent', 'openclaw-agent.sqlite')),
  ];
}

/**
 * Judges the databases by their first bytes, the size of their logs and what SQLite said of them when other
 * parts read them, and the disks under all of it.
 */
export async function judgeStorage(scene: Scene, usage: UsageReader): Promise<Found> {
  const { installation } = scene;
  const databases = await databasesOf(installation.stateFolder);
  const judged = await Promise.all(databases.map(async (path) => judgeDatabase(path, scene)));
  const folders = new Set([installation.stateFolder, installation.logFolder]);
  const disks = await Promise.all(
    [...folders].map(async (folder) => judgeDisk(folder, scene, usage)),
  );
  const found = [...judged, ...disks];
  const values = found.flatMap((one) => (one.status === 'ok' ? one.values : []));
  return worstFound(found, well('databases and disks are well', values));
}

async function judgeDatabase(path: string, { options, databases }: Scene): Promise<Found> {
  let schema = 0;
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    // An empty one was only just made.
    if (bytesRead > 0 && buffer.toString('latin1', 0, sqliteMagic.length) !== sqliteMagic) {
      return ill('critical', 'body', `${path} is no SQLite database any more: restore it`);
    }
    schema = buffer.readUInt32BE(userVersionAt);
  } catch (error) {
    const why = whyNot(path, error);
    return why.kind === 'absent' ? well('') : ill('unknown', why.reason, why.unreadable);
  }
  const damage = databases.damage(path);
  if (damage !== undefined) {
    return ill('critical', 'body', `${path} is damaged (${damage}): restore it from a backup`);
  }
  const walBytes = await stat(`${path}-wal`).then(
    ({ size }) => size,
    () => 0,
  );
  const shared = path.endsWith('/state/openclaw.sqlite');
  const values = shared
    ? [
        { metric: 'wal_bytes', value: walBytes, unit: 'B' },
        { metric: 'schema', value: schema },
      ]
    : [];
  if (walBytes <= options.wal_warning) return well('', values);
  const what = `${path}-wal has grown to ${formatBytes(walBytes)}, limit ${formatBytes(options.wal_warning)}`;
  return ill('warning', 'threshold', what, values);
}

async function judgeDisk(folder: string, scene: Scene, usage: UsageReader): Promise<Found> {
  const { run, options, installation, places } = scene;
  const mounts = await readHostFile(`${places.proc}/self/mountinfo`, parseMounts);
  const inChild = isUnreadable(mounts) || mayHang(folder, mounts);
  const answer = await usage.read(folder, inChild, run);
  const limits = {
    space: { warning: options.disk_warning, critical: options.disk_critical },
    inodes: {},
  };
  const { status, reason, sentence, usedPercent } = findingOf(folder, answer, limits, false);
  // The log may be elsewhere than its folder of default, or not written yet.
  if (reason === 'missing' && folder === installation.logFolder) return well('');
  const isState = folder === installation.stateFolder;
  const metric = `${isState ? 'state' : 'log'}_disk_used_percent`;
  const values = answer.kind === 'usage' ? [{ metric, value: usedPercent, unit: '%' }] : [];
  return status === 'ok' ? well(sentence, values) : ill(status, reason, sentence, values);
}
