import { realpathSync, rmSync, mkdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { version } from '../../src/model/version.ts';
import type { Said } from '../support/guest/enter.ts';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { differences, footprint, outcomeOf } from '../support/install/installer.ts';
import { copySource, root } from '../support/release.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const lacking = lacksGuest() ?? lacksNpm();

function lacksNpm(): string | undefined {
  return npmFolder() === undefined ? 'npm is missing, which builds a checkout' : undefined;
}

/** The folder of the npm that this machine has. */
function npmFolder(): string | undefined {
  const { stdout } = spawnSync('which', ['npm'], { encoding: 'utf8' });
  return stdout === '' ? undefined : dirname(dirname(realpathSync(stdout.trim())));
}

/** A guest with a clone, and Node and npm of this machine; what npm would load is there. */
async function bootWithClone(): Promise<Guest> {
  const clone = temporaryFolder();
  copySource(clone);
  rmSync(join(clone, 'node_modules'));
  mkdirSync(join(clone, 'node_modules'));
  const guest = await bootGuest({
    bind: {
      '/srv/clone': clone,
      '/srv/modules': realpathSync(join(root, 'node_modules')),
      '/srv/npm': npmFolder() ?? '',
      '/srv/node/node': process.execPath,
    },
    files: {
      '/srv/node/npm': '#!/bin/sh\nexec /srv/node/node /srv/npm/bin/npm-cli.js "$@"\n',
      '/srv/old/node': '#!/bin/sh\necho 18.19.0\n',
      '/srv/old/npm': '#!/bin/sh\nexit 1\n',
    },
  });
  // What is written below it stays in the guest.
  await guest.shell(
    `mkdir -p /run/modules/upper /run/modules/work && mount -t overlay overlay -o lowerdir=/srv/modules,upperdir=/run/modules/upper,workdir=/run/modules/work /srv/clone/node_modules
     cp /srv/clone/package-lock.json /srv/clone/node_modules/.tocsin-installed`,
  );
  return guest;
}

/** Runs the script within the clone, with these programs at hand. */
async function install(guest: Guest, folder: string, ...words: readonly string[]): Promise<Said> {
  const line = `cd /srv/clone && PATH=${folder}$PATH exec sh install.sh --json ${words.join(' ')}`;
  return guest.run(['sh', '-c', line], { timeoutMs: 180_000 });
}

test(
  'a clone is built and installed, and installed again without a change; what it lacks is told and nothing done',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await using guest = await bootWithClone();
    const before = await footprint(guest);
    const refused: readonly (readonly [
      folder: string,
      words: string[],
      code: number,
      says: string,
    ])[] = [
      [
        '',
        [],
        65,
        'to build from a checkout, Node.js 20 or newer and npm are needed; a release needs neither',
      ],
      [
        '/srv/old:',
        [],
        65,
        'to build from a checkout, Node.js 20 or newer is needed, and this is 18.19.0; a release needs none',
      ],
      [
        '/srv/node:',
        ['--version', '9.9.9'],
        64,
        'a checkout is built as the version that it is: --version goes with --base-url or --offline',
      ],
    ];
    for (const [folder, words, code, says] of refused) {
      const said = await install(guest, folder, ...words);
      expect(outcomeOf(said)).toMatchObject({ exitCode: code, changed: false, message: says });
    }
    await guest.shell('cd /srv/clone/bin && cp tocsin.ts kept && echo "}" >> tocsin.ts');
    const failed = await install(guest, '/srv/node:');
    await guest.shell('cd /srv/clone/bin && mv kept tocsin.ts');
    expect(outcomeOf(failed)).toMatchObject({
      exitCode: 1,
      message: 'the build failed, for the reason above; nothing was changed',
    });
    expect(failed.stderr).toMatch(/bin\/tocsin\.ts:\d+:\d+/);
    const dry = await install(guest, '/srv/node:', '--dry-run');
    expect(outcomeOf(dry)).toMatchObject({ result: 'planned', version });
    expect(dry.stderr).toMatch(
      /^\+ npm run --silent release -- --fast --gz --only x64 --out \/tmp\/\S+$/m,
    );
    expect(dry.stderr).toContain('\n+ systemctl enable --quiet tocsin.service\n');
    expect(differences(before, await footprint(guest))).toEqual([]);
    expect(await guest.shell('ls -d /tmp/tocsin* || :')).toBe('');

    const built = await install(guest, '/srv/node:', '--no-test');
    expect({ ...outcomeOf(built), said: built.stderr }).toMatchObject({
      result: 'installed',
      version,
    });
    expect(built.stderr).toContain('==> building from /srv/clone\n');
    expect(await guest.say('/usr/local/bin/tocsin', '--version')).toBe(`tocsin ${version}`);
    expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');
    const again = await install(guest, '/srv/node:', '--no-test');
    expect(outcomeOf(again)).toMatchObject({ result: 'unchanged', changed: false });
    // To take it away again nothing is built.
    expect((await install(guest, '', '--uninstall', '--purge')).code).toBe(0);
    expect(differences(before, await footprint(guest))).toEqual([]);
  },
  guestTimeoutMs + 120_000,
);
