import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { readWebConfig } from '../../src/web/web-config.ts';
import { ask, type Answer } from '../support/ask.ts';
import { createAuthority, type Authority, type Certificate } from '../support/tls-authority.ts';
import { startWeb } from '../support/web.ts';

interface Setting {
  readonly authority: Authority;
  readonly url: string;
  readonly port: number;
  readonly install: (certificate: Certificate) => void;
  /** Asks as a client that trusts the authority. */
  readonly get: (tls?: Readonly<Record<string, unknown>>) => Promise<Answer>;
}

/** A server with a certificate, and further lines in its `tls_server_config`. */
async function startTls(...lines: readonly string[]): Promise<Setting> {
  const authority = createAuthority();
  onTestFinished(() => authority[Symbol.dispose]());
  const at = (name: string): string => join(authority.directory, name);
  const install = ({ cert, key }: Certificate): void => {
    writeFileSync(at('server.pem'), cert);
    writeFileSync(at('server.key'), key);
  };
  install(authority.issue());
  const block = ['cert_file: server.pem', 'key_file: server.key', ...lines];
  writeFileSync(
    at('web.yml'),
    `tls_server_config:\n${block.map((line) => `  ${line}\n`).join('')}`,
  );
  const reading = await readWebConfig(at('web.yml'));
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  const { url, port } = await startWeb({ web: reading.config });
  const get = (tls = {}): Promise<Answer> =>
    ask(`${url}/-/healthy`, { tls: { ca: authority.ca, ...tls } });
  return { authority, url, port, install, get };
}

const verifying = [
  'client_auth_type: RequireAndVerifyClientCert',
  'client_ca_file: ca.pem',
] as const;

test('with a certificate it speaks HTTPS and nothing else', async () => {
  const { get, port, url } = await startTls();
  expect(url).toMatch(/^https:/);
  expect(await get()).toMatchObject({ status: 200 });
  await expect(ask(`http://127.0.0.1:${port}/-/healthy`)).rejects.toThrow();
});

test('a client below the minimum version is turned away', async () => {
  const { get } = await startTls('min_version: TLS13');
  await expect(get({ maxVersion: 'TLSv1.2' })).rejects.toThrow(/version/i);
  expect(await get()).toMatchObject({ status: 200 });
});

test('a renewed certificate is used by the next connection, without a restart', async () => {
  const { authority, get, install, port } = await startTls();
  const served = async (): Promise<string> => {
    const client = connect({ port, host: '127.0.0.1', ca: authority.ca });
    onTestFinished(() => void client.destroy());
    await once(client, 'secureConnect');
    return String(client.getPeerCertificate().subject.CN);
  };
  expect(await served()).toBe('test');
  install(authority.issue({ subject: '/CN=renewed' }));
  expect(await served()).toBe('renewed');
  expect(await get()).toMatchObject({ status: 200 });
});

test('a certificate whose key is not there yet leaves the last good one in use', async () => {
  const { authority, get, install } = await startTls();
  const next = authority.issue();
  install({ cert: next.cert, key: 'not written yet' });
  expect(await get()).toMatchObject({ status: 200 });
  install(next);
  expect(await get()).toMatchObject({ status: 200 });
});

test('a required client certificate has to come from the right authority', async () => {
  const { authority, get } = await startTls(...verifying);
  using stranger = createAuthority();
  const { cert, key } = authority.issue();
  expect(await get({ cert, key })).toMatchObject({ status: 200 });
  await expect(get()).rejects.toThrow();
  await expect(get({ ...stranger.issue() })).rejects.toThrow();
});

test('a client certificate that is optional is verified if it is given', async () => {
  const { authority, get } = await startTls(
    'client_auth_type: VerifyClientCertIfGiven',
    'client_ca_file: ca.pem',
  );
  using stranger = createAuthority();
  expect(await get()).toMatchObject({ status: 200 });
  expect(await get({ ...authority.issue() })).toMatchObject({ status: 200 });
  await expect(get({ ...stranger.issue() })).rejects.toThrow();
});
