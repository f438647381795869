import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { readable } from '../support/guest/agent-service.ts';
import { bootGuest, guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { realArchives } from '../support/install/archives.ts';
import { installAs, releasesInside } from '../support/install/installer.ts';
import { releaseFolder } from '../support/install/release-folder.ts';
import { startProxy } from '../support/proxy-server.ts';
import { startSlackServer } from '../support/slack-server.ts';

const lacking = lacksGuest();

test(
  'on a host that gets out by a proxy alone, the test message and the alerts of the service go through it',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    await realArchives();
    await using slack = await startSlackServer();
    const login = Buffer.from('ops:pass-by').toString('base64');
    await using proxy = await startProxy({
      everything: '127.0.0.1',
      authorization: `Basic ${login}`,
    });
    using releases = releaseFolder();
    await releases.addReal('0.1.0-a');
    await using guest = await bootGuest({ bind: { [releasesInside]: releases.path } });
    await guest.lend(Number(new URL(proxy.url).port));
    // Nobody in the guest finds this name.
    const hook = slack.url.replace('127.0.0.1', 'slack.invalid');
    const way = proxy.url.replace('://', '://ops:pass-by@');
    const env = { https_proxy: way, TOCSIN_SLACK_WEBHOOK_URL: hook };
    const said = await installAs(guest, { env });
    expect(said).toMatchObject({ code: 0 });
    expect(said.stdout + said.stderr).not.toContain('pass-by');
    expect(slack.messages().map(readable)[0]).toContain('TEST, nothing is wrong');

    expect(await guest.read('/etc/tocsin/agent.config.yaml')).not.toContain('pass-by');
    const kept = await guest.shell('stat -c "%a %U" /etc/tocsin/credentials/proxy-url');
    expect(kept).toBe('600 root');
    const drill = `checks:
  - { name: drill, type: command, command: [/bin/false], interval: 1s, debounce: { fail_after: 1 } }
`;
    await guest.write('/etc/tocsin/conf.d/drill.yaml', drill);
    await guest.say('systemctl', 'reload', 'tocsin');
    const told = (): boolean =>
      slack.messages().some((message) => readable(message).includes('drill is in warning'));
    await eventually(told, 'the alert', 60_000);
  },
  guestTimeoutMs + 300_000,
);
