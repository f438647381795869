import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { evidenceLogTailBytes } from '../../model/command-limits.ts';
import type { HostPlaces } from './places.ts';

/** One change of an installed package. */
export interface PackageChange {
  /** Unix milliseconds. */
  readonly atMs: number;
  /** Such as `upgrade nginx from 1.22 to 1.24`. */
  readonly sentence: string;
}

/** Where a package manager writes what it did, and the changes in a piece of that log, oldest first. */
type Log = readonly [path: string, read: (text: string) => readonly PackageChange[]];

const logs: readonly Log[] = [
  ['log/dpkg.log', dpkgChanges],
  ['log/dnf.rpm.log', dnfChanges],
  ['log/zypp/history', zypperChanges],
  ['log/pacman.log', pacmanChanges],
  ['log/apk.log', apkChanges],
];

/** The last change of a package on this host, whichever package manager it has; undefined if none is known. */
export async function lastPackageChange({
  var: root,
}: HostPlaces): Promise<PackageChange | undefined> {
  const found = await Promise.all(
    logs.map(async ([path, read]) => read(await tailOf(join(root, path))).at(-1)),
  );
  return found.filter((one) => one !== undefined).toSorted((a, b) => b.atMs - a.atMs)[0];
}

/** The end of a file, from the beginning of a line on; empty if it is not there. */
async function tailOf(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const start = Math.max(0, size - evidenceLogTailBytes);
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(size - start),
      0,
      size - start,
      start,
    );
    const text = buffer.toString('utf8', 0, bytesRead);
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } catch {
    return '';
  }
}

function change(when: string | undefined, sentence: string): readonly PackageChange[] {
  const atMs = new Date(when ?? '').getTime();
  return Number.isFinite(atMs) ? [{ atMs, sentence }] : [];
}

/** Source: dpkg(1), "dpkg.log"; dates are those of the host. */
function dpkgChanges(text: string): readonly PackageChange[] {
  const pattern = /^(\S+ \S+) (install|upgrade|remove|purge) (\S+) (\S+) (\S+)$/gm;
  return [...text.matchAll(pattern)].flatMap(([, when, what = '', name = '', from, to]) =>
    change(when, what === 'upgrade' ? `upgrade ${name} from ${from} to ${to}` : `${what} ${name}`),
  );
}

/** What dnf 4 writes of each package of a transaction: the new one, then the one it took the place of. */
function dnfChanges(text: string): readonly PackageChange[] {
  const pattern = /^(\S+) \S+ (Installed|Upgrade|Downgrade|Erase|Removed): (\S+)$/gm;
  return [...text.matchAll(pattern)].flatMap(([, when = '', what = '', name]) =>
    // Dates have the form 2026-02-14T09:30:12+0000, which lacks a colon.
    change(when.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'), `${dnfWords[what] ?? what} ${name}`),
  );
}

const dnfWords: Readonly<Record<string, string>> = {
  Installed: 'install',
  Upgrade: 'upgrade to',
  Downgrade: 'downgrade to',
  Erase: 'remove',
  Removed: 'remove',
};

/** Fields between bars: date, what was done, name, version. */
function zypperChanges(text: string): readonly PackageChange[] {
  const pattern = /^(\d[^|\n]*)\|(install|remove) *\|([^|\n]+)\|([^|\n]*)\|/gm;
  return [...text.matchAll(pattern)].flatMap(([, when, what, name, version]) =>
    change(when, `${what} ${name} ${version}`),
  );
}

/** `[2026-05-09T20:20:06+0530] [ALPM] upgraded linux (6.14.4 -> 6.14.5)`; versions before 6 give no seconds. */
function pacmanChanges(text: string): readonly PackageChange[] {
  const pattern =
    /^\[([^\]\n]+)\] \[ALPM\] (installed|upgraded|downgraded|removed|reinstalled) (\S+) \((.*)\)$/gm;
  return [...text.matchAll(pattern)].flatMap(([, when = '', what, name, versions = '']) => {
    const date = when.replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
    const [from = '', to] = versions.split(' -> ');
    return change(date, `${what} ${name} ${to === undefined ? from : `from ${from} to ${to}`}`);
  });
}

/** A line for each call with its date in UTC, then a numbered line for each package. */
function apkChanges(text: string): readonly PackageChange[] {
  const changes: PackageChange[] = [];
  let when: string | undefined;
  for (const line of text.split('\n')) {
    const [, date] = /^Running `.*[`'] at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)$/.exec(line) ?? [];
    when = date === undefined ? when : `${date.replace(' ', 'T')}Z`;
    const [, what = '', name, versions = ''] =
      /^\(\d+\/\d+\) (Installing|Upgrading|Downgrading|Replacing|Purging) (\S+) \((.*)\)$/.exec(
        line,
      ) ?? [];
    const [from, to] = versions.split(' -> ');
    const words = `${what.toLowerCase()} ${name} ${to === undefined ? from : `from ${from} to ${to}`}`;
    if (name !== undefined) changes.push(...change(when, words));
  }
  return changes;
}
