import { expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { differences, footprint, install, outcomeOf } from '../support/install/installer.ts';
import { releaseFolder } from '../support/install/release-folder.ts';

const lacking = lacksGuest();
const dropIns = '/etc/systemd/system/tocsin.service.d';

async function withRelease(use: (guest: Guest) => Promise<void>): Promise<void> {
  using releases = releaseFolder();
  releases.addStandIn('1.0.0');
  await using guest = await bootGuest({ bind: { '/srv/releases': releases.path } });
  await use(guest);
}

/** What the configuration needs, as `tocsin grants` has it. */
async function need(guest: Guest, ...lines: readonly string[]): Promise<void> {
  await guest.write('/etc/tocsin/needed', lines.map((line) => `${line}\n`).join(''));
}

async function granted(guest: Guest): Promise<string> {
  return guest.shell(`cd ${dropIns} && ls grant-* 2>/dev/null | xargs`);
}

test(
  'a removal keeps configuration and state, which the next installation finds and --purge removes',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await withRelease(async (guest) => {
      const before = await footprint(guest);
      expect(outcomeOf(await install(guest, '--json', '--uninstall'))).toMatchObject({
        result: 'unchanged',
      });
      await install(guest);
      await guest.shell('echo "checks: [] # mine" > /etc/tocsin/agent.config.yaml');
      const removed = await install(guest, '--json', '--uninstall');
      expect(outcomeOf(removed)).toMatchObject({
        result: 'uninstalled',
        changed: true,
        message:
          'tocsin is removed; /etc/tocsin and /var/lib/tocsin stay (--uninstall --purge removes them)',
      });
      expect((await guest.run(['systemctl', 'cat', 'tocsin'])).code).not.toBe(0);
      expect(await guest.shell('ls -d /usr/local/bin/tocsin /usr/local/lib/tocsin || :')).toBe('');

      expect(outcomeOf(await install(guest, '--json'))).toMatchObject({ result: 'installed' });
      expect(await guest.read('/etc/tocsin/agent.config.yaml')).toBe('checks: [] # mine\n');
      await install(guest, '--uninstall');
      await install(guest, '--uninstall', '--purge');
      expect(differences(before, await footprint(guest))).toEqual([]);
    });
  },
  guestTimeoutMs,
);

test(
  '--no-start installs below another prefix and starts nothing; what somebody changed stays at a removal',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await withRelease(async (guest) => {
      const before = await footprint(guest);
      const options = ['--prefix', '/opt/tocsin', '--no-start'];
      expect(outcomeOf(await install(guest, '--json', ...options))).toMatchObject({
        result: 'installed',
        message: 'tocsin 1.0.0 is installed; nothing was started',
      });
      expect(await guest.say('/opt/tocsin/bin/tocsin', '--version')).toBe('tocsin 1.0.0');
      expect(await guest.say('systemctl', 'show', '-P', 'ActiveState', 'tocsin')).toBe('inactive');
      expect(await guest.read('/etc/systemd/system/tocsin.service')).toContain(
        'ExecStart=/opt/tocsin/bin/tocsin run -c /etc/tocsin/agent.config.yaml\n',
      );
      expect(outcomeOf(await install(guest, '--json', ...options))).toMatchObject({
        result: 'unchanged',
      });
      const started = await install(guest, '--json', '--prefix=/opt/tocsin');
      expect(outcomeOf(started)).toMatchObject({ result: 'repaired', message: /./ });
      expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');

      await guest.shell('echo mine > /opt/tocsin/share/doc/tocsin/LICENSE');
      const removed = await install(guest, '--prefix', '/opt/tocsin', '--uninstall', '--purge');
      expect(removed.stdout).toContain(
        '/opt/tocsin/share/doc/tocsin/LICENSE was changed since it was installed: it stays\n',
      );
      await guest.shell('rm -r /opt/tocsin');
      expect(differences(before, await footprint(guest))).toEqual([]);
    });
  },
  guestTimeoutMs,
);

test(
  'a unit that somebody edited is put right, and the edited one kept beside it',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await withRelease(async (guest) => {
      await install(guest);
      const unit = '/etc/systemd/system/tocsin.service';
      const ours = await guest.read(unit);
      await guest.shell(`echo "# mine" >> ${unit}`);
      await guest.write(`${dropIns}/override.conf`, '[Service]\nNice=5\n');
      const said = await install(guest);
      expect(said.stdout).toContain(
        `${unit} had been edited: kept as ${unit}.edited; move the changes to a drop-in (systemctl edit tocsin)`,
      );
      expect(said.stdout).toContain('tocsin 1.0.0 was there already');
      expect(await guest.read(unit)).toBe(ours);
      expect(await guest.read(`${unit}.edited`)).toBe(`${ours}# mine\n`);
      expect(await guest.say('systemctl', 'show', '-P', 'Nice', 'tocsin')).toBe('5');
    });
  },
  guestTimeoutMs,
);

test(
  'harmless rights are given, powerful ones when asked for, and both withdrawn when no check needs them',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await withRelease(async (guest) => {
      await need(guest, 'docker  powerful  containers', 'journal  harmless  errors, units');
      const first = await install(guest);
      expect(await granted(guest)).toBe('grant-journal.conf');
      expect(first.stdout).toContain(
        'containers: there is no group docker here, so that the right "docker" cannot be given',
      );

      await need(guest, 'journal  harmless  errors', 'kernel-log  powerful  killed');
      const named = await install(guest);
      expect(named.stdout).toContain('nothing to do');
      const given = await install(guest, '--grant', 'kernel-log,listeners');
      expect(given.stdout).toContain('--grant listeners: no check needs it');
      expect(await granted(guest)).toBe('grant-journal.conf grant-kernel-log.conf');
      expect(await guest.say('systemctl', 'show', '-P', 'AmbientCapabilities', 'tocsin')).toBe(
        'cap_syslog',
      );

      // Once given it stays without being asked for again.
      expect((await install(guest)).stdout).toContain('nothing to do');
      await need(guest, 'processes  harmless  app');
      const less = await install(guest);
      expect(less.stdout).toContain('grant-kernel-log.conf: no check needs it any more');
      expect(await granted(guest)).toBe('grant-processes.conf');
      expect(await guest.say('systemctl', 'show', '-P', 'AmbientCapabilities', 'tocsin')).toBe('');
    });
  },
  guestTimeoutMs,
);

test(
  'a secret that was added later is handed to the service by the next run',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await withRelease(async (guest) => {
      await install(guest);
      await guest.shell('umask 077; echo s3cret > /etc/tocsin/credentials/pagerduty');
      expect((await install(guest)).stdout).toContain('tocsin 1.0.0 was there already');
      expect(await guest.read(`${dropIns}/10-credentials.conf`)).toContain(
        'LoadCredential=pagerduty:/etc/tocsin/credentials/pagerduty\n',
      );
      expect((await install(guest)).stdout).toContain('nothing to do');
    });
  },
  guestTimeoutMs,
);

test(
  'a secret in a file gets to the credentials, and nowhere else',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await withRelease(async (guest) => {
      await guest.write('/root/hook', 'https://hooks.example.com/kept-secret\n');
      const missing = await install(guest, '--json', '--slack-webhook', '@/root/none');
      expect(missing.stderr).toContain('install.sh: /root/none cannot be read\n');
      expect(missing.code).toBe(64);
      const said = await install(guest, '--json', '--slack-webhook', '@/root/hook');
      expect(outcomeOf(said)).toMatchObject({ result: 'installed' });
      expect(said.stdout + said.stderr).not.toContain('kept-secret');
      expect(await guest.read('/etc/tocsin/credentials/slack')).toBe(
        'https://hooks.example.com/kept-secret\n',
      );
      expect(await guest.shell('stat -c %a%U /etc/tocsin/credentials/slack')).toBe('600root');
      const found = 'grep -rl kept-secret /etc /usr/local /var /tmp 2>/dev/null || :';
      expect(await guest.shell(found)).toBe('/etc/tocsin/credentials/slack');
    });
  },
  guestTimeoutMs,
);

test(
  'a test message that does not arrive starts nothing; the configuration is there to be mended',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await withRelease(async (guest) => {
      const before = await footprint(guest);
      await guest.write('/etc/tocsin/deaf', '');
      const failed = await install(guest, '--json');
      expect(outcomeOf(failed)).toMatchObject({
        exitCode: 70,
        changed: false,
        message:
          'the test message did not arrive; mend the receiver in /etc/tocsin/agent.config.yaml and run this again, or use --no-test',
      });
      expect(await guest.shell('ls /usr/local/bin/tocsin 2>/dev/null || :')).toBe('');
      expect((await install(guest, '--no-test')).code).toBe(0);
      await install(guest, '--uninstall', '--purge');
      expect(differences(before, await footprint(guest))).toEqual([]);
    });
  },
  guestTimeoutMs,
);

test(
  'a wrong call is told in a sentence, as JSON too, and touches nothing',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await withRelease(async (guest) => {
      const before = await footprint(guest);
      const calls: readonly (readonly [words: readonly string[], says: string])[] = [
        [['--bogus'], 'there is no option --bogus; --help lists them'],
        [['--prefix'], '--prefix needs a value; --help says which'],
        [['--purge'], '--purge goes with --uninstall'],
        [['--watch', 'soon'], '--watch takes a number of seconds, not soon'],
      ];
      for (const [words, says] of calls) {
        const said = await install(guest, ...words, '--json');
        expect(outcomeOf(said)).toMatchObject({ result: 'failed', exitCode: 64, message: says });
      }
      const help = await install(guest, '--help');
      expect(help.code).toBe(0);
      expect(help.stdout).toContain('Exit codes: 0 done');
      expect(differences(before, await footprint(guest))).toEqual([]);
    });
  },
  guestTimeoutMs,
);
