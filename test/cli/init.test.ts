import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { proposeConfiguration } from '../../src/app/proposal/propose-configuration.ts';
import { initOf } from '../../src/cli/init.ts';
import { runCommand } from '../support/command-line.ts';
import { hostWith } from '../support/host-check.ts';
import { startHttpServer, startHttpsServer } from '../support/http-server.ts';
import { redisProgram, startRedis } from '../support/redis-server.ts';
import { startTcpServer, type TestServer } from '../support/tcp-server.ts';
import { selfSigned } from '../support/tls-authority.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The kernel's table of listening sockets, with these on 127.0.0.1. */
function socketTable(ports: readonly number[]): string {
  const header =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid\n';
  const lines = ports.map((port, at) => {
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    return `   ${at}: 0100007F:${hex} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 ${7000 + at} 1\n`;
  });
  return header + lines.join('');
}

async function kept<Server extends TestServer>(starting: Promise<Server>): Promise<Server> {
  const server = await starting;
  onTestFinished(async () => server[Symbol.asyncDispose]());
  return server;
}

async function preparedServers() {
  const shop = await kept(
    startHttpServer((request, response) => {
      response.statusCode = request.url === '/healthz' ? 200 : 404;
      response.end();
    }),
  );
  const locked = await kept(
    startHttpServer((_request, response) => {
      response.statusCode = 401;
      response.end();
    }),
  );
  const mail = await kept(
    startTcpServer((socket) => {
      socket.write('220 mx.example.com ESMTP ready\r\n');
      socket.on('data', () => socket.write('250 mx.example.com\r\n'));
    }),
  );
  const shell = await kept(startTcpServer((socket) => void socket.write('SSH-2.0-Test_1\r\n')));
  const mute = await kept(startTcpServer(() => undefined));
  return { shop, locked, mail, shell, mute };
}

type Written = {
  readonly checks: readonly ({ readonly name: string; readonly type: string } & Record<
    string,
    unknown
  >)[];
};

/** `tocsin init` on a host made of files, whose servers are real. */
async function initialise(
  files: Readonly<Record<string, string>>,
  words: readonly string[],
  folder: string,
) {
  const places = await hostWith({ 'etc/': '', 'run/': '', ...files });
  const command = initOf(async (present, around) => proposeConfiguration(present, around, places));
  let stdout = '';
  let stderr = '';
  const values = Object.fromEntries(words.map((word) => [word, true]));
  const code = await command.run(
    { values, positionals: [] },
    {
      environment: {},
      cwd: folder,
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
    },
  );
  return { code, stdout, stderr };
}

test('what listens on the host becomes checks that pass; the file validates and is never overwritten', async () => {
  const { shop, locked, mail, shell, mute } = await preparedServers();
  const servers = [shop, locked, mail, shell, mute];
  const folder = temporaryFolder();
  const files = { 'proc/net/tcp': socketTable(servers.map(({ port }) => port)) };
  const said = await initialise(files, [], folder);
  expect(said.code).toBe(0);
  const file = join(folder, 'agent.config.yaml');
  const written = await readFile(file, 'utf8');
  const { checks } = parse(written) as Written;
  expect(checks.map(({ type }) => type)).toEqual(expect.arrayContaining(['disk', 'memory', 'oom']));
  const found = checks.filter(({ target }) => target !== undefined);
  expect(found).toEqual(
    expect.arrayContaining([
      { name: `http ${shop.port}`, type: 'http', target: `${shop.url}/healthz` },
      {
        name: `http ${locked.port}`,
        type: 'http',
        target: `${locked.url}/`,
        http: { valid_status_codes: [401] },
      },
      { name: `smtp ${mail.port}`, type: 'smtp', target: `127.0.0.1:${mail.port}`, tls: 'none' },
      expect.objectContaining({ name: `tcp ${shell.port}`, type: 'tcp' }),
      { name: `tcp ${mute.port}`, type: 'tcp', target: `127.0.0.1:${mute.port}` },
    ]),
  );
  expect(found).toHaveLength(5);
  expect(written).toContain(`# something answers GET /healthz on port ${shop.port} with 200`);
  expect(await runCommand(['validate'], { cwd: folder })).toMatchObject({ code: 0 });
  const names = found.map(({ name }) => name);
  expect(await runCommand(['check', ...names], { cwd: folder })).toMatchObject({ code: 0 });

  const again = await initialise(files, [], folder);
  expect(again).toMatchObject({ code: 0, stdout: '' });
  expect(again.stderr).toBe(`tocsin: ${file} has everything that was found\n`);

  const news = await kept(startHttpServer((_request, response) => void response.end('new')));
  const more = { 'proc/net/tcp': socketTable([...servers, news].map(({ port }) => port)) };
  const later = await initialise(more, [], folder);
  expect(later.code).toBe(0);
  expect((parse(later.stdout) as Written).checks).toEqual([
    { name: `http ${news.port}`, type: 'http', target: `${news.url}/health` },
  ]);
  expect(await readFile(file, 'utf8')).toBe(written);
});

test('a server that speaks TLS gets a check of its certificate, marked when that ends soon', async () => {
  const secure = await kept(
    startHttpsServer(selfSigned('/CN=localhost'), (_request, response) => void response.end()),
  );
  const folder = temporaryFolder();
  await initialise({ 'proc/net/tcp': socketTable([secure.port]) }, [], folder);
  const written = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  expect(written).toMatch(
    new RegExp(
      `did not pass when this was written: .*\\n {2}- name: certificate 127\\.0\\.0\\.1:${secure.port}\\n`,
    ),
  );
});

test('a site that does not answer and a certificate that cannot be read are there, and marked', async () => {
  const folder = temporaryFolder();
  const said = await initialise(
    {
      'proc/net/tcp': socketTable([]),
      'etc/nginx/sites-enabled/shop':
        'server { listen 443 ssl;\n  server_name shop.invalid _;\n # server_name old.invalid;\n}\n',
      'etc/caddy/Caddyfile': 'blog.invalid {\n  reverse_proxy 127.0.0.1:8080\n}\n',
      'etc/letsencrypt/live/shop.invalid/fullchain.pem': 'not a certificate\n',
    },
    ['json'],
    folder,
  );
  expect(said.code).toBe(0);
  const written = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  expect(written).toMatch(
    /# nginx serves shop\.invalid\n {2}# did not pass when this was written: .*\n {2}- name: site shop\.invalid\n/,
  );
  expect(written).toContain('site blog.invalid');
  expect(written).not.toContain('old.invalid');
  expect(written).toMatch(/(did not pass|switched off).*\n {2}- name: certificate shop\.invalid/);
  const { apiVersion, checks } = JSON.parse(said.stdout) as {
    readonly apiVersion: number;
    readonly checks: readonly { readonly check: { readonly name: string } }[];
  };
  expect(apiVersion).toBe(1);
  expect(checks.map(({ check }) => check.name)).toContain('certificate shop.invalid');
});

test('Redis that wants a password is switched off until somebody gives it one', async (context) => {
  context.skip(!existsSync(redisProgram), `${redisProgram} is missing`);
  const open = await startRedis();
  const locked = await startRedis(['--requirepass', 'correct horse']);
  const folder = temporaryFolder();
  const files = { 'proc/net/tcp': socketTable([open.port, locked.port]) };
  await initialise(files, [], folder);
  const { checks } = parse(await readFile(join(folder, 'agent.config.yaml'), 'utf8')) as Written;
  expect(checks.filter(({ type }) => type === 'redis')).toEqual(
    expect.arrayContaining([
      { name: `redis ${open.port}`, type: 'redis', target: `127.0.0.1:${open.port}` },
      {
        name: `redis ${locked.port}`,
        type: 'redis',
        target: `127.0.0.1:${locked.port}`,
        enabled: false,
      },
    ]),
  );
});

test('who is told is written as references to the environment, never as values', async () => {
  const folder = temporaryFolder();
  const files = { 'proc/net/tcp': socketTable([]) };
  const said = await initialise(files, ['slack-webhook', 'email'], folder);
  expect(said.stderr).toBe(
    'tocsin: set SLACK_WEBHOOK_URL, ALERT_EMAIL_TO, ALERT_EMAIL_FROM, SMTP_SMARTHOST in the environment of the agent\n',
  );
  const written = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  expect(written).toContain('notify:\n  slack: ${SLACK_WEBHOOK_URL}\n  email:\n');
  const environment = {
    SLACK_WEBHOOK_URL: 'https://hooks.example.com/services/T/B/x',
    ALERT_EMAIL_TO: 'ops@example.com',
    ALERT_EMAIL_FROM: 'tocsin@example.com',
    SMTP_SMARTHOST: 'smtp.example.com:587',
  };
  expect(await runCommand(['validate'], { cwd: folder, environment })).toMatchObject({ code: 0 });
  const refused = await runCommand(['init', '--slack-webhook', 'https://hooks.example.com/x'], {
    cwd: folder,
  });
  expect(refused.code).toBe(64);
});

test('a configuration that cannot be used is told by line, and left alone', async () => {
  const folder = temporaryFolder();
  await writeFile(join(folder, 'agent.config.yaml'), 'cheques: []\n');
  const said = await initialise({ 'proc/net/tcp': socketTable([]) }, [], folder);
  expect(said.code).toBe(78);
  expect(said.stderr).toContain('agent.config.yaml:1:1');
});
