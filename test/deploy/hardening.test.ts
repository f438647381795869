import { hash } from 'bcryptjs';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { startAgent } from '../support/agent.ts';
import { ask } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { closedPort } from '../support/tcp-server.ts';
import { teamConfig } from '../support/team-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createAuthority } from '../support/tls-authority.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/hardening.md'), 'utf8');

/** The block of YAML that holds the word. */
function block(word: string): string {
  const found = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].find(([, text]) =>
    text?.includes(word),
  );
  if (found?.[1] === undefined) throw new Error(`the page has no block with ${word}`);
  return found[1];
}

test('the page opens over TLS to the user of web.yml, and to nobody else', async () => {
  using authority = createAuthority();
  const { cert, key } = authority.issue();
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'server.crt'), cert);
  writeFileSync(join(folder, 'server.key'), key);
  const line = await hash('through the door', 4);
  const web = block('basic_auth_users')
    .replaceAll('/etc/tocsin/tls', folder)
    .replace('$2y$10$…', line.replace('$2b$', '$2y$'));
  writeFileSync(join(folder, 'web.yml'), web);
  const { server } = parse(block('web_config_file')) as { server: Record<string, string> };
  const port = await closedPort();
  const config = {
    ...teamConfig([]),
    server: {
      listen: server['listen']?.replace('10.0.0.5:9860', `127.0.0.1:${port}`),
      web_config_file: join(folder, String(server['web_config_file'])),
    },
  };
  await using _agent = await startAgent({ config, waitUntilReady: false });
  const trusting = { ca: authority.ca };
  const metrics = `https://127.0.0.1:${port}/metrics`;
  const login = Buffer.from('prometheus:through the door').toString('base64');
  const asUser = { tls: trusting, headers: { authorization: `Basic ${login}` } };
  await eventually(
    async () => (await ask(metrics, asUser).catch(() => undefined))?.status === 200,
    'the user gets in',
  );
  expect(await ask(metrics, { tls: trusting })).toMatchObject({ status: 401 });
  expect(await ask(`https://127.0.0.1:${port}/health/tocsin`, { tls: trusting })).toMatchObject({
    status: 401,
  });
  await expect(ask(metrics, { ...asUser, tls: {} })).rejects.toThrow(/certificate/);
  await expect(
    ask(metrics, { ...asUser, tls: { ...trusting, maxVersion: 'TLSv1.2' } }),
  ).rejects.toThrow(/version/i);
});

test('the scrape job is one that Prometheus takes', (context) => {
  skipUnlessThere('/usr/bin/promtool', context);
  const folder = temporaryFolder();
  const job = block('scrape_configs').replaceAll('/etc/prometheus', folder);
  for (const [name, text] of Object.entries({
    'tocsin-ca.crt': '',
    'tocsin-password': 'x',
    'p.yml': job,
  })) {
    writeFileSync(join(folder, name), text);
  }
  const said = spawnSync('/usr/bin/promtool', ['check', 'config', join(folder, 'p.yml')], {
    encoding: 'utf8',
  });
  expect(`${said.stdout}${said.stderr}`).toContain('SUCCESS');
});
