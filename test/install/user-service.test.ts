import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { Said } from '../support/guest/enter.ts';
import { heardBy } from '../support/guest/agent-service.ts';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import { lacksDebian } from '../support/guest/tree.ts';
import { realArchives } from '../support/install/archives.ts';
import { differences, footprint, installAs, outcomeOf } from '../support/install/installer.ts';
import { releaseFolder } from '../support/install/release-folder.ts';
import { startSlackServer } from '../support/slack-server.ts';

const lacking = lacksGuest();

/** With the time to make the archives, should they not be kept. */
const timeoutMs = guestTimeoutMs + 300_000;

/** Looks often and tells at once, beside what `init` wrote. */
const quick = `checks:
  - name: flag
    type: file
    path: /home/sam/flag
    interval: 1s
    debounce: { fail_after: 1, recover_after: 1 }
`;

const program = '/home/sam/.local/bin/tocsin';

/** What sam types, without a session of his own: root has become him. */
async function bySam(guest: Guest, line: string): Promise<Said> {
  const runtime = 'XDG_RUNTIME_DIR=/run/user/$(id -u)';
  return guest.run(['sh', '-c', `export ${runtime}; ${line}`], { user: 'sam' });
}

/** The same in a session, as after a login; systemd ends the services of sam some time after the line has ended. */
async function loggedIn(guest: Guest, line: string): Promise<Said> {
  return guest.run(['su', '-', 'sam', '-c', line], { timeoutMs: 120_000 });
}

async function hasManager(guest: Guest): Promise<boolean> {
  return (await bySam(guest, 'systemctl --user show-environment')).code === 0;
}

async function addSam(guest: Guest): Promise<void> {
  await guest.shell('useradd --create-home --shell /bin/sh sam');
}

/** From now on sam has a manager, logged in or not. */
async function linger(guest: Guest): Promise<void> {
  // logind of systemd 257 answers only what belongs to the guest's own control groups.
  await guest.say('systemd-run', '--quiet', '--wait', 'loginctl', 'enable-linger', 'sam');
  await eventually(async () => hasManager(guest), 'sam has a manager', 30_000);
}

async function unitSays(guest: Guest, property: string): Promise<string> {
  return (await bySam(guest, `systemctl --user show -P ${property} tocsin`)).stdout.trim();
}

test(
  'a user without root has an agent that tells, outlives logins and boots, is upgraded, and goes without a trace',
  { timeout: timeoutMs },
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await realArchives();
    await using slack = await startSlackServer();
    const { message } = heardBy(slack, 120_000);
    using releases = releaseFolder();
    await releases.addReal('0.1.0-a');
    await using guest = await bootGuest({ bind: { '/srv/releases': releases.path } });
    await guest.lend(Number(new URL(slack.origin).port));
    await addSam(guest);
    await linger(guest);
    const before = await footprint(guest);
    const install = async (...words: readonly string[]) =>
      installAs(guest, { user: 'sam', env: { TOCSIN_SLACK_WEBHOOK_URL: slack.url } }, ...words);

    const said = await install('--json');
    expect({ ...outcomeOf(said), said: said.stderr }).toMatchObject({
      result: 'installed',
      config: '/home/sam/.config/tocsin/agent.config.yaml',
    });
    expect(said.stderr).not.toContain('enable-linger');
    expect(await message(/TEST/)).toContain('TEST, nothing is wrong');
    expect((await bySam(guest, 'systemctl --user is-active tocsin')).stdout).toBe('active\n');
    expect(await guest.shell('ps -o user= -C tocsin')).toBe('sam');
    // Where the state is, and the secret, which the unit does not hand over: it belongs to sam anyway.
    await guest.shell('test -S /home/sam/.local/state/tocsin/tocsin.sock');
    expect(
      await guest.shell('cd /home/sam/.config/tocsin/credentials; stat -c "%a %U %n" . *'),
    ).toBe('700 sam .\n600 sam slack-webhook-url');
    expect((await bySam(guest, `${program} doctor`)).stdout).toMatch(
      /^ok +service +tocsin\.service is active$/m,
    );
    const again = await install('--json');
    expect(outcomeOf(again)).toMatchObject({ result: 'unchanged', message: /nothing to do/ });

    await guest.shell('touch /home/sam/flag');
    await bySam(guest, `cat > ~/.config/tocsin/conf.d/quick.yaml <<'END'\n${quick}END`);
    expect(await bySam(guest, 'systemctl --user reload tocsin')).toMatchObject({ code: 0 });
    await guest.shell(
      `until ${program} status -c /home/sam/.config/tocsin/agent.config.yaml | grep -q "^ok .*flag"; do sleep 0.2; done`,
    );
    await guest.shell('rm /home/sam/flag');
    expect(await message(/^🔴/)).toContain('/home/sam/flag does not exist');

    await guest.reboot();
    await guest.shell('touch /home/sam/flag');
    await eventually(
      async () => (await bySam(guest, `${program} status`)).stdout.includes(' up '),
      'the agent answers after the reboot',
      30_000,
    );
    expect(await guest.shell('loginctl list-sessions --no-legend')).toBe('');

    await releases.addReal('0.1.0-b');
    expect(outcomeOf(await install('--json'))).toMatchObject({ result: 'upgraded' });
    releases.addStandIn('0.2.0', 'ends');
    expect(outcomeOf(await install('--json'))).toMatchObject({
      exitCode: 71,
      changed: false,
      message: 'tocsin 0.2.0 did not become well; 0.1.0-b runs again',
    });
    expect((await bySam(guest, `${program} status`)).stdout).toContain('tocsin 0.1.0-b');
    // The group of the alert is told of once in a minute.
    await message(/✅ \*?flag/);
    await guest.shell('rm /home/sam/flag');

    expect((await install('--uninstall', '--purge')).code).toBe(0);
    expect(differences(before, await footprint(guest))).toEqual([]);
    expect((await bySam(guest, 'systemctl --user is-enabled tocsin')).stdout).not.toContain(
      'enabled',
    );
  },
);

test(
  'without lingering it is said that the agent ends at the logout, and it does; a removal needs no manager',
  { timeout: timeoutMs },
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await realArchives();
    using releases = releaseFolder();
    await releases.addReal('0.1.0-a');
    await using guest = await bootGuest({ bind: { '/srv/releases': releases.path } });
    await addSam(guest);
    const before = await footprint(guest);
    const script = 'sh /srv/releases/install.sh --offline /srv/releases';
    const line = `${script} && ${program} doctor; systemctl --user stop tocsin; ${program} doctor`;
    const { stdout } = await loggedIn(guest, line);
    expect(stdout).toContain('tocsin 0.1.0-a runs\n');
    expect(stdout).toContain(
      'it runs while you are logged in; for longer: loginctl enable-linger sam\n',
    );
    expect(stdout).toMatch(
      /^warning +service +tocsin\.service belongs to sam, and ends when sam logs out\n +→ loginctl enable-linger sam$/m,
    );
    expect(stdout).toMatch(
      /was stopped: nothing is watched.*\n +→ systemctl --user start tocsin$/m,
    );

    await eventually(async () => !(await hasManager(guest)), 'the manager has ended', 30_000);
    const removed = await installAs(guest, { user: 'sam' }, '--uninstall', '--purge');
    expect(removed).toMatchObject({ code: 0, stderr: '' });
    expect(differences(before, await footprint(guest))).toEqual([]);
  },
);

// systemd 247, 252 and 257, and what is being made: a manager of a user can do less of the unit on an older one.
test.for(['bullseye', 'bookworm', 'trixie', 'forky'] as const)(
  'on Debian %s an agent of a user is in what sandbox there is, and is started again by its watchdog when it hangs',
  { timeout: timeoutMs },
  async (debian, { skip }) => {
    const reason = lacking ?? lacksDebian(debian);
    if (reason !== undefined) skip(reason);
    await realArchives();
    using releases = releaseFolder();
    await releases.addReal('0.1.0-a');
    await using guest = await bootGuest({
      debian,
      bind: { '/srv/releases': releases.path },
      files: {
        '/etc/systemd/user/tocsin.service.d/quick.conf':
          '[Service]\nWatchdogSec=3s\nRestartSec=1s\n',
      },
    });
    await addSam(guest);
    await linger(guest);
    const said = await installAs(guest, { user: 'sam' });
    expect(said).toMatchObject({ code: 0 });
    expect(said.stdout).not.toContain('enable-linger');
    const pid = await unitSays(guest, 'MainPID');
    const status = await guest.read(`/proc/${pid}/status`);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    await guest.say('kill', '-STOP', pid);
    await eventually(async () => (await unitSays(guest, 'NRestarts')) === '1', 'restarted', 30_000);
    await eventually(
      async () => (await unitSays(guest, 'ActiveState')) === 'active',
      'it runs again',
      30_000,
    );
    expect((await installAs(guest, { user: 'sam' }, '--uninstall', '--purge')).code).toBe(0);
    expect(await guest.shell('find /home/sam -name "*tocsin*"')).toBe('');
  },
);
