import { createServer, createSecureContext, TLSSocket } from 'node:tls';
import { createServer as createTcpServer } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { certificate, certificateOf } from '../../src/checks/certificate.ts';
import { hostPlaces } from '../../src/checks/host/places.ts';
import { folderWith, openedCheck, placesIn, valuesOf } from '../support/host-check.ts';
import { closedPort, listen } from '../support/tcp-server.ts';
import { createAuthority, selfSigned, type Certificate } from '../support/tls-authority.ts';

const authority = createAuthority(400);
afterAll(() => authority[Symbol.dispose]());
const ca_file = join(authority.directory, 'ca.pem');
const long = authority.issue({ days: 90 });
const short = authority.issue({ days: 5 });

const serving = async ({ cert, key }: Certificate) => listen(createServer({ cert, key }));

async function fileWith(text: string): Promise<string> {
  return join(await folderWith({ 'site.pem': text }), 'site.pem');
}

const judged = async (keys: Readonly<Record<string, unknown>>) =>
  openedCheck(certificate, { ca_file, ...keys }).run();

describe('a certificate that is served', () => {
  test('and has time left is well', async () => {
    await using server = await serving(long);
    const result = await judged({ target: `localhost:${server.port}` });
    expect(result.status).toBe('ok');
    expect(result.summary).toMatch(
      /^the certificate of localhost:\d+ expires in (?:90d|89d 23h), on /,
    );
    expect(valuesOf(result)['served_days_left']).toBeCloseTo(90, 0);
    expect(result.families.map(({ name }) => name)).toContain('probe_certificate_info');
  });

  test.each([
    [
      'close to its end',
      { days: 5 },
      'warning',
      'threshold',
      /expires in (?:5d|4d 23h), on .*limit 14d$/,
    ],
    [
      'closer to its end',
      { days: 2 },
      'critical',
      'threshold',
      /expires in (?:2d|1d 23h), on .*limit 3d$/,
    ],
    ['expired', { days: -2 }, 'critical', 'tls', /^the certificate of localhost:\d+ expired 2d/],
    [
      'for another',
      { days: 90, names: 'DNS:b.example' },
      'critical',
      'tls',
      /is for DNS:b\.example/,
    ],
  ] as const)('and %s is told', async (_, wish, status, reason, summary) => {
    await using server = await serving(authority.issue(wish));
    const result = await judged({ target: `localhost:${server.port}` });
    expect(result).toMatchObject({ status, reason });
    expect(result.summary).toMatch(summary);
    expect(result.values).toHaveLength(1);
  });

  test('by an unknown authority is not trusted, unless that is not asked for', async () => {
    await using server = await serving(selfSigned('/CN=localhost'));
    const target = `localhost:${server.port}`;
    expect(await judged({ target })).toMatchObject({ status: 'critical', reason: 'tls' });
    expect((await judged({ target, verify: false })).status).toBe('warning');
    expect((await judged({ target, verify: false, warning: '4d' })).status).toBe('ok');
  });

  test('after STARTTLS is judged like any other', async () => {
    const secureContext = createSecureContext(short);
    await using server = await listen(
      createTcpServer((socket) => {
        socket.write('220 mail ESMTP\r\n');
        socket.on('data', (bytes: Buffer) => {
          const line = bytes.toString();
          if (line.startsWith('EHLO')) socket.write('250-mail\r\n250 STARTTLS\r\n');
          if (!line.startsWith('STARTTLS')) return;
          socket.removeAllListeners('data');
          socket.write('220 go ahead\r\n');
          new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => {});
        });
      }),
    );
    const result = await judged({ target: `localhost:${server.port}`, starttls: 'smtp' });
    expect(result).toMatchObject({ status: 'warning', reason: 'threshold' });
    expect(result.summary).toMatch(/expires in (?:5d|4d 23h)/);
  });

  test('by nobody, or by something that speaks no TLS, is critical', async () => {
    expect(await judged({ target: `localhost:${await closedPort()}` })).toMatchObject({
      status: 'critical',
      reason: 'connect',
    });
    await using rubbish = await listen(createTcpServer((socket) => socket.end('hello\r\n')));
    expect(await judged({ target: `localhost:${rubbish.port}` })).toMatchObject({
      status: 'critical',
      reason: 'tls',
    });
    await using silent = await listen(createTcpServer(() => {}));
    const check = openedCheck(
      certificate,
      { target: `localhost:${silent.port}` },
      { common: { timeoutMs: 200 } },
    );
    expect(await check.run()).toMatchObject({ status: 'critical', reason: 'timeout' });
  });
});

describe('a certificate on disk', () => {
  test('is judged with its chain, a key beside it does no harm', async () => {
    const file = await fileWith(`${long.cert}\n${long.key}`);
    const result = await judged({ file, server_name: 'localhost' });
    expect(result.status).toBe('ok');
    expect(result.summary).toMatch(/^the certificate in \S+ expires in (?:90d|89d)/);
    expect(JSON.stringify(result)).not.toContain('PRIVATE KEY');
    expect(await judged({ file, server_name: 'b.example' })).toMatchObject({ status: 'critical' });
    const lone = await openedCheck(certificate, { file }).run();
    expect(lone.summary).toContain('leads to no trusted authority');
  });

  test('that is not there, is none, or may not be read says so', async () => {
    expect(await judged({ file: '/nonexistent/x.pem' })).toMatchObject({
      status: 'critical',
      reason: 'missing',
      summary: '/nonexistent/x.pem does not exist',
    });
    expect((await judged({ file: await fileWith('rubbish') })).summary).toContain(
      'holds no certificate in PEM format',
    );
    expect(await judged({ file: await folderWith() })).toMatchObject({ status: 'critical' });
    const folder = await folderWith({
      'bin/head':
        '#!/bin/sh\necho "head: cannot open \'x\' for reading: Permission denied" >&2; exit 1',
    });
    const denied = await openedCheck(certificateOf(placesIn(folder)), { file: '/x' }).run();
    expect(denied).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(denied.summary).toContain('lacks the right to read it: /x. Grant it');
  });

  test('on a file system that hangs costs one process, and is told', async () => {
    const folder = await folderWith({});
    await writeFile(join(folder, 'asked'), '');
    const host = await folderWith({
      'bin/head': `#!/bin/sh\necho x >> ${folder}/asked; exec /bin/sleep 60`,
    });
    const check = openedCheck(
      certificateOf({ ...hostPlaces, programs: join(host, 'bin') }),
      { file: '/mnt/x.pem' },
      { common: { timeoutMs: 300 } },
    );
    expect(await check.run()).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect((await check.run()).summary).toMatch(/^\/mnt\/x\.pem hangs: its file system has not/);
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('x\n');
  });
});

describe('a certificate that is served and lies on disk', () => {
  test('is one and the same', async () => {
    await using server = await serving(long);
    const result = await judged({
      target: `localhost:${server.port}`,
      file: await fileWith(long.cert),
    });
    expect(result.status).toBe('ok');
    expect(result.summary).toMatch(/and the one on disk is the same$/);
  });

  test('was renewed, but the server was not reloaded', async () => {
    const before = authority.issue({ days: 30 });
    await using server = await serving(before);
    const file = await fileWith(long.cert);
    const result = await judged({ target: `localhost:${server.port}`, file });
    expect(result).toMatchObject({ status: 'warning', reason: 'stale' });
    expect(result.summary).toMatch(
      /^localhost:\d+ still serves the certificate that ends on \S+, but \S+ was renewed \(ends on \S+\): reload the server$/,
    );
    await using late = await serving(authority.issue({ days: 2 }));
    const worse = await judged({ target: `localhost:${late.port}`, file });
    expect(worse.status).toBe('critical');
    expect(worse.summary).toMatch(
      /expires in (?:2d|1d 23h), on .*limit 3d; localhost:\d+ still serves/,
    );
  });
});

test('A certificate check without anything to look at is refused', () => {
  expect(() => openedCheck(certificate, {})).toThrow('needs target, file or both');
  expect(() => openedCheck(certificate, { file: '/x', critical: '20d' })).toThrow('less than');
  expect(() => openedCheck(certificate, { file: '/x', starttls: 'smtp' })).toThrow('a target');
});
