import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PartName } from '../../../src/checks/openclaw/part.ts';
import { startGateway } from '../../support/openclaw-gateway.ts';
import { watchGateway } from '../../support/openclaw-watch.ts';
import { createAuthority, selfSigned } from '../../support/tls-authority.ts';

const parts: readonly PartName[] = ['health', 'startup', 'readiness', 'handshake', 'cron'];

/** As a gateway makes it for itself: no name of a host, signed by itself. */
const own = selfSigned('/CN=openclaw-gateway');

const watched = async (keys: Readonly<Record<string, unknown>> = {}, certificate = own) =>
  watchGateway(parts, keys, { gateway: await startGateway(3600, certificate) });

const logins = ({ gateway }: Awaited<ReturnType<typeof watched>>): number =>
  gateway.asked.filter(({ method }) => method === 'connect').length;

test('a gateway with a certificate of its own making is well, by the file of it on disk', async () => {
  const { look } = await watched();
  const result = await look();
  expect(result.summary).toMatch(/is well in all 5 parts$/);
  expect(result.findings?.find(({ part }) => part === 'handshake')?.summary).toMatch(/^let in by/);
});

test('one that serves another certificate than lies on disk is a warning, and is shown no token', async () => {
  const world = await watched();
  await world.gateway.write('gateway/tls/gateway-cert.pem', selfSigned('/CN=another').cert);
  const result = await world.look();
  expect(result.findings?.filter(({ status }) => status !== 'ok')).toMatchObject([
    { part: 'handshake', status: 'warning', reason: 'tls', summary: /serves another certificate/ },
  ]);
  expect(logins(world)).toBe(0);
});

test('one whose certificate is not to be found is unknown, and says how else to verify it', async () => {
  const world = await watched();
  await world.gateway.remove('gateway');
  const result = await world.look();
  expect(result).toMatchObject({ status: 'unknown', reason: 'tls' });
  expect(result.summary).toContain('tls_config');
  expect(logins(world)).toBe(0);
});

test('tls_config verifies it as for every other check, or lets it pass', async () => {
  using authority = createAuthority();
  const issued = authority.issue({ names: 'DNS:gateway.example.com' });
  const ca_file = join(authority.directory, 'ca.pem');
  const trusted = { tls_config: { ca_file, server_name: 'gateway.example.com' } };
  expect((await (await watched(trusted, issued)).look()).status).toBe('ok');
  const other = { tls_config: { ca_file, server_name: 'other.example.com' } };
  const refused = await watched(other, issued);
  await refused.look();
  expect((await refused.look()).summary).toContain('wanted other.example.com');
  const world = await watched({ tls_config: { insecure_skip_verify: true } });
  await world.gateway.remove('gateway');
  expect((await world.look()).status).toBe('ok');
});

test('that it speaks TLS is found out where its settings cannot be read', async () => {
  const world = await watched({ token: 'a-token-that-nobody-may-see-4711' });
  await world.gateway.remove('openclaw.json');
  const result = await world.look();
  expect(result.status).toBe('ok');
});
