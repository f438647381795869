/*
 * An installation, an upgrade and a removal are ended at their commands, one after the other, by each of the signals
 * that end things. `npm run test:interrupted` does so at every command, which takes more than half an hour; otherwise it
 * is at some of them, spread over all.
 */
import { expect, test } from 'vitest';
import { guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import {
  cutAt,
  cutShort,
  type Ending,
  endings,
  type Host,
  unbootedHost,
} from '../support/install/cut-short.ts';
import { differences } from '../support/install/installer.ts';
import { releaseFolder, type ReleaseFolder } from '../support/install/release-folder.ts';

const lacking = lacksGuest();
const atEvery = process.env['TOCSIN_EVERY_COMMAND'] !== undefined;
const timeoutMs = atEvery ? 3_600_000 : guestTimeoutMs;

/** Numbers of commands: so many, spread over all of them, or all. */
function spread(calls: number, some: number): number[] {
  // Fewer, and it is not the installer's own that were counted.
  expect(calls).toBeGreaterThan(50);
  const count = atEvery ? calls : some;
  return Array.from({ length: count }, (_, index) => 1 + Math.floor((calls * index) / count));
}

interface World extends Disposable {
  readonly releases: ReleaseFolder;
  readonly host: Host;
}

async function world(): Promise<World> {
  const releases = releaseFolder();
  releases.addStandIn('1.0.0');
  const host = await unbootedHost(releases.path);
  return {
    releases,
    host,
    [Symbol.dispose]: () => {
      host[Symbol.dispose]();
      releases[Symbol.dispose]();
    },
  };
}

/** The next one, without a signal, gets to this end. */
const finishes = (result: string): unknown => expect.stringContaining(`"result":"${result}"`);

const installs = 'end; runs 1.0.0; echo --';

test.for<readonly [Ending, number]>([
  ['INT', 16],
  ['TERM', 8],
  ['HUP', 4],
])(
  'a new installation that is ended by %s at any command leaves nothing, and the next one succeeds',
  { timeout: timeoutMs },
  async ([ending, some], { skip }) => {
    if (lacking !== undefined) skip(lacking);
    using here = await world();
    const { host } = here;
    const [before = '', whole, installed = ''] = await host.run(
      `footprint; ${cutAt(0, ending)}; footprint`,
    );
    expect(cutShort(whole)).toMatchObject({ code: 0, work: '' });
    let ended = 0;
    for (const at of spread(cutShort(whole).calls, some)) {
      const [cut, after = '', next] = await host.run(
        `${cutAt(at, ending)}; footprint; ${installs}`,
      );
      // The last commands run when all is done, and nothing ends them.
      const { code, command, work } = cutShort(cut);
      if (code !== 0) ended += 1;
      const left = differences(code === 0 ? installed : before, after);
      expect({ at, command, code, work, left, next }).toEqual({
        at,
        command,
        code: code === 0 ? 0 : endings[ending].code,
        work: '',
        left: [],
        next: finishes(code === 0 ? 'unchanged' : 'installed'),
      });
      expect(next).toContain('\n1.0.0\n');
    }
    expect(ended).toBeGreaterThan(some / 2);
  },
);

/** The layer with 1.0.0, and its footprint while it runs; then 1.1.0 is there to be installed. */
async function installedBefore({ host, releases }: World): Promise<readonly [string, string]> {
  const layer = await host.keep('end');
  const [, before = ''] = await host.run(`${boots}; footprint`, layer);
  releases.addStandIn('1.1.0');
  return [layer, before];
}

const boots = 'systemctl restart tocsin; runs 1.0.0; echo --';

test.for<readonly [Ending, number]>([
  ['INT', 12],
  ['TERM', 6],
  ['HUP', 4],
])(
  'an upgrade that is ended by %s at any command leaves the old version whole, and it runs',
  { timeout: timeoutMs },
  async ([ending, some], { skip }) => {
    if (lacking !== undefined) skip(lacking);
    using here = await world();
    const { host } = here;
    const [layer, before] = await installedBefore(here);
    const [, whole, upgraded = ''] = await host.run(
      `${boots}; ${cutAt(0, ending)}; footprint`,
      layer,
    );
    expect(cutShort(whole)).toMatchObject({ code: 0, work: '' });
    let ended = 0;
    for (const at of spread(cutShort(whole).calls, some)) {
      const looks = 'runs "$(tocsin --version | cut -d" " -f2)"; digests; echo --; footprint';
      const [, cut, runs, after = '', next] = await host.run(
        `${boots}; ${cutAt(at, ending)}; ${looks}; end; runs 1.1.0; echo --`,
        layer,
      );
      const { code, command, work } = cutShort(cut);
      if (code !== 0) ended += 1;
      const left = differences(code === 0 ? upgraded : before, after);
      expect({ at, command, code, work, runs, left, next }).toEqual({
        at,
        command,
        code: code === 0 ? 0 : endings[ending].code,
        work: '',
        runs: code === 0 ? '1.1.0\n' : '1.0.0\n',
        left: [],
        next: finishes(code === 0 ? 'unchanged' : 'upgraded'),
      });
      expect(next).toContain('\n1.1.0\n');
    }
    expect(ended).toBeGreaterThan(some / 2);
  },
);

test(
  'an installation that was killed at any command is mended by the next one, and removed without a trace',
  { timeout: timeoutMs },
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using here = await world();
    const { host } = here;
    const [before = '', whole] = await host.run(`footprint; ${cutAt(0, 'KILL')}`);
    for (const at of spread(cutShort(whole).calls, 10)) {
      const [cut, next, removed, after = ''] = await host.run(
        `${cutAt(at, 'KILL')}; ${installs}; end --uninstall --purge; echo --; footprint`,
      );
      const { code, command } = cutShort(cut);
      const left = differences(before, after);
      expect({ at, command, code, next, removed, left }).toEqual({
        at,
        command,
        code: endings.KILL.code,
        next: expect.stringMatching(/"exitCode":0.*\n1\.0\.0\n/) as unknown,
        removed: finishes('uninstalled'),
        left: [],
      });
    }
  },
);

test(
  'an upgrade that was killed at any command is mended by the next one, and removed without a trace',
  { timeout: timeoutMs },
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using here = await world();
    const { host } = here;
    const [bare = ''] = await host.run('footprint');
    const [layer] = await installedBefore(here);
    const [, whole] = await host.run(`${boots}; ${cutAt(0, 'KILL')}`, layer);
    for (const at of spread(cutShort(whole).calls, 8)) {
      const [, cut, next, removed, after = ''] = await host.run(
        `${boots}; ${cutAt(at, 'KILL')}; end; runs 1.1.0; digests; echo --; end --uninstall --purge; echo --; footprint`,
        layer,
      );
      const { code, command } = cutShort(cut);
      expect({ at, command, code, next, removed, left: differences(bare, after) }).toEqual({
        at,
        command,
        code: endings.KILL.code,
        next: expect.stringMatching(/"exitCode":0.*\n1\.1\.0\n/) as unknown,
        removed: finishes('uninstalled'),
        left: [],
      });
    }
  },
);

test.for<readonly [Ending, number, string]>([
  ['INT', 6, '--prefix /opt/tocsin'],
  ['KILL', 6, ''],
])(
  'a removal that is ended by %s at any command is finished by the next one',
  { timeout: timeoutMs },
  async ([ending, some, prefix], { skip }) => {
    if (lacking !== undefined) skip(lacking);
    using here = await world();
    const { host } = here;
    const [bare = ''] = await host.run('footprint');
    const layer = await host.keep(`end ${prefix}`);
    const removal = ['--uninstall', '--purge'];
    const [, whole] = await host.run(`${boots}; ${cutAt(0, ending, ...removal)}`, layer);
    for (const at of spread(cutShort(whole).calls, some)) {
      const [, cut, next, after = ''] = await host.run(
        `${boots}; ${cutAt(at, ending, ...removal)}; end --uninstall --purge; echo --; footprint`,
        layer,
      );
      const { command } = cutShort(cut);
      expect({ at, command, next, left: differences(bare, after) }).toEqual({
        at,
        command,
        next: expect.stringContaining('"exitCode":0') as unknown,
        left: [],
      });
    }
  },
);
