import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../support/command-line.ts';
import { startHttpServer } from '../support/http-server.ts';
import { checksIn, foundIn, initialise, kept, socketTable } from '../support/initialised.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const webhook = 'https://hooks.example.com/services/T0/B0/not-a-real-one';

async function startShop() {
  return kept(startHttpServer((_request, response) => void response.end('fine')));
}

test('what was found is written once, validates and passes; run again, only what is new is printed', async () => {
  const shop = await startShop();
  const folder = temporaryFolder();
  const files = { 'proc/net/tcp': socketTable([shop.port]) };
  const said = await initialise(files, folder);
  expect(said).toMatchObject({ code: 0, stderr: '' });
  expect(said.stdout).toContain('agent.config.yaml: 7 checks, ');
  const file = join(folder, 'agent.config.yaml');
  const written = await readFile(file, 'utf8');
  expect(written).toContain(
    `  # something answers GET /health with 200 on port ${shop.port}\n  - name: http ${shop.port}\n`,
  );
  expect(await runCommand(['validate'], { cwd: folder })).toMatchObject({ code: 0 });
  const again = await initialise(files, folder);
  expect(again).toMatchObject({ code: 0, stdout: '' });
  expect(again.stderr).toBe(`tocsin: ${file} has everything that was found\n`);

  const news = await startShop();
  const more = { 'proc/net/tcp': socketTable([shop.port, news.port]) };
  const later = await initialise(more, folder);
  expect(later.code).toBe(0);
  expect(checksIn(later.stdout)).toEqual([
    { name: `http ${news.port}`, type: 'http', target: `${news.url}/health` },
  ]);
  expect(await readFile(file, 'utf8')).toBe(written);
});

test('what is called as no check may be called gets a name that it may have', async () => {
  const folder = temporaryFolder();
  const unit = 'postgresql@15-main.service';
  const show = [
    `Id=${unit}`,
    'FragmentPath=/lib/systemd/system/postgresql@.service',
    'LoadState=loaded',
    'ActiveState=active',
    'SubState=running',
  ].join('\\n');
  const said = await initialise(
    {
      'proc/net/tcp': socketTable([]),
      'run/systemd/system/': '',
      'bin/systemctl': `#!/bin/sh
if [ "$1" = list-units ]; then echo '${unit} loaded active running Database'
else printf '${show}\\n\\n'; fi
`,
    },
    folder,
  );
  expect(said.code).toBe(0);
  expect(await foundIn(folder)).toContainEqual(
    expect.objectContaining({ name: 'unit postgresql-15-main', type: 'systemd', unit }),
  );
  expect(await runCommand(['validate'], { cwd: folder })).toMatchObject({ code: 0 });
});

test('checks that somebody has renamed, rewritten, switched off or put into conf.d are not proposed again', async () => {
  const servers = await Promise.all([startShop(), startShop(), startShop(), startShop()]);
  const [renamed, rewritten, off, apart] = servers.map(({ port }) => port);
  const folder = temporaryFolder();
  const file = join(folder, 'agent.config.yaml');
  const text = `checks:
  - { name: the shop, type: http, target: "http://localhost:${renamed}/other" }
  - { name: by hand, type: tcp, target: "localhost:${rewritten}" }
  - { name: not wanted, type: http, target: "http://127.0.0.1:${off}/health", enabled: false }
  - { name: main disk, type: disk, path: /, critical: 90% }
  - { name: memory, type: memory }
  - { name: load, type: load, enabled: false }
  - { type: clock }
  - { type: oom }
  - { type: reboot }
`;
  await writeFile(file, text);
  const ports = servers.map(({ port }) => port);
  const files = { 'proc/net/tcp': socketTable(ports) };
  const said = await initialise(files, folder);
  expect(checksIn(said.stdout).map(({ name }) => name)).toEqual([`http ${apart}`]);
  expect(await readFile(file, 'utf8')).toBe(text);
});

test('what is printed the second time, put into conf.d, leaves nothing to propose', async () => {
  const folder = temporaryFolder();
  await writeFile(join(folder, 'agent.config.yaml'), 'checks: []\n');
  const files = { 'proc/net/tcp': socketTable([(await startShop()).port]) };
  const said = await initialise(files, folder);
  const conf = join(folder, 'conf.d');
  await mkdir(conf);
  await writeFile(join(conf, 'found.yaml'), said.stdout);
  expect(await initialise(files, folder)).toMatchObject({ code: 0, stdout: '' });
});

test('secrets that are given go into files that only their owner reads, and the file refers to them', async () => {
  const folder = temporaryFolder();
  const key = join(folder, 'key.txt');
  await writeFile(key, 'abcdefgh12345678\n');
  const said = await initialise({}, folder, {
    values: { 'pagerduty-key': `@${key}`, email: 'ops@example.com', smarthost: 'localhost:25' },
    environment: { TOCSIN_SLACK_WEBHOOK_URL: webhook },
  });
  expect(said).toMatchObject({ code: 0, stderr: '' });
  const written = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  const credentials = join(folder, 'credentials');
  expect(written).toContain(`notify:
  slack: \${credential:slack-webhook-url}
  pagerduty: \${credential:pagerduty-key} # severity critical only
  email:
    to: "ops@example.com"
    from: "tocsin@`);
  expect(`${written}${said.stdout}${said.stderr}`).not.toMatch(/not-a-real-one|abcdefgh12345678/);
  expect((await stat(credentials)).mode & 0o777).toBe(0o700);
  const kept = join(credentials, 'slack-webhook-url');
  expect((await stat(kept)).mode & 0o777).toBe(0o600);
  expect(await readFile(kept, 'utf8')).toBe(`${webhook}\n`);
  expect(await runCommand(['validate'], { cwd: folder })).toMatchObject({ code: 0 });
});

test.for<{ environment: Record<string, string>; lines: string; secret?: string }>([
  {
    environment: { https_proxy: 'proxy.internal.example:3128' },
    lines: 'proxy_url: "http://proxy.internal.example:3128"\n    no_proxy: "localhost"\n',
  },
  {
    environment: {
      HTTPS_PROXY: 'https://ops:a-secret@proxy.internal.example',
      NO_PROXY: 'localhost, .internal.example',
    },
    lines: 'proxy_url: ${credential:proxy-url}\n    no_proxy: "localhost,.internal.example"\n',
    secret: 'https://ops:a-secret@proxy.internal.example\n',
  },
])('the proxy of $environment is written down, as a service does not see it', async (given) => {
  const folder = temporaryFolder();
  const environment = { TOCSIN_SLACK_WEBHOOK_URL: webhook, ...given.environment };
  const said = await initialise({}, folder, { environment });
  expect(said).toMatchObject({ code: 0, stderr: '' });
  const written = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  expect(written).toContain(`  http_config:\n    ${given.lines}`);
  expect(written).not.toContain('a-secret');
  const secret = await readFile(join(folder, 'credentials/proxy-url'), 'utf8').catch(
    () => undefined,
  );
  expect(secret).toBe(given.secret);
  expect(await runCommand(['validate'], { cwd: folder })).toMatchObject({ code: 0 });
});

test('a variable that names no proxy is refused without being repeated', async () => {
  const folder = temporaryFolder();
  const environment = { https_proxy: 'socks5://ops:a-secret@127.0.0.1' };
  await expect(initialise({}, folder, { environment })).rejects.toThrow(
    /^https_proxy: expected the URL of a proxy, http:\/\/ or https:\/\/$/,
  );
});

test('a secret on the command line is taken with a warning; a reference is written as it is', async () => {
  const folder = temporaryFolder();
  const elsewhere = join(folder, 'secrets');
  const said = await initialise({}, folder, {
    values: {
      'slack-webhook': webhook,
      webhook: '${credential:hook}',
      credentials: elsewhere,
    },
  });
  expect(said.code).toBe(0);
  expect(said.stderr).toBe(
    'tocsin: what stands behind --slack-webhook is in the history of the shell and was seen by whoever lists processes; use @FILE or the environment\n',
  );
  const written = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  expect(written).toContain(`  slack: \${file:${elsewhere}/slack-webhook-url}\n`);
  expect(written).toContain('  webhook: ${credential:hook}\n');
});

test.each([
  [
    { 'slack-webhook': 'secret words' },
    '--slack-webhook (or TOCSIN_SLACK_WEBHOOK_URL): expected a URL',
  ],
  [
    { 'pagerduty-key': 'no key' },
    '--pagerduty-key (or TOCSIN_PAGERDUTY_KEY): expected the integration',
  ],
  [{ email: 'nobody' }, '--email (or TOCSIN_EMAIL): expected an e-mail address'],
  [{ email: 'ops@example.com' }, '--email needs --smarthost'],
  [
    { email: 'ops@example.com', smarthost: 'mx:25', 'smtp-username': 'ops' },
    '--smtp-username and --smtp-password',
  ],
  [{ 'slack-webhook': '@/nonexistent' }, '/nonexistent cannot be read (ENOENT)'],
])('%j is refused without being repeated, and nothing is written', async (values, message) => {
  const folder = temporaryFolder();
  const words = Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
  const said = await runCommand(['init', ...words], { cwd: folder });
  expect(said.code).toBe(64);
  expect(said.stderr).toContain(message);
  expect(said.stderr).not.toMatch(/secret words|no key/);
  await expect(stat(join(folder, 'agent.config.yaml'))).rejects.toThrow('ENOENT');
});

test('a configuration that cannot be used is told by line, and left alone', async () => {
  const folder = temporaryFolder();
  await writeFile(join(folder, 'agent.config.yaml'), 'cheques: []\n');
  const said = await initialise({}, folder);
  expect(said.code).toBe(78);
  expect(said.stderr).toContain('agent.config.yaml:1:1');
});

test('a folder that may not be written to is told', async () => {
  const said = await initialise({}, join(temporaryFolder(), 'not there'));
  expect(said).toMatchObject({ code: 1, stdout: '' });
  expect(said.stderr).toMatch(/agent\.config\.yaml cannot be written \(ENOENT\)\n$/);
});

test('everything is there as JSON', async () => {
  const shop = await startShop();
  const folder = temporaryFolder();
  const files = { 'proc/net/tcp': socketTable([shop.port]) };
  const said = await initialise(files, folder, { values: { json: true } });
  expect(JSON.parse(said.stdout)).toMatchObject({
    apiVersion: 1,
    written: true,
    checks: expect.arrayContaining([
      {
        check: { name: `http ${shop.port}`, type: 'http', target: `${shop.url}/health` },
        because: `something answers GET /health with 200 on port ${shop.port}`,
        status: 'ok',
        summary: expect.any(String) as string,
        enabled: true,
      },
    ]) as unknown[],
    remarks: [],
  });
  expect(await foundIn(folder)).toHaveLength(1);
});
