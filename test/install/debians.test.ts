/*
 * The whole life of an installation on the Debians beside 12, which install.test.ts and test/booted look at: from the
 * one command to a host on which nothing is left. Each has another systemd.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { heardBy } from '../support/guest/agent-service.ts';
import { nothingAllowed, triedIn, triesCheck, triesForbidden } from '../support/guest/forbidden.ts';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { lacksDebian } from '../support/guest/tree.ts';
import { realArchives, versions } from '../support/install/archives.ts';
import { differences, footprint } from '../support/install/installer.ts';
import { pipeToShell } from '../support/install/one-line.ts';
import { releaseFolder } from '../support/install/release-folder.ts';
import { startReleaseServer } from '../support/install/release-server.ts';
import { startSlackServer } from '../support/slack-server.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/service.md'), 'utf8');
const [older, newer] = versions;

/** Looks often and tells at once, beside what `init` wrote. */
const quick = JSON.stringify({
  checks: [
    { name: 'services', type: 'systemd', interval: '1s', debounce: { fail_after: 1 } },
    triesCheck,
  ],
});

/** What a host has before tocsin comes: a watchdog with less patience, and the program that tries the sandbox. */
const files = {
  '/etc/systemd/system/tocsin.service.d/quick.conf': '[Service]\nWatchdogSec=3s\nRestartSec=1s\n',
  '/usr/local/bin/tries': triesForbidden,
};

async function show(guest: Guest, property: string): Promise<string> {
  return guest.say('systemctl', 'show', '--value', '-p', property, 'tocsin');
}

/** A service fails, after the agent took a configuration with the credentials that it was started with. */
async function letAServiceFail(guest: Guest): Promise<void> {
  await guest.write('/etc/tocsin/conf.d/quick.yaml', quick);
  await guest.say('systemctl', 'reload', 'tocsin');
  await guest.run(['systemd-run', '--quiet', '--unit=shop', 'sh', '-c', 'echo no stock; exit 3']);
}

/** What this systemd makes of the unit is what the page says, and it leaves out none of its lines. */
async function isInItsSandbox(guest: Guest): Promise<void> {
  const [version] = (await guest.say('systemctl', '--version')).match(/\d+/) ?? [];
  const judged = await guest.say('systemd-analyze', 'security', 'tocsin.service');
  const [, exposure] = /Overall exposure level for tocsin\.service: ([\d.]+)/.exec(judged) ?? [];
  expect(page).toMatch(
    new RegExp(`and ${exposure} with the rights .*\\nsystemd .*\\b${version}\\b`),
  );
  const ignored = 'journalctl -b -o cat | grep -iE "tocsin.*(unknown|ignor|deprecated|parse)" || :';
  expect(await guest.shell(ignored)).toBe('');
  await eventually(async () => (await triedIn(guest)) !== '', 'the sandbox was tried', 30_000);
  expect(await triedIn(guest)).toBe(nothingAllowed);
}

/** An agent that stands still is ended by the watchdog of systemd, and another one runs. */
async function comesBackWhenItHangs(guest: Guest): Promise<void> {
  const [pid, restarts] = [await show(guest, 'MainPID'), Number(await show(guest, 'NRestarts'))];
  await guest.say('kill', '-STOP', pid);
  const restarted = async (): Promise<boolean> =>
    Number(await show(guest, 'NRestarts')) === restarts + 1;
  await eventually(restarted, 'it was started again', 30_000);
  await eventually(async () => (await show(guest, 'ActiveState')) === 'active', 'it runs', 30_000);
  expect(await show(guest, 'MainPID')).not.toBe(pid);
  expect(await guest.shell('journalctl -u tocsin -o cat')).toContain('Watchdog timeout');
}

describe.for(['bullseye', 'trixie', 'forky'] as const)('on Debian %s', (debian) => {
  const lacking = lacksGuest() ?? lacksDebian(debian);

  test(
    'the service is installed, in its sandbox, told of, upgraded and removed without a trace',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await realArchives(older);
      await using server = await startReleaseServer();
      await using slack = await startSlackServer();
      const { message } = heardBy(slack, 60_000);
      using releases = releaseFolder({ baseUrl: server.url });
      server.folder = releases.path;
      await releases.addReal(older);
      await using guest = await bootGuest({ debian, files });
      await guest.lend(Number(new URL(slack.origin).port));
      await server.lendTo(guest);
      await guest.write('/root/hook', slack.url);
      const before = await footprint(guest);

      expect(await pipeToShell(guest, server.url, '')).toContain(`tocsin ${older} runs\n`);
      await message(/TEST, nothing is wrong/);
      const scraped = 'curl -sS http://127.0.0.1:9860/metrics | grep build_info';
      expect(await guest.shell(scraped)).toContain(`version="${older}"`);
      await letAServiceFail(guest);
      // People are told when the time of the group is over.
      await isInItsSandbox(guest);
      expect(await message(/^🔴 services/)).toContain('shop.service has failed: exit code 3');
      await comesBackWhenItHangs(guest);

      await guest.reboot();
      expect(await show(guest, 'ActiveState')).toBe('active');
      expect(await guest.shell(scraped)).toContain(`version="${older}"`);

      await releases.addReal(newer);
      expect(await pipeToShell(guest, server.url, '--watch 3')).toContain(
        `tocsin ${newer} runs in place of ${older}\n`,
      );
      expect(await guest.shell(scraped)).toContain(`version="${newer}"`);
      await pipeToShell(guest, server.url, '--uninstall --purge');
      expect(differences(before, await footprint(guest))).toEqual([]);
    },
    guestTimeoutMs + 300_000,
  );
});
