import { expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { checksIn } from '../support/initialised.ts';
import { executable } from '../support/tocsin.ts';

const worker = `[Unit]
Description=Worker of the shop
[Service]
ExecStart=/usr/bin/sleep infinity
[Install]
WantedBy=multi-user.target
`;

const failing = `[Unit]
Description=Import of the shop
[Service]
ExecStart=/bin/sh -c 'echo no such table; exit 3'
[Install]
WantedBy=multi-user.target
`;

const timer = `[Timer]
OnCalendar=daily
[Install]
WantedBy=timers.target
`;

const site = `server { listen 80; server_name shop.invalid; return 301 https://$host$request_uri; }
server { listen 8080 default_server; root /var/www/html;
  location = /nginx_status { stub_status; allow 127.0.0.1; deny all; } }
`;

test(
  'a host with nginx, a service of its own, one that fails and a timer gets checks for them, and no noise',
  async ({ skip }) => {
    const lacking = lacksGuest();
    if (lacking !== undefined) skip(lacking);
    await using guest = await bootGuest({
      hostname: 'front-1',
      packages: ['nginx-light'],
      files: {
        '/etc/systemd/system/shop-worker.service': worker,
        '/etc/systemd/system/shop-import.service': failing,
        '/etc/systemd/system/shop-report.timer': timer,
        '/etc/systemd/system/shop-report.service': '[Service]\nType=oneshot\nExecStart=/bin/true\n',
        '/etc/nginx/sites-enabled/shop': site,
      },
      bind: { '/usr/local/bin/tocsin': executable },
    });
    await guest.shell(
      'systemctl start shop-worker shop-report.timer nginx; systemctl start shop-import || true',
    );
    const said = await guest.run([
      '/usr/local/bin/tocsin',
      'init',
      '-o',
      '/root/agent.config.yaml',
    ]);
    expect(said.stderr).toBe('');
    expect(said.code).toBe(0);
    const written = await guest.read('/root/agent.config.yaml');
    const names = checksIn(written).map(({ name }) => name);
    expect(names.filter((name) => /^(?:unit|timer|failed)/.test(name))).toEqual([
      'failed units',
      'unit nginx',
      'unit shop-import',
      'unit shop-worker',
      'timer shop-report',
    ]);
    expect(written).toContain(
      '    exclude: [nginx.service, shop-import.service, shop-worker.service, shop-report.timer]\n',
    );
    expect(names).toEqual(expect.arrayContaining(['nginx 8080', 'nginx', 'site shop.invalid']));
    expect(written).toMatch(
      / {2}# did not pass when this was written: shop-import\.service has failed: exit code 3.*\n {2}- name: unit shop-import\n/,
    );
    const validated = await guest.run([
      '/usr/local/bin/tocsin',
      'validate',
      '-c',
      '/root/agent.config.yaml',
    ]);
    expect(validated.code).toBe(0);
    const passing = ['unit nginx', 'unit shop-worker', 'timer shop-report', 'nginx', 'nginx 8080'];
    const checked = await guest.run([
      '/usr/local/bin/tocsin',
      'check',
      '-c',
      '/root/agent.config.yaml',
      ...passing,
    ]);
    expect(checked).toMatchObject({ code: 0 });
    const again = await guest.run([
      '/usr/local/bin/tocsin',
      'init',
      '-o',
      '/root/agent.config.yaml',
    ]);
    expect(again.stdout).toBe('');
  },
  guestTimeoutMs,
);

test(
  'a user without rights is told what he could not see, and gets what he could',
  async ({ skip }) => {
    const lacking = lacksGuest();
    if (lacking !== undefined) skip(lacking);
    await using guest = await bootGuest({
      files: { '/etc/letsencrypt/live/shop.invalid/fullchain.pem': 'not to be seen\n' },
      bind: { '/usr/local/bin/tocsin': executable },
    });
    await guest.shell('chmod 700 /etc/letsencrypt/live; useradd --create-home claw');
    await guest.shell(
      'chmod 700 /home/claw; mkdir /home/claw/.openclaw; install -d -m 777 /srv/out',
    );
    const words = ['/usr/local/bin/tocsin', 'init', '-o', '/srv/out/agent.config.yaml'];
    const said = await guest.run(words, { user: 'daemon' });
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toMatch(
      / note +\d+ homes? of other users could not be searched for OpenClaw: run it as root\n/,
    );
    expect(said.stdout).toMatch(
      / note +the certificates in \/etc\/letsencrypt\/live could not be listed: run it as root\n/,
    );
    const names = checksIn(await guest.read('/srv/out/agent.config.yaml')).map(({ name }) => name);
    expect(names).toEqual(['disk', 'memory', 'load', 'clock', 'oom', 'reboot', 'failed units']);
  },
  guestTimeoutMs,
);
