import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';
import type { Said } from '../support/guest/enter.ts';
import { differences, footprint, outcomeOf } from '../support/install/installer.ts';
import { releaseFolder, type ReleaseFolder } from '../support/install/release-folder.ts';
import { startReleaseServer, type ReleaseServer } from '../support/install/release-server.ts';
import { startHttpServer } from '../support/http-server.ts';
import { startProxy } from '../support/proxy-server.ts';

const lacking = lacksGuest();
const version = '1.0.0';
const ending = '.tar.gz';
/** A site that moved its files to another path over HTTPS. */
const moved = '/elsewhere';

const open = new AsyncDisposableStack();
let server: ReleaseServer;
let guest: Guest;
let releases: ReleaseFolder;
let before = '';

beforeAll(async () => {
  if (lacking !== undefined) return;
  const started = open.use(await startReleaseServer());
  server = started;
  releases = open.use(releaseFolder({ baseUrl: server.url }));
  started.folder = releases.path;
  releases.addStandIn(version);
  guest = open.use(
    await bootGuest({ packages: ['wget'], bind: { '/srv/releases': releases.path } }),
  );
  await server.lendTo(guest);
  before = await footprint(guest);
}, guestTimeoutMs);

afterAll(() => open.disposeAsync());

/** One of the programs that load files is taken away, so that the other one is used. */
async function loadWith(loader: string, env: Record<string, string>, words: string): Promise<Said> {
  const other = loader === 'curl' ? 'wget' : 'curl';
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  await guest.shell(`mv /usr/bin/${other} /usr/bin/${other}-away`);
  try {
    const line = `sh /srv/releases/install.sh --json ${words}`;
    return await guest.run(['env', ...variables, 'sh', '-c', line], { timeoutMs: 120_000 });
  } finally {
    await guest.shell(`mv /usr/bin/${other}-away /usr/bin/${other}`);
  }
}

/** Sends whoever asks for the archive to another address. */
function redirect(location: string): RequestListener {
  return (_, response) => void response.writeHead(302, { location }).end();
}

describe.for(['curl', 'wget'])('with %s', (loader) => {
  test(
    'a release is loaded over HTTPS, also from where the server sends it',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      server.spoil(`${version}/tocsin-${version}-linux-x64${ending}`, (request, response) => {
        redirect(`${server.url}${moved}`)(request, response);
      });
      const archive = `${releases.path}/${version}/tocsin-${version}-linux-x64${ending}`;
      server.spoil(moved, (_, response) => void response.end(readFileSync(archive)));
      try {
        const said = await loadWith(loader, {}, '');
        expect(said.stderr).toContain('digest verified');
        expect(outcomeOf(said)).toMatchObject({ result: 'installed', version });
        await loadWith(loader, {}, '--uninstall --purge');
        expect(differences(before, await footprint(guest))).toEqual([]);
      } finally {
        server.spoil(`${version}/tocsin-${version}-linux-x64${ending}`, undefined);
        server.spoil(moved, undefined);
      }
    },
    guestTimeoutMs,
  );

  test(
    'a way from HTTPS to HTTP is not taken',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const asked: string[] = [];
      await using plain = await startHttpServer((request, response) => {
        asked.push(request.url ?? '');
        response.end('anything');
      });
      await guest.lend(Number(new URL(plain.url).port));
      server.spoil(ending, redirect(`${plain.url}/archive`));
      try {
        const said = await loadWith(loader, {}, '');
        expect(outcomeOf(said)).toMatchObject({ result: 'failed', exitCode: 66, changed: false });
        expect(asked).toEqual([]);
        expect(differences(before, await footprint(guest))).toEqual([]);
      } finally {
        server.spoil(ending, undefined);
      }
    },
    guestTimeoutMs,
  );

  test.for<{ what: string; answer: RequestListener; code: number; says: RegExp }>([
    {
      what: 'a page of HTML with status 200',
      answer: (_, response) => void response.end('<!doctype html><p>Log in to the hotel</p>'),
      code: 67,
      says: /is a page of HTML/,
    },
    {
      what: 'a page that says 404',
      answer: (_, response) => void response.writeHead(404).end('<p>gone</p>'),
      code: 66,
      says: /could not be loaded/,
    },
    {
      what: 'half of the file, and an end',
      answer: (_, response) => {
        response.writeHead(200, { 'content-length': 100_000 });
        response.write('x'.repeat(1000), () => response.destroy());
      },
      code: 66,
      says: /could not be loaded/,
    },
  ])(
    '$what in place of the archive is refused, and nothing has changed',
    { timeout: guestTimeoutMs },
    async ({ answer, code, says }, { skip }) => {
      if (lacking !== undefined) skip(lacking);
      server.spoil(ending, answer);
      try {
        const said = await loadWith(loader, {}, '');
        expect(said.stderr).toMatch(says);
        expect(outcomeOf(said)).toMatchObject({ result: 'failed', exitCode: code, changed: false });
        expect(differences(before, await footprint(guest))).toEqual([]);
      } finally {
        server.spoil(ending, undefined);
      }
    },
  );

  test(
    'a host that gets out by a proxy alone is installed through it, once it knows the password',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const authorization = `Basic ${btoa('host:kept-secret')}`;
      await using proxy = await startProxy({ everything: '127.0.0.1', authorization });
      const { port } = new URL(proxy.url);
      await guest.lend(Number(port));
      // Nobody in the guest finds this name.
      const base = `https://localhost:${server.port}`;
      const refused = await loadWith(loader, { https_proxy: proxy.url }, `--base-url ${base}`);
      expect(outcomeOf(refused)).toMatchObject({ exitCode: 66, changed: false });
      expect(refused.stderr).toMatch(/407|Proxy Authentication Required/);
      const https_proxy = `http://host:kept-secret@127.0.0.1:${port}`;
      const said = await loadWith(loader, { https_proxy }, `--base-url ${base}`);
      expect(outcomeOf(said)).toMatchObject({ result: 'installed' });
      expect(said.stdout + said.stderr).not.toContain('kept-secret');
      expect(proxy.asked.map(({ method, target }) => `${method} ${target}`)).toContain(
        `CONNECT localhost:${server.port}`,
      );
      await loadWith(loader, {}, '--uninstall --purge');
    },
    guestTimeoutMs,
  );

  test(
    'without a network it is told what was not reached, and how to go on',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const said = await loadWith(loader, {}, '--base-url https://releases.invalid/tocsin');
      expect(outcomeOf(said)).toMatchObject({
        exitCode: 66,
        message:
          'https://releases.invalid/tocsin/1.0.0/SHA256SUMS could not be loaded (a proxy is taken from https_proxy; --offline DIR needs no network)',
      });
      expect(differences(before, await footprint(guest))).toEqual([]);
    },
    guestTimeoutMs,
  );
});

test(
  'an address without TLS, or with a certificate that nobody vouches for, is refused',
  async ({ skip }) => {
    if (lacking !== undefined) skip(lacking);
    const plain = await loadWith('curl', {}, '--base-url http://127.0.0.1:1/');
    expect(outcomeOf(plain)).toMatchObject({
      exitCode: 64,
      message: 'http://127.0.0.1:1 does not begin with https://',
    });
    await using other = await startReleaseServer();
    await guest.lend(other.port);
    for (const loader of ['curl', 'wget']) {
      const said = await loadWith(loader, {}, `--base-url ${other.url}`);
      expect(said.stderr).toMatch(/certificate/i);
      expect(outcomeOf(said)).toMatchObject({ exitCode: 66 });
    }
    // As behind a proxy that opens every connection: its authority vouches, be it of this one call alone.
    await guest.write('/root/authority.pem', other.ca);
    const env = { SSL_CERT_FILE: '/root/authority.pem' };
    const vouched = await loadWith('curl', env, `--base-url ${other.url}`);
    expect(outcomeOf(vouched)).toMatchObject({
      exitCode: 66,
      message: expect.stringContaining('/1.0.0/SHA256SUMS could not be loaded') as unknown,
    });
    expect(other.asked).toEqual(['/1.0.0/SHA256SUMS']);
  },
  guestTimeoutMs,
);
