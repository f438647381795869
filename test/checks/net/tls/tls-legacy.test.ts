import { createServer, type SecureVersion } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { runHttp } from '../../../support/probe-http.ts';
import { labelsOf } from '../../../support/probe-context.ts';
import { startHttpsServer } from '../../../support/http-server.ts';
import { runTcp } from '../../../support/probe-tcp.ts';
import { listen, type TestServer } from '../../../support/tcp-server.ts';
import { createAuthority } from '../../../support/tls-authority.ts';

const authority = createAuthority();
afterAll(() => authority[Symbol.dispose]());
const { ca } = authority;
const sound = authority.issue();

/** A server that speaks one old version and nothing newer. */
function only(version: SecureVersion, ciphers = 'DEFAULT@SECLEVEL=0') {
  return { ...sound, minVersion: version, maxVersion: version, ciphers };
}

function start(version: SecureVersion): Promise<TestServer> {
  return listen(createServer(only(version), (socket) => socket.on('error', () => {})));
}

describe.each([
  ['TLSv1', 'TLS10', 'TLS 1.0'],
  ['TLSv1.1', 'TLS11', 'TLS 1.1'],
  ['TLSv1.2', 'TLS12', 'TLS 1.2'],
] as const)('a server of %s alone', (version, least, label) => {
  test(`is reached with min_version ${least}, and the version is told`, async () => {
    await using server = await start(version);
    const outcome = await runTcp(`127.0.0.1:${server.port}`, {
      tls: true,
      tls_config: { ca, min_version: least },
    });
    expect(outcome.summary).toMatch(/^connected/);
    expect(labelsOf(outcome, 'probe_tls_version_info')).toEqual({ version: label });
  });

  test('is held to max_version, and to the least version without options', async () => {
    await using server = await start(version);
    const target = `127.0.0.1:${server.port}`;
    const most = { min_version: 'TLS10' as const, max_version: least };
    expect((await runTcp(target, { tls: true, tls_config: { ca, ...most } })).status).toBe('ok');
    const usual = await runTcp(target, { tls: true, tls_config: { ca } });
    expect(usual.reason).toBe(version === 'TLSv1.2' ? undefined : 'tls');
  });
});

test.each([
  ['TLSv1', 'ECDHE-ECDSA-AES256-SHA', 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'TLS10'],
  ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS12'],
] as const)('the cipher of %s has its IANA name', async (version, openssl, iana, least) => {
  const options = only(version, `${openssl}@SECLEVEL=0`);
  await using server = await startHttpsServer(options, (_request, response) => response.end());
  const outcome = await runHttp(server.url, { tls_config: { ca, min_version: least } });
  expect(outcome.status).toBe('ok');
  expect(labelsOf(outcome, 'probe_tls_cipher_info')).toEqual({ cipher: iana });
});

test('a max_version below the least that is spoken reaches nobody', async () => {
  await using server = await start('TLSv1');
  const outcome = await runTcp(`127.0.0.1:${server.port}`, {
    tls: true,
    tls_config: { ca, max_version: 'TLS10' },
  });
  expect(outcome.reason).toBe('tls');
});
