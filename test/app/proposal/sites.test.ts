import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseCaddy, readCaddyConfig } from '../../../src/app/proposal/caddy-config.ts';
import {
  nginxServers,
  parseNginx,
  readNginxConfig,
} from '../../../src/app/proposal/nginx-config.ts';
import { proposeSites } from '../../../src/app/proposal/propose-sites.ts';
import { notOk, type RecordedResult } from '../../../src/model/result.ts';
import { instant } from '../../../src/model/time.ts';
import { runCommand } from '../../support/command-line.ts';
import { hostWith } from '../../support/host-check.ts';
import { foundIn, initialise, procWith, socketTable } from '../../support/initialised.ts';
import { skipUnlessThere } from '../../support/own-program.ts';
import {
  caddyProgram,
  nginxProgram,
  startCaddy,
  startNginx,
  startUpstream,
} from '../../support/proxies.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createAuthority } from '../../support/tls-authority.ts';

const nginxConf = 'http { include mime.types; include sites-enabled/*; }\n';

const shop = `
# server_name old.example.com;
server {
  listen 80; listen [::]:80;
  server_name shop.example.com www.example.com; # and others
  return 301 https://$host$request_uri;
}
server {
  listen 443 ssl http2;
  server_name shop.example.com *.example.org ~^api\\d+\\. _ "quoted.example.com";
  ssl_certificate /etc/letsencrypt/live/shop.example.com/fullchain.pem;
  ssl_certificate_key /etc/letsencrypt/live/shop.example.com/privkey.pem;
  add_header X-Braces "{ ; }";
  set $upstream \${scheme}x;
  location / { proxy_pass http://127.0.0.1:3000; if ($http_x = '') { return 403; } }
}
server { listen 127.0.0.1:8081; server_name plain.example.com;
  location = /nginx_status { stub_status; allow 127.0.0.1; deny all; } }
`;

test('servers of nginx are read with their includes, names, certificates and stub_status', async () => {
  const { etc } = await hostWith({
    'etc/nginx/nginx.conf': nginxConf,
    'etc/nginx/mime.types': 'types { text/html html htm; }\n',
    'etc/nginx/sites-enabled/shop': shop,
  });
  expect(nginxServers(await readNginxConfig(join(etc, 'nginx/nginx.conf')))).toEqual([
    {
      names: ['shop.example.com', 'www.example.com'],
      listens: [
        { host: '127.0.0.1', port: 80, tls: false },
        { host: '127.0.0.1', port: 80, tls: false },
      ],
      certificates: [],
      upstreams: [],
      isRedirect: true,
    },
    {
      names: [
        'shop.example.com',
        '*.example.org',
        String.raw`~^api\d+\.`,
        '_',
        'quoted.example.com',
      ],
      listens: [{ host: '127.0.0.1', port: 443, tls: true }],
      certificates: ['/etc/letsencrypt/live/shop.example.com/fullchain.pem'],
      upstreams: ['127.0.0.1:3000'],
      isRedirect: false,
    },
    {
      names: ['plain.example.com'],
      listens: [{ host: '127.0.0.1', port: 8081, tls: false }],
      certificates: [],
      statusPath: '/nginx_status',
      upstreams: [],
      isRedirect: false,
    },
  ]);
});

test.each(['', '}', 'server {', 'a "b', '{{{{', 'include include include;', 'x ${ y; }'])(
  'a configuration of nginx that is damaged (%j) is read as far as it goes',
  (text) => {
    expect(Array.isArray(nginxServers(parseNginx(text)))).toBe(true);
  },
);

test('an nginx that includes itself is read to an end', async () => {
  const { etc } = await hostWith({
    'etc/nginx/nginx.conf': 'server { listen 1; }\ninclude *.conf;\n',
  });
  expect(nginxServers(await readNginxConfig(join(etc, 'nginx/nginx.conf'))).length).toBeGreaterThan(
    1,
  );
});

test('sites, certificates and stub_status become proposals, each name once and over TLS where it is', async () => {
  const places = await hostWith({
    'etc/nginx/nginx.conf': nginxConf,
    'etc/nginx/sites-enabled/shop': shop,
    'etc/caddy/Caddyfile':
      'http://blog.example.net, shop.example.com {\n}\nwiki.example.net:8443 {\n}\n:80 {\n}\n*.example.net {\n}\n',
    'etc/letsencrypt/live/mail.example.com/fullchain.pem': '',
  });
  const { proposals, remarks } = await proposeSites(places, new Set([443, 8081]));
  expect(remarks).toEqual([]);
  expect(proposals.map(({ check }) => check)).toEqual([
    { name: 'nginx', type: 'nginx', target: 'http://127.0.0.1:8081/nginx_status' },
    { name: 'site shop.example.com', type: 'http', target: 'https://shop.example.com/' },
    { name: 'site www.example.com', type: 'http', target: 'http://www.example.com/' },
    {
      name: 'site quoted.example.com',
      type: 'http',
      target: 'https://quoted.example.com/',
      certificate: { warning: '14d', critical: '3d' },
    },
    { name: 'site plain.example.com', type: 'http', target: 'http://plain.example.com:8081/' },
    { name: 'site blog.example.net', type: 'http', target: 'http://blog.example.net/' },
    {
      name: 'site wiki.example.net',
      type: 'http',
      target: 'https://wiki.example.net:8443/',
      certificate: { warning: '14d', critical: '3d' },
    },
    {
      name: 'certificate shop.example.com',
      type: 'certificate',
      file: '/etc/letsencrypt/live/shop.example.com/fullchain.pem',
      target: '127.0.0.1:443',
      server_name: 'shop.example.com',
    },
    {
      name: 'certificate mail.example.com',
      type: 'certificate',
      file: join(places.etc, 'letsencrypt/live/mail.example.com/fullchain.pem'),
      target: '127.0.0.1:443',
      server_name: 'mail.example.com',
    },
  ]);
  const of = (name: string) => proposals.find(({ check }) => check.name === name);
  const answered = (status: number): RecordedResult => ({
    ...notOk('critical', 'status', `HTTP ${status}`, {
      families: [
        { name: 'probe_http_status_code', help: '', samples: [{ labels: {}, value: status }] },
      ],
    }),
    check: 'site',
    startedAt: instant(0, 0),
    durationMs: 1,
  });
  // One that lets no stranger in is well, one that is broken is not.
  expect(of('site shop.example.com')?.otherwise?.(answered(403))?.check).toMatchObject({
    http: { valid_status_codes: [403] },
  });
  expect(of('site shop.example.com')?.otherwise?.(answered(502))).toBeUndefined();
  // That nginx shows it is known of one certificate and only guessed of the other.
  expect(of('certificate shop.example.com')?.otherwise).toBeUndefined();
  expect(of('certificate mail.example.com')?.otherwise?.(answered(0))?.check).not.toHaveProperty(
    'target',
  );
});

test('a site that is served from this host gets its whole way looked at, and else only itself', async () => {
  const places = await hostWith({
    'etc/nginx/nginx.conf': `http {
  upstream app { server 127.0.0.1:3000; server 127.0.0.1:3001 backup; keepalive 8; }
  server { listen 443 ssl; server_name app.example.com; location / { proxy_pass http://app; } }
  server { listen 443 ssl; server_name far.example.com; location / { proxy_pass http://10.0.0.7:80; } }
  server { listen 443 ssl; server_name part.example.com; location /api { proxy_pass http://127.0.0.1:3000; } }
}`,
    'etc/caddy/Caddyfile': 'chat.example.com {\n  reverse_proxy localhost:18789\n}\n',
  });
  const { proposals } = await proposeSites(places, new Set([443, 3000, 3001, 18_789]));
  const sites = proposals.filter(({ check }) => check.name.startsWith('site'));
  const plain = (name: string) => ({
    name: `site ${name}`,
    type: 'http',
    target: `https://${name}/`,
    certificate: { warning: '14d', critical: '3d' },
  });
  expect(sites.map(({ check }) => check)).toEqual([
    {
      name: 'site app.example.com',
      type: 'layers',
      public: 'https://app.example.com/',
      upstreams: ['http://127.0.0.1:3000/', 'http://127.0.0.1:3001/'],
      proxy: '127.0.0.1:443',
    },
    plain('far.example.com'),
    plain('part.example.com'),
    {
      name: 'site chat.example.com',
      type: 'layers',
      public: 'https://chat.example.com/',
      upstreams: ['http://127.0.0.1:18789/'],
      proxy: '127.0.0.1:443',
    },
  ]);
  const failing: RecordedResult = {
    ...notOk('critical', 'status', 'the answer is 401'),
    check: 'site',
    startedAt: instant(0, 0),
    durationMs: 1,
  };
  expect(sites[0]?.otherwise?.(failing)?.check).toEqual(plain('app.example.com'));
  // A service that ended is none that listens: then its site alone is known.
  const ended = await proposeSites(places, new Set([443]));
  expect(ended.proposals.map(({ check }) => check['type'])).not.toContain('layers');
});

test('the way of a real site is tried from the service on, and marked by the layer that is broken', async (context) => {
  skipUnlessThere(nginxProgram, context);
  const upstream = await startUpstream();
  const location = `location / { proxy_pass http://${upstream.address}; }`;
  const nginx = await startNginx(location);
  const ports = [nginx.url, upstream.url].map((url) => Number(new URL(url).port));
  const folder = temporaryFolder();
  const server = `listen 127.0.0.1:${ports[0]}; server_name shop.invalid; ${location}`;
  await initialise(
    {
      'proc/net/tcp': socketTable(ports),
      'etc/nginx/nginx.conf': `http { server { ${server} } }`,
    },
    folder,
  );
  const written = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  expect(written).toMatch(
    /# did not pass when this was written: .*shop\.invalid.*\n {2}- name: site shop\.invalid\n {4}type: layers\n/,
  );
  expect(written).toContain(`    upstreams: [http://${upstream.address}/]\n    proxy: 127.0.0.1:`);
  expect(await runCommand(['validate'], { cwd: folder })).toMatchObject({ code: 0 });
});

test('a Caddyfile without braces, with options, snippets and imports', async () => {
  expect(parseCaddy('example.com\n\nreverse_proxy localhost:9000\n').sites).toEqual([
    { address: 'example.com', upstreams: ['localhost:9000'] },
  ]);
  const { etc } = await hostWith({
    'etc/caddy/Caddyfile': `{
  email ops@example.com
  admin unix//run/caddy/admin.sock
}
(common) {
  encode gzip
}
# old.example.com {
a.example.com,
b.example.com { # two
  import common
  reverse_proxy localhost:3000 http://localhost:3001
  reverse_proxy /api/* localhost:4000
  handle /x { respond "{" }
}
import sites/*
`,
    'etc/caddy/sites/c': 'c.example.com {\n  file_server\n}\n',
  });
  expect(await readCaddyConfig(join(etc, 'caddy/Caddyfile'))).toEqual({
    sites: [
      { address: 'a.example.com', upstreams: ['localhost:3000', 'http://localhost:3001'] },
      { address: 'b.example.com', upstreams: ['localhost:3000', 'http://localhost:3001'] },
      { address: 'c.example.com', upstreams: [] },
    ],
    admin: 'unix//run/caddy/admin.sock',
  });
});

test('stub_status of a real nginx passes; without it the check says what to add, switched off', async (context) => {
  skipUnlessThere(nginxProgram, context);
  const nginx = await startNginx('location = / { return 204; }');
  const port = Number(new URL(nginx.url).port);
  const server = (location: string): Readonly<Record<string, string>> => ({
    'proc/net/tcp': socketTable([port]),
    'etc/nginx/nginx.conf': `http { server { listen 127.0.0.1:${port}; ${location} } }`,
  });
  const [told, untold] = [temporaryFolder(), temporaryFolder()];
  await initialise(server('location = /status { stub_status; }'), told);
  expect(await foundIn(told)).toEqual([
    { name: `http ${port}`, type: 'http', target: `${nginx.url}/` },
    { name: 'nginx', type: 'nginx', target: `${nginx.url}/status` },
  ]);
  const said = await initialise(server(''), untold);
  expect(await foundIn(untold)).toContainEqual({
    name: 'nginx',
    type: 'nginx',
    target: `${nginx.url}/nginx_status`,
    enabled: false,
  });
  expect(said.stdout).toMatch(/switched off .*there is no stub_status; add a location/);
});

test('the admin API of a real Caddy is recognised by its answer', async (context) => {
  skipUnlessThere(caddyProgram, context);
  const upstream = await startUpstream();
  const caddy = await startCaddy([upstream.address]);
  const port = (address: string): number => Number(address.split(':').at(-1));
  const folder = temporaryFolder();
  // The program that listens is seen in the real /proc: only then is the question put.
  await initialise({}, folder, {
    places: { proc: await procWith(caddy.pid, [port(caddy.admin), port(caddy.url)]) },
  });
  expect(await foundIn(folder)).toEqual(
    expect.arrayContaining([
      { name: 'caddy', type: 'caddy', target: caddy.admin },
      { name: `caddy ${port(caddy.url)}`, type: 'http', target: `${caddy.url}/health` },
    ]),
  );
});

test('a site that does not answer and a certificate that cannot be read are there, and marked', async () => {
  const folder = temporaryFolder();
  const said = await initialise(
    {
      'etc/nginx/nginx.conf': nginxConf,
      'etc/nginx/sites-enabled/shop': 'server { listen 443 ssl; server_name shop.invalid _; }\n',
      'etc/letsencrypt/live/shop.invalid/fullchain.pem': 'not a certificate\n',
    },
    folder,
  );
  expect(said.code).toBe(0);
  const written = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  expect(written).toMatch(
    / {2}# nginx serves shop\.invalid\n {2}# did not pass when this was written: .*\n {2}- name: site shop\.invalid\n/,
  );
  expect(written).toMatch(/(did not pass|switched off).*\n {2}- name: certificate shop\.invalid/);
});

test('a certificate on disk that is not served here is judged as it lies there', async () => {
  using authority = createAuthority();
  const { cert } = authority.issue({ names: 'DNS:mail.example.com', days: 90 });
  const folder = temporaryFolder();
  await initialise({ 'etc/letsencrypt/live/mail.example.com/fullchain.pem': cert }, folder);
  const [found, ...others] = await foundIn(folder);
  expect(others).toEqual([]);
  expect(found).toMatchObject({ name: 'certificate mail.example.com', type: 'certificate' });
  expect(found).not.toHaveProperty('target');
});
