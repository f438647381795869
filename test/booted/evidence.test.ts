import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { bootGuest, guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { executable } from '../support/tocsin.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

const site = 'server { listen 8080 default_server; location / { return 204; } }\n';

test(
  'an alert of a port tells why the unit that listened there is gone, and the end of its log',
  async ({ skip }) => {
    const lacking = lacksGuest();
    if (lacking !== undefined) skip(lacking);
    await using webhook = await startWebhookServer();
    const port = Number(new URL(webhook.origin).port);
    await using guest = await bootGuest({
      packages: ['nginx-light'],
      files: {
        '/etc/nginx/conf.d/shop.conf': site,
        '/etc/tocsin/agent.config.yaml': `
route: { receiver: hook, group_wait: 3s }
receivers: [{ name: hook, webhook_configs: [{ url: '${webhook.origin}/hook' }] }]
checks:
  - name: shop
    type: http
    target: http://127.0.0.1:8080/
    interval: 1s
    timeout: 1s
    debounce: { fail_after: 2 }
`,
      },
      bind: { '/usr/local/bin/tocsin': executable },
    });
    await guest.lend(port);
    await guest.shell('systemctl start nginx');
    await guest.shell('logger -t nginx "token=made-up-and-not-to-be-told"');
    const agent = 'tocsin run -c /etc/tocsin/agent.config.yaml';
    await guest.shell(`systemd-run --unit=watching -p StateDirectory=tocsin ${agent}`);
    const runs = 'curl -s http://127.0.0.1:9860/metrics | grep "^tocsin_check_runs_total.*shop"';
    // Who listens is looked up some seconds after the check was sound for the first time.
    await eventually(async () => {
      const said = await guest.run(['sh', '-c', runs]);
      return Number(said.stdout.split(' ').at(-1)) >= 8;
    }, 'the shop has been watched for a while');
    await guest.shell('systemctl kill --signal=KILL nginx');
    await eventually(() => webhook.accepted.length > 0, 'the alert arrives');
    const { alerts } = JSON.parse(webhook.accepted[0]?.body ?? '{}') as {
      readonly alerts: readonly { readonly annotations: Record<string, string> }[];
    };
    const evidence = alerts[0]?.annotations['evidence'] ?? '';
    expect(evidence).toMatch(
      /^nginx\.service has failed: killed by SIGKILL\nlog of nginx\.service:\n {2}\d\d:\d\d:\d\dZ systemd/,
    );
    expect(evidence).toMatch(/ systemd\[1\]: nginx\.service: Failed with result 'signal'/);
    expect(evidence).toMatch(/\nmost memory: tocsin of watching\.service \(\d+\) \d+ MB/);
    expect(evidence).not.toContain('made-up');
  },
  guestTimeoutMs,
);
