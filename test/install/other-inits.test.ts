import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { heardBy } from '../support/guest/agent-service.ts';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { realArchives } from '../support/install/archives.ts';
import {
  differences,
  footprint,
  install,
  installAs,
  outcomeOf,
} from '../support/install/installer.ts';
import { releaseFolder } from '../support/install/release-folder.ts';
import { startSlackServer } from '../support/slack-server.ts';

const lacking = lacksGuest();
const inits = ['sysvinit', 'openrc'] as const;

/** With the time to make the archives, should they not be kept. */
const timeoutMs = 2 * guestTimeoutMs + 300_000;

/** Looks often and tells at once, beside what `init` wrote. */
const quick = `checks:
  - name: flag
    type: file
    path: /srv/flag
    interval: 1s
    debounce: { fail_after: 1, recover_after: 1 }
`;

/** What is left of an installation, but for what Debian itself does at an addition and not at a removal. */
async function leftSince(before: string, guest: Guest): Promise<readonly string[]> {
  // update-rc.d numbers the links of all services anew, and OpenRC keeps what it knows over a shutdown.
  const passing = / \/(?:etc\/rc\d\.d\/K|etc\/init\.d\/\.depend\.|usr\/lib\/rc\/cache)/;
  return differences(before, await footprint(guest)).filter((line) => !passing.test(line));
}

async function agents(guest: Guest): Promise<string> {
  return guest.shell('pgrep -u tocsin -f "tocsin|sleep infinity" | xargs');
}

/** Waits for an answer of the agent, whatever its checks have found. */
async function untilReady(guest: Guest): Promise<void> {
  await guest.shell('until tocsin status 2>/dev/null | grep -q " up "; do sleep 0.2; done');
}

async function versionThatRuns(guest: Guest): Promise<string> {
  return guest.shell('tocsin status | sed -n "s/^guest: tocsin \\(.*\\), up .*/\\1/p"');
}

describe.for(inits)('under %s', (init) => {
  test(
    'the service runs, is there after a reboot, and goes without a trace',
    { timeout: 2 * guestTimeoutMs },
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      using releases = releaseFolder();
      releases.addStandIn('1.0.0');
      await using guest = await bootGuest({ init, bind: { '/srv/releases': releases.path } });
      const before = await footprint(guest);
      const said = await install(guest, '--json');
      expect({ ...outcomeOf(said), said: said.stderr }).toMatchObject({ result: 'installed' });
      expect(await guest.shell('ps -o user= -C sleep | sort -u')).toBe('tocsin');
      await guest.reboot();
      await guest.shell('until tocsin status 2>/dev/null | grep -q ready; do sleep 0.2; done');
      expect((await install(guest, '--uninstall', '--purge')).code).toBe(0);
      expect(await leftSince(before, guest)).toEqual([]);
    },
  );

  test(
    'an agent that needs some seconds to end has ended when the service is stopped',
    { timeout: guestTimeoutMs },
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      using releases = releaseFolder();
      releases.addStandIn('1.0.0', 'drains');
      await using guest = await bootGuest({ init, bind: { '/srv/releases': releases.path } });
      expect((await install(guest)).code).toBe(0);
      await guest.say('/etc/init.d/tocsin', 'stop');
      expect(await guest.shell('pgrep -u tocsin || :')).toBe('');
    },
  );

  test(
    'the real agent tells an outage and its end over a reboot, logs, reloads, and comes back from a bad upgrade',
    { timeout: timeoutMs },
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await realArchives();
      await using slack = await startSlackServer();
      const { message } = heardBy(slack, 120_000);
      using releases = releaseFolder();
      await releases.addReal('0.1.0-a');
      await using guest = await bootGuest({ init, bind: { '/srv/releases': releases.path } });
      await guest.lend(Number(new URL(slack.origin).port));
      const before = await footprint(guest);
      const env = { TOCSIN_SLACK_WEBHOOK_URL: slack.url };
      const said = await installAs(guest, { env }, '--json');
      expect({ ...outcomeOf(said), said: said.stderr }).toMatchObject({ result: 'installed' });
      expect(await message(/TEST/)).toContain('TEST, nothing is wrong');
      expect(await guest.shell('ps -o user= -C tocsin')).toBe('tocsin');
      const kept = await guest.shell('stat -c "%a %U" /etc/tocsin/credentials/*');
      expect(kept).toBe('600 tocsin');

      await guest.shell('touch /srv/flag');
      await guest.write('/etc/tocsin/conf.d/quick.yaml', quick);
      await guest.say('/etc/init.d/tocsin', 'reload');
      await guest.shell('until tocsin status | grep -q "^ok .*flag"; do sleep 0.2; done');
      await guest.shell('rm /srv/flag');
      expect(await message(/^🔴/)).toContain('/srv/flag does not exist');
      expect(await guest.shell('stat -c "%a %U %G" /var/log/tocsin.log')).toBe('640 tocsin adm');
      const reloaded = 'grep -c "configuration reloaded" /var/log/tocsin.log || :';
      expect(await guest.shell(reloaded)).toBe('1');
      await guest.say('logrotate', '-fs', '/run/rotated', '/etc/logrotate.d/tocsin');
      expect(await guest.shell(reloaded)).toBe('0');
      await guest.say('/etc/init.d/tocsin', 'reload');
      expect(await guest.shell(reloaded)).toBe('1');

      await guest.reboot();
      await guest.shell('touch /srv/flag');
      await untilReady(guest);
      expect(await versionThatRuns(guest)).toBe('0.1.0-a');
      expect((await install(guest)).stdout).toContain('nothing to do');

      releases.addStandIn('0.2.0', 'ends');
      const failed = await install(guest, '--json');
      expect(outcomeOf(failed)).toMatchObject({
        exitCode: 71,
        changed: false,
        message: 'tocsin 0.2.0 did not become well; 0.1.0-a runs again',
      });
      expect(failed.stderr).toContain('this version ends at once');
      expect(await versionThatRuns(guest)).toBe('0.1.0-a');
      expect(await agents(guest)).toMatch(/^\d+$/);
      // The group of the alert is told of once in a minute.
      await message(/✅ \*?flag/);

      expect((await install(guest, '--uninstall', '--purge')).code).toBe(0);
      expect(await leftSince(before, guest)).toEqual([]);
      expect(await guest.shell('ls /var/log/tocsin.log* 2>/dev/null || :')).toBe('');
    },
  );

  test(
    'the service is started once, and a configuration that cannot be used stops nothing',
    { timeout: timeoutMs },
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await realArchives();
      using releases = releaseFolder();
      await releases.addReal('0.1.0-a');
      await using guest = await bootGuest({ init, bind: { '/srv/releases': releases.path } });
      expect((await install(guest)).code).toBe(0);
      const call = async (verb: string) => guest.run(['/etc/init.d/tocsin', verb]);
      expect(await call('status')).toMatchObject({ code: 0 });
      const first = await agents(guest);
      expect(await call('start')).toMatchObject({ code: 0 });
      expect(await agents(guest)).toBe(first);
      expect(await call('restart')).toMatchObject({ code: 0 });
      const second = await agents(guest);
      expect(second).toMatch(/^\d+$/);
      expect(second).not.toBe(first);
      await untilReady(guest);

      await guest.write('/etc/tocsin/conf.d/bad.yaml', 'checkz: []\n');
      const refused = await call('restart');
      expect(refused.code).toBe(init === 'sysvinit' ? 6 : 1);
      expect(refused.stderr).toContain('bad.yaml:1:1');
      expect((await call('reload')).code).not.toBe(0);
      expect(await agents(guest)).toBe(second);
      await guest.shell('rm /etc/tocsin/conf.d/bad.yaml');

      expect(await call('stop')).toMatchObject({ code: 0 });
      expect(await agents(guest)).toBe('');
      expect(await call('status')).toMatchObject({ code: 3 });
      expect(await call('stop')).toMatchObject({ code: 0 });
      expect(await call('start')).toMatchObject({ code: 0 });

      // As when the power fails, or the memory: nobody ends it in order.
      const third = await agents(guest);
      await guest.say('kill', '-KILL', third);
      if (init === 'openrc') {
        const isBack = async () => !['', third].includes(await agents(guest));
        await eventually(isBack, 'the supervisor has started it again', 20_000);
      } else {
        const isKnown = async () => (await call('status')).code === 1;
        await eventually(isKnown, 'it has ended, and its pid file is there');
        expect(await call('start')).toMatchObject({ code: 0 });
      }
      await untilReady(guest);
      await guest.cutPower();
      await guest.boot();
      await untilReady(guest);
      expect(await agents(guest)).toMatch(/^\d+$/);
    },
  );
});

test(
  'the pid file of sysvinit, left behind, neither keeps the agent from starting nor kills whose number it has now',
  { timeout: guestTimeoutMs },
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    using releases = releaseFolder();
    releases.addStandIn('1.0.0');
    await using guest = await bootGuest({
      init: 'sysvinit',
      bind: { '/srv/releases': releases.path },
    });
    expect((await install(guest)).code).toBe(0);
    const call = async (verb: string) => guest.run(['service', 'tocsin', verb]);
    await call('stop');
    const other = await guest.shell('sleep 1000 >/dev/null 2>&1 & echo $!');
    const leave = async () => guest.write('/run/tocsin.pid', `${other}\n`);
    await leave();
    expect((await call('status')).code).not.toBe(0);
    expect((await call('stop')).code).toBe(0);
    await guest.say('kill', '-0', other);
    await leave();
    expect((await call('reload')).code).toBe(7);
    expect((await call('try-restart')).code).toBe(0);
    expect(await agents(guest)).toBe('');
    expect((await call('start')).code).toBe(0);
    expect((await call('status')).code).toBe(0);
    expect((await call('try-restart')).code).toBe(0);
    expect(await agents(guest)).toMatch(/^\d+$/);
    expect((await call('bogus')).code).toBe(2);
    await guest.say('kill', '-0', other);
  },
);
