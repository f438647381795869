import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readWebConfig } from '../../src/web/web-config.ts';
import { createAuthority } from '../support/tls-authority.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const hash = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG';

function write(text: string): string {
  const file = join(temporaryFolder(), 'web.yml');
  writeFileSync(file, text);
  return file;
}

/** Each problem as `line:column path message`. */
async function problems(file: string): Promise<readonly string[]> {
  const reading = await readWebConfig(file);
  if (reading.ok) return [];
  return reading.problems.map(({ line, column, path, message }) =>
    [`${line}:${column}`, path, message].join(' '),
  );
}

test('an empty file asks for nothing', async () => {
  const file = write('');
  expect(await readWebConfig(file)).toStrictEqual({ ok: true, config: { file, users: {} } });
});

test('certificate, key and users are read, with paths relative to the file', async () => {
  using authority = createAuthority();
  const file = write(`tls_server_config:
  cert_file: server.pem
  key_file: server.key
  min_version: TLS13
basic_auth_users:
  alice: ${hash}
`);
  const folder = join(file, '..');
  const { cert, key } = authority.issue();
  writeFileSync(join(folder, 'server.pem'), cert);
  writeFileSync(join(folder, 'server.key'), key);
  expect(await readWebConfig(file)).toStrictEqual({
    ok: true,
    config: {
      file,
      users: { alice: hash },
      tls: {
        certFile: join(folder, 'server.pem'),
        keyFile: join(folder, 'server.key'),
        minVersion: 'TLSv1.3',
        clientAuth: 'none',
      },
    },
  });
});

test('every key that is not supported is refused by line, all at once', async () => {
  const file = write(`basic_auth_users:
  alice: ${hash}
http_server_config:
  http2: false
tls_server_config:
  cert_file: a.pem
  key_file: a.key
  cipher_suites: []
`);
  expect(await problems(file)).toStrictEqual([
    '3:1 http_server_config is not supported',
    '8:3 tls_server_config.cipher_suites is not supported',
  ]);
});

test('a password that nobody hashed is refused without being repeated', async () => {
  const found = await problems(write('basic_auth_users:\n  alice: opensesame\n'));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^2:3 basic_auth_users\.alice is not right; expected a bcrypt hash/);
  expect(found[0]).not.toContain('opensesame');
});

test('a key without a certificate is refused', async () => {
  const found = await problems(write('tls_server_config:\n  key_file: server.key\n'));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^1:1 tls_server_config\.cert_file is missing/);
});

test('files that do not exist are refused', async () => {
  const file = write('tls_server_config:\n  cert_file: a.pem\n  key_file: a.key\n');
  expect((await problems(file))[0]).toMatch(
    /^1:1 tls_server_config cannot be used: ENOENT.*a\.pem/,
  );
});

test('a key that does not belong to the certificate is refused', async () => {
  using authority = createAuthority();
  const file = write('tls_server_config:\n  cert_file: a.pem\n  key_file: a.key\n');
  writeFileSync(join(file, '../a.pem'), authority.issue().cert);
  writeFileSync(join(file, '../a.key'), authority.issue().key);
  expect((await problems(file))[0]).toMatch(/^1:1 tls_server_config cannot be used: .*mismatch/i);
});

test.each([
  ['client_auth_type: RequireAndVerifyClientCert', 'without an authority'],
  ['client_ca_file: ca.pem', 'with an authority for nothing'],
])('client certificates are refused when half configured: %s', async (line) => {
  const file = write(`tls_server_config:\n  cert_file: a.pem\n  key_file: a.key\n  ${line}\n`);
  expect((await problems(file))[0]).toContain(
    'a client_ca_file exactly when client certificates are verified',
  );
});

test('the client authentication that verifies nothing is refused by line', async () => {
  const file = write(
    'tls_server_config:\n  cert_file: a\n  key_file: b\n  client_auth_type: RequestClientCert\n',
  );
  expect((await problems(file))[0]).toMatch(/^4:3 tls_server_config\.client_auth_type/);
});

test('a doubled key is refused by line', async () => {
  const file = write(`basic_auth_users:\n  alice: ${hash}\n  alice: ${hash}\n`);
  expect((await problems(file))[0]).toMatch(/^3:3 .*unique/);
});

test('a file that is missing is a problem, not a crash', async () => {
  const reading = await readWebConfig(join(temporaryFolder(), 'web.yml'));
  expect(reading).toMatchObject({ ok: false, problems: [{ path: '' }] });
});
