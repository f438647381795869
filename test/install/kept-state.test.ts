import { beforeAll, expect, test } from 'vitest';
import { guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { realArchives, versions } from '../support/install/archives.ts';
import { newerAndBroken, newerState } from '../support/install/faults.ts';
import { install, outcomeOf, releasesInside } from '../support/install/installer.ts';
import { startUpgradedHost, type UpgradedHost } from '../support/install/upgraded-host.ts';

const lacking = lacksGuest();
const [first, second] = versions;

beforeAll(async () => {
  if (lacking !== undefined) return;
  for (const version of [first, second, newerState, newerAndBroken]) await realArchives(version);
}, 600_000);

/** What was told is not told again, what is silenced is not told at all, and both are known. */
async function expectKept(host: UpgradedHost, version: string): Promise<void> {
  expect(await host.runs()).toBe(version);
  await host.settles();
  const alerts = await host.guest.run(['tocsin', 'alerts']);
  expect({ version, said: alerts.stdout }).toMatchObject({
    said: expect.stringMatching(/\bweb\b/) as string,
  });
  expect(await host.guest.say('tocsin', 'silence', 'list')).toContain('being rebuilt');
  expect([version, host.told('web', 'down'), host.told('shop', 'down')]).toEqual([version, 1, 0]);
}

test(
  'over an upgrade and two ways back people are told nothing twice, and a silence goes on',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await using host = await startUpgradedHost();
    const { guest, releases } = host;
    await releases.addReal(second);
    const upgraded = await install(guest, '--json');
    expect(outcomeOf(upgraded)).toMatchObject({ result: 'upgraded', previous: first });
    expect(upgraded.stderr).toContain(`watching tocsin ${second} for 15 seconds`);
    await expectKept(host, second);

    await install(guest, '--version', first, '--watch', '1');
    await expectKept(host, first);

    await install(guest, '--watch', '1');
    const older = ['sh', `${releasesInside}/${first}/install.sh`, '--offline', releasesInside];
    const back = await guest.run([...older, '--json', '--watch', '1'], { timeoutMs: 120_000 });
    expect(outcomeOf(back)).toMatchObject({ result: 'upgraded', version: first, previous: second });
    await expectKept(host, first);

    await host.set('web', true);
    await host.hears('web', 'up');
    expect(host.told('web', 'down')).toBe(1);
  },
  guestTimeoutMs,
);

test(
  'a version that does not know the form of the state says so, and the newer one comes back',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await using host = await startUpgradedHost();
    const { guest, releases } = host;
    await releases.addReal(newerState);
    expect((await install(guest, '--watch', '1')).code).toBe(0);
    await expectKept(host, newerState);

    const refused = await install(guest, '--json', '--version', first);
    expect(outcomeOf(refused)).toMatchObject({
      exitCode: 71,
      changed: false,
      message: `tocsin ${first} did not become well; ${newerState} runs again`,
    });
    expect(refused.stderr).toMatch(
      /tocsin\.db was written by a newer tocsin \(schema \d+, this one knows \d+\); run that version, or move the file away to begin anew/,
    );
    await expectKept(host, newerState);
  },
  guestTimeoutMs,
);

test(
  'a broken version that changed the form of the state is taken back all the same, with the state of before',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await using host = await startUpgradedHost();
    const { guest, releases } = host;
    await releases.addReal(newerAndBroken);
    const failed = await install(guest, '--json');
    expect({ ...outcomeOf(failed), said: failed.stderr }).toMatchObject({
      exitCode: 71,
      message: `tocsin ${newerAndBroken} did not become well; ${first} runs again`,
    });
    expect(failed.stderr).toContain(`the state is put back as it was before ${newerAndBroken}\n`);
    await expectKept(host, first);
    expect(await guest.shell('stat -c "%U %a" /var/lib/tocsin/tocsin.db')).toBe('tocsin 600');
  },
  guestTimeoutMs,
);
