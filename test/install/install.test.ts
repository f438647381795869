import { expect, test } from 'vitest';
import { heardBy } from '../support/guest/agent-service.ts';
import { bootGuest, guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { realArchives, versions } from '../support/install/archives.ts';
import { differences, footprint, outcomeOf } from '../support/install/installer.ts';
import { pipeToShell } from '../support/install/one-line.ts';
import { releaseFolder } from '../support/install/release-folder.ts';
import { startReleaseServer } from '../support/install/release-server.ts';
import { startSlackServer } from '../support/slack-server.ts';

const lacking = lacksGuest();

/** With the time to make the archives, should they not be kept. */
const timeoutMs = guestTimeoutMs + 300_000;

/** Looks often and tells at once, beside what `init` wrote. */
const quick = `checks:
  - name: services
    type: systemd
    interval: 1s
    debounce: { fail_after: 1 }
`;

/** Everywhere the secret must not be, but for the folder of credentials. */
const searched = `
  grep -rlF -f /root/hook /etc/systemd /usr/local /etc/tocsin/agent.config.yaml /var/log /run/log /tmp 2>/dev/null
  journalctl -o export | grep -F -f /root/hook
  systemctl show tocsin | grep -F -f /root/hook
  cat /root/seen
`;

/** Looks at what every process was called with, as fast as it can, for as long as the guest runs. */
const watcher =
  'while :; do grep -lF -f /root/hook /proc/[0-9]*/cmdline >> /root/seen 2>/dev/null; done';

test(
  'one line on a bare Debian, and a failing service is told over Slack and after a reboot; nothing stays behind',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    const [version] = versions;
    await realArchives(version);
    await using server = await startReleaseServer();
    await using slack = await startSlackServer();
    const { message } = heardBy(slack, 60_000);
    using releases = releaseFolder({ baseUrl: server.url });
    server.folder = releases.path;
    await releases.addReal(version);
    await using guest = await bootGuest({ hostname: 'front-1' });
    await guest.lend(Number(new URL(slack.origin).port));
    await server.lendTo(guest);
    const before = await footprint(guest);
    const secret = slack.url.slice(slack.origin.length);
    await guest.write('/root/hook', slack.url);
    await guest.say('systemd-run', '--quiet', '--unit=watcher', 'sh', '-c', watcher);

    const dry = await pipeToShell(guest, server.url, '--dry-run');
    expect(dry).toContain('+ systemctl enable --quiet tocsin.service\n');
    expect(dry).not.toContain(secret);
    expect(differences(before, await footprint(guest))).toEqual([]);

    const said = await pipeToShell(guest, server.url, '');
    expect(said).toContain('    signature verified\n    digest verified\n');
    expect(said).toContain('tocsin 0.1.0-a runs\n');
    expect(said).not.toContain(secret);
    const first = await message(/TEST/);
    expect(first).toContain('TEST, nothing is wrong: tocsin on front-1 reaches you');
    expect(first).toMatch(/tocsin 0\.1\.0-a has \d+ checks here: disk, /);
    expect(await guest.shell('tocsin doctor || :')).toMatch(
      /^ok +receiver +default \(slack\) took/m,
    );
    const metrics = await guest.shell('curl -sS http://127.0.0.1:9860/metrics | grep build_info');
    expect(metrics).toContain('version="0.1.0-a"');

    // A reload reads the configuration with the credentials of the service.
    await guest.write('/etc/tocsin/conf.d/quick.yaml', quick);
    await guest.say('systemctl', 'reload', 'tocsin');
    await guest.shell('until tocsin status | grep -q services; do sleep 0.2; done');
    await guest.run(['systemd-run', '--quiet', '--unit=shop', 'sh', '-c', 'echo no stock; exit 3']);
    const alert = await message(/^🔴/);
    expect(alert).toMatch(
      /^🔴 services is down on front-1\nshop\.service has failed: exit code 3\n/,
    );
    expect(alert).toMatch(/log of shop\.service:\n(?: .*\n)* .* sh\[\d+\]: no stock\n/);

    await guest.say('systemctl', 'stop', 'watcher');
    expect(await guest.shell(searched)).toBe('');
    const kept = await guest.shell('find /etc/tocsin/credentials -type f -printf "%m %u %f"');
    expect(kept).toBe('600 root slack-webhook-url');
    const other = await guest.run(['cat', '/etc/tocsin/credentials/slack-webhook-url'], {
      user: 'nobody',
    });
    expect(other.stderr).toContain('Permission denied');

    const pid = await guest.say('systemctl', 'show', '-P', 'MainPID', 'tocsin');
    const again = await pipeToShell(guest, server.url, '--json');
    expect(outcomeOf({ code: 0, stdout: again, stderr: '' })).toMatchObject({
      result: 'unchanged',
      changed: false,
      message: 'tocsin 0.1.0-a is installed and well: nothing to do',
    });
    expect(await guest.say('systemctl', 'show', '-P', 'MainPID', 'tocsin')).toBe(pid);

    await guest.reboot();
    expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');
    await message(/✅ \*?services/);

    await pipeToShell(guest, server.url, '--uninstall --purge');
    expect(differences(before, await footprint(guest))).toEqual([]);
  },
  timeoutMs,
);
