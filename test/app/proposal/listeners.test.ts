import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findListeners, proposeListeners } from '../../../src/app/proposal/propose-listeners.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { runCommand } from '../../support/command-line.ts';
import { hostWith } from '../../support/host-check.ts';
import { startHttpServer, startHttpsServer } from '../../support/http-server.ts';
import { foundIn, initialise, kept, socketTable } from '../../support/initialised.ts';
import { startTcpServer } from '../../support/tcp-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { selfSigned } from '../../support/tls-authority.ts';

/** A web server that answers everything with this status, and one path with another. */
async function startAnswering(status: number, paths: Readonly<Record<string, number>> = {}) {
  return kept(
    startHttpServer((request, response) => {
      response.statusCode = paths[request.url ?? ''] ?? status;
      if (response.statusCode === 302) response.setHeader('location', 'https://login.invalid/');
      response.end();
    }),
  );
}

test('what listens on the host becomes checks that pass now', async () => {
  const shop = await startAnswering(404, { '/healthz': 200 });
  const locked = await startAnswering(401);
  const moved = await startAnswering(302);
  const mail = await kept(
    startTcpServer((socket) => {
      socket.write('220 mx.example.com ESMTP ready\r\n');
      socket.on('data', () => socket.write('250 mx.example.com\r\n'));
    }),
  );
  const shell = await kept(startTcpServer((socket) => void socket.write('SSH-2.0-Test_1\r\n')));
  const mute = await kept(startTcpServer(() => undefined));
  const servers = [shop, locked, moved, mail, shell, mute];
  const folder = temporaryFolder();
  await initialise({ 'proc/net/tcp': socketTable(servers.map(({ port }) => port)) }, folder);
  const found = await foundIn(folder);
  expect(found).toHaveLength(6);
  expect(found).toEqual(
    expect.arrayContaining([
      { name: `http ${shop.port}`, type: 'http', target: `${shop.url}/healthz` },
      {
        name: `http ${locked.port}`,
        type: 'http',
        target: `${locked.url}/`,
        http: { valid_status_codes: [401] },
      },
      {
        name: `http ${moved.port}`,
        type: 'http',
        target: `${moved.url}/`,
        http: { valid_status_codes: [302], follow_redirects: false },
      },
      { name: `smtp ${mail.port}`, type: 'smtp', target: `127.0.0.1:${mail.port}`, tls: 'none' },
      expect.objectContaining({ name: `tcp ${shell.port}`, type: 'tcp' }),
      { name: `tcp ${mute.port}`, type: 'tcp', target: `127.0.0.1:${mute.port}` },
    ]),
  );
  const names = found.map(({ name }) => name);
  expect(await runCommand(['check', ...names], { cwd: folder })).toMatchObject({ code: 0 });
});

test('a server that reports an error of its own is wanted to be well, and marked', async () => {
  const broken = await startAnswering(502);
  const folder = temporaryFolder();
  const said = await initialise({ 'proc/net/tcp': socketTable([broken.port]) }, folder);
  expect(await foundIn(folder)).toEqual([
    { name: `http ${broken.port}`, type: 'http', target: `${broken.url}/` },
  ]);
  expect(said.stdout).toMatch(new RegExp(`fails .*http ${broken.port}: HTTP 502 from `));
  const written = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  expect(written).toMatch(/ {2}# did not pass when this was written: HTTP 502 from .*\n {2}- name/);
});

test('a server that speaks TLS gets a check of its certificate, marked when that ends soon', async () => {
  const secure = await kept(
    startHttpsServer(selfSigned('/CN=localhost'), (_request, response) => void response.end()),
  );
  const folder = temporaryFolder();
  await initialise({ 'proc/net/tcp': socketTable([secure.port]) }, folder);
  const written = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  expect(written).toMatch(
    new RegExp(
      `did not pass when this was written: .*\\n {2}- name: certificate 127\\.0\\.0\\.1:${secure.port}\\n`,
    ),
  );
});

test('a port that the kernel chose is left out, unless its program was told the number', async () => {
  const [chosen, told, fixed] = [
    await startAnswering(200),
    await startAnswering(200),
    await startAnswering(200),
  ];
  const ports = [chosen, told, fixed].map(({ port }) => port);
  const places = await hostWith({
    'proc/net/tcp': socketTable(ports),
    'proc/sys/net/ipv4/ip_local_port_range': `${Math.min(chosen.port, told.port)}\t${Math.max(chosen.port, told.port)}\n`,
    'proc/31/cmdline': `gateway\0--port\0${told.port}\0`,
    'proc/31/comm': 'gateway\n',
    'proc/31/fd/': '',
    'proc/32/cmdline': `helper\0--seed\0${chosen.port}1\0`,
    'proc/32/comm': 'helper\n',
    'proc/32/fd/': '',
  });
  const inodes = new Map(
    ports.toSorted((a, b) => a - b).map((port) => [port, 7000 + ports.indexOf(port)]),
  );
  await symlink(`socket:[${inodes.get(told.port)}]`, join(places.proc, '31/fd/3'));
  await symlink(`socket:[${inodes.get(chosen.port)}]`, join(places.proc, '32/fd/3'));
  const listening = await findListeners(places);
  const limits = { clock: systemClock(), signal: AbortSignal.timeout(5000) };
  const { proposals, remarks } = await proposeListeners(listening, places, limits);
  const names = proposals.map(({ check }) => check.name);
  expect(names).toContain(`gateway ${told.port}`);
  expect(names.join()).not.toContain(String(chosen.port));
  expect(remarks).toEqual([
    expect.stringMatching(
      new RegExp(
        `^left out \\d ports? that change with each start of their program: .*${chosen.port} \\(helper\\)`,
      ),
    ),
  ]);
});
