import { expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import type { Said } from '../support/guest/enter.ts';
import { differences, footprint, outcomeOf } from '../support/install/installer.ts';
import {
  changesOf,
  plannedBy,
  prepareRecorder,
  record,
  recorded,
} from '../support/install/recorder.ts';
import { releaseFolder } from '../support/install/release-folder.ts';
import { startReleaseServer } from '../support/install/release-server.ts';

const lacking = lacksGuest();

const secrets = {
  TOCSIN_SLACK_WEBHOOK_URL: 'https://hooks.example.com/kept-secret-1',
  TOCSIN_PAGERDUTY_KEY: 'kept-secret-2',
  TOCSIN_SMTP_PASSWORD: 'kept-secret-3',
};

/** Runs a script of the releases, with secrets in the environment and one in the address. */
function caller(guest: Guest, port: number) {
  const variables = Object.entries(secrets).map(([name, value]) => `${name}=${value}`);
  return async (version: string, ...words: readonly string[]): Promise<Said> => {
    const url = `https://robot:kept-secret-4@127.0.0.1:${port}`;
    const line = `${recorded} sh /srv/releases/${version}/install.sh --base-url ${url} ${words.join(' ')}`;
    const said = await guest.run(['env', ...variables, 'sh', '-c', line], { timeoutMs: 120_000 });
    expect(said.stdout + said.stderr).not.toContain('kept-secret');
    return said;
  };
}

/** What commands do that are named: those of accounts, `systemctl enable`, `tocsin init`, and the agent. */
const byOthers =
  /^\/etc\/(?:passwd|group|g?shadow|sub[ug]id|tocsin\/credentials\/slack|systemd\/system\/multi-user\.target\.wants\/tocsin\.service)$|^\/var\/lib\/tocsin\/running$/;

function isNamed(path: string, output: string): boolean {
  const trees = [...output.matchAll(/^\+ rm -rf (.*)$/gm)].map(([, tree = '']) => tree);
  if (trees.some((tree) => path.startsWith(`${tree}/`))) return true;
  // A dry run has no archive in which to look for the names of the rights.
  return output.includes(path) || output.includes(path.replace(/[\w-]+\.conf$/, '*.conf'));
}

/** Paths that differ between two footprints. */
function changedPaths(before: string, after: string): string[] {
  return differences(before, after)
    .map((line) => / (\/\S*)/.exec(line)?.[1] ?? line)
    .filter((path, index, all) => all.indexOf(path) === index);
}

test(
  'a dry run prints every command of the run that follows, in its order, and none that does not',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await using server = await startReleaseServer();
    using releases = releaseFolder({ baseUrl: server.url });
    server.folder = releases.path;
    releases.addStandIn('1.0.0');
    releases.addStandIn('1.1.0');
    await using guest = await bootGuest({ bind: { '/srv/releases': releases.path } });
    await server.lendTo(guest);
    await prepareRecorder(guest);
    const call = caller(guest, server.port);

    const tasks: readonly (readonly [version: string, result: string, ...words: string[]])[] = [
      ['1.0.0', 'installed'],
      ['1.0.0', 'unchanged'],
      ['1.1.0', 'upgraded', '--watch', '0'],
      ['1.1.0', 'uninstalled', '--uninstall'],
      ['1.1.0', 'installed', '--no-start', '--prefix', '/opt/tocsin'],
      ['1.1.0', 'uninstalled', '--uninstall', '--purge', '--prefix', '/opt/tocsin'],
    ];
    for (const [version, result, ...words] of tasks) {
      const before = await footprint(guest);
      const asked = server.asked.length;
      const dry = await call(version, '--dry-run', '--json', ...words);
      expect(outcomeOf(dry)).toMatchObject({
        result: result === 'unchanged' ? result : 'planned',
        changed: false,
        exitCode: 0,
      });
      expect(differences(before, await footprint(guest))).toEqual([]);
      expect(server.asked.slice(asked)).toEqual([]);

      const calls = await record(guest, async () => {
        expect(outcomeOf(await call(version, '--json', ...words))).toMatchObject({ result });
      });
      // userdel takes the group with it where users have groups of their own, and nothing is left to do.
      const planned = plannedBy(dry.stderr).filter((line) => line !== 'groupdel tocsin');
      expect({ task: [result, ...words], planned }).toEqual({
        task: [result, ...words],
        planned: changesOf(calls),
      });
      // Files that the shell itself writes are seen by what has changed.
      const unnamed = changedPaths(before, await footprint(guest)).filter(
        (path) => !byOthers.test(path) && !isNamed(path, dry.stderr),
      );
      expect({ task: [result, ...words], unnamed }).toEqual({
        task: [result, ...words],
        unnamed: [],
      });
    }
  },
  guestTimeoutMs,
);
