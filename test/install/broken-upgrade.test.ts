import { beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { realArchives, versions } from '../support/install/archives.ts';
import { faulty } from '../support/install/faults.ts';
import { differences, footprint, install, outcomeOf } from '../support/install/installer.ts';
import { startUpgradedHost } from '../support/install/upgraded-host.ts';

const lacking = lacksGuest();
const [first] = versions;

beforeAll(async () => {
  if (lacking !== undefined) return;
  for (const version of [first, ...Object.values(faulty)]) await realArchives(version);
}, 600_000);

/** What belongs to the agent itself comes and goes. */
const ofState = / \/var\/lib\/tocsin\//;

describe.concurrent('a version of the real agent', () => {
  test.for([
    { fault: 'ends', how: 'ends at once', says: 'this version ends at once' },
    {
      fault: 'hangs',
      how: 'hangs before it is ready and does not take the signal to end',
    },
    { fault: 'crashes', how: 'falls over after ten seconds', says: 'does not last' },
  ] as const)(
    'that $how is taken back, with all that was known, and what was due meanwhile is told once',
    { timeout: guestTimeoutMs },
    async (row, { skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using host = await startUpgradedHost();
      const { guest, releases, slack } = host;
      const version = faulty[row.fault];
      await releases.addReal(version);
      const before = await footprint(guest);
      // Seconds since 1970, one for each start.
      const starts = async (): Promise<number[]> => {
        const { stdout } = await guest.run(['journalctl', '-u', 'tocsin', '-o', 'short-unix']);
        return [...stdout.matchAll(/^([\d.]+) .*: Starting tocsin/gm)].map(([, at]) => Number(at));
      };
      const former = (await starts()).length;

      // One message waits for its receiver while the versions change, and one is due only then.
      slack.script({ status: 503 }, { status: 503 }, { status: 503 });
      const asked = slack.requests.length;
      await host.set('early', false);
      await eventually(() => slack.requests.length > asked, 'the receiver refused', 30_000);
      const upgrade = install(guest, '--json');
      await eventually(
        async () => (await starts()).length > former,
        'the new version is begun',
        60_000,
      );
      await host.set('late', false);
      const failed = await upgrade;

      expect(outcomeOf(failed)).toMatchObject({
        result: 'failed',
        changed: false,
        exitCode: 71,
        message: `tocsin ${version} did not become well; ${first} runs again`,
      });
      if ('says' in row) expect(failed.stderr).toContain(row.says);
      // Half a minute, five seconds to end, and what a busy machine adds.
      const [begun = 0, ...later] = (await starts()).slice(former);
      expect((later.at(-1) ?? Infinity) - begun).toBeLessThan(70);
      expect(await host.runs()).toBe(first);
      const left = differences(before, await footprint(guest));
      expect(left.filter((line) => !ofState.test(line) && !/ \/opt\//.test(line))).toEqual([]);

      await host.hears('early', 'down');
      await host.hears('late', 'down');
      await host.settles();
      expect(await guest.say('tocsin', 'silence', 'list')).toContain('being rebuilt');
      // Whatever else was to be told comes before this.
      await host.set('web', true);
      await host.hears('web', 'up');
      const counts = (['web', 'early', 'late', 'shop'] as const).map((what) =>
        host.told(what, 'down'),
      );
      expect(counts).toEqual([1, 1, 1, 0]);
      expect(outcomeOf(await install(guest, '--json', '--version', first))).toMatchObject({
        result: 'unchanged',
      });
    },
  );
});
