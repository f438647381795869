import { lacksGuest, bootGuest } from '../test/support/guest/guest.ts';
import { versions } from '../test/support/install/archives.ts';
import { releasesInside } from '../test/support/install/installer.ts';
import { startReleaseServer } from '../test/support/install/release-server.ts';
import { startSlackServer } from '../test/support/slack-server.ts';
import { machineFacts } from './facts.ts';
import { fetchPeers, installPeers, packagesInside, removePeers } from './install-peers.ts';
import { buildReleases, type Packing } from './install-releases.ts';
import { installReport, type Variant } from './install-report.ts';
import {
  installedBytes,
  timeInstaller,
  uninstall,
  unwatchedSeconds,
  type Timed,
} from './install-run.ts';
import { tell } from './tell.ts';

const present = ['xz-utils'];

/** How a host may get the files: packed in this way, over the network or from a folder. */
const variants = (['xz', 'gz'] as const).flatMap((packing) =>
  (['loaded over HTTPS', 'files at hand'] as const).map((from) => ({ packing, from })),
);

/**
 * What it takes to install the agent on a booted Debian and to upgrade it, beside Debian's own packages for the
 * same purpose, as tables. Throws where no guest can be booted.
 */
export async function measureInstall(directory: string, quick: boolean): Promise<string> {
  const lacking = lacksGuest();
  if (lacking !== undefined) throw new Error(`nothing can be installed: ${lacking}`);
  const rounds = quick ? 1 : 3;
  await using server = await startReleaseServer();
  tell('building two releases');
  const releases = await buildReleases(directory);
  server.folder = releases.folder;
  const packages = await fetchPeers(directory, present);
  await using slack = await startSlackServer();
  await using guest = await bootGuest({
    packages: present,
    bind: { [releasesInside]: releases.folder, [packagesInside]: packages.folder },
    files: { '/root/hook': slack.url },
    hostname: 'bench',
  });
  await server.lendTo(guest);
  await guest.lend(Number(new URL(slack.origin).port));
  const [first, second] = versions;
  const took = new Map<string, Timed[]>();
  const keep = (what: string, timed: Timed): void => {
    took.set(what, [...(took.get(what) ?? []), timed]);
  };
  const unwatched: number[] = [];
  const peers: number[] = [];
  let peersBytes = 0;
  let bytes = 0;
  for (let round = 1; round <= rounds; round += 1) {
    tell(`round ${round} of ${rounds}: the peers`);
    peers.push(await installPeers(guest));
    peersBytes = await removePeers(guest);
    for (const { packing, from } of variants) {
      tell(`round ${round} of ${rounds}: ${packing}, ${from}`);
      const url = from === 'loaded over HTTPS' ? server.url : undefined;
      await using _ = await packedAs(packing);
      keep(`${packing}, ${from}`, await timeInstaller(guest, { version: first, url }));
      bytes = await installedBytes(guest);
      if (packing === 'xz') {
        keep(`called again, ${from}`, await timeInstaller(guest, { version: first, url }));
        keep(`an upgrade, ${from}`, await timeInstaller(guest, { version: second, url }));
        unwatched.push(await unwatchedSeconds(guest));
      }
      await uninstall(guest, second);
    }
  }
  const of = (what: string): Variant => ({ what, runs: took.get(what) ?? [] });
  return installReport({
    rounds,
    archives: releases.archives,
    installedBytes: bytes,
    first: variants.map(({ packing, from }) => of(`${packing}, ${from}`)),
    later: [...took.keys()].filter((what) => /^(?:called|an)/.test(what)).map(of),
    unwatched,
    peers: { seconds: peers, bytes: peersBytes, packages },
    facts: machineFacts(['tocsin']),
  });

  /** A host without xz takes the archive of gzip. */
  async function packedAs(packing: Packing): Promise<AsyncDisposable> {
    const move = (from: string, to: string): Promise<string> =>
      guest.shell(
        `mv /usr/bin/xz${from} /usr/bin/xz${to}; mv /usr/bin/unxz${from} /usr/bin/unxz${to}`,
      );
    if (packing === 'gz') await move('', '-away');
    return {
      async [Symbol.asyncDispose]() {
        if (packing === 'gz') await move('-away', '');
      },
    };
  }
}
