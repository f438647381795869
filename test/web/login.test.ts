import { hash } from 'bcryptjs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { webLoginsWaitingMax } from '../../src/model/limits.ts';
import { createAuthenticator } from '../../src/web/authenticator.ts';
import { readWebConfig, type WebConfig } from '../../src/web/web-config.ts';
import { ask, type Answer } from '../support/ask.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWeb, webCommands } from '../support/web.ts';

/** The cheapest hash that bcrypt allows: most of these tests are not about its price. */
const roundsMin = 4;

async function webFile(users: Readonly<Record<string, string>>): Promise<WebConfig> {
  const file = join(temporaryFolder(), 'web.yml');
  await writeUsers(file, users);
  const reading = await readWebConfig(file);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return reading.config;
}

async function writeUsers(file: string, users: Readonly<Record<string, string>>): Promise<void> {
  const lines: string[] = ['basic_auth_users:'];
  for (const [user, password] of Object.entries(users)) {
    lines.push(`  ${user}: ${await hash(password, roundsMin)}`);
  }
  writeFileSync(file, `${lines.join('\n')}\n`);
}

function basic(user: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

async function statusAs(url: string, user: string, password: string): Promise<number> {
  return (await ask(`${url}/metrics`, { headers: basic(user, password) })).status;
}

test('with users nothing at all answers without a login', async () => {
  const { url } = await startWeb({ web: await webFile({ alice: 'wonderland' }) });
  for (const path of ['/', '/metrics', '/-/healthy', '/api/v1/status', '/nothing']) {
    const answer = await ask(url + path);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Basic/);
    expect(answer.body).toBe('Unauthorized\n');
  }
});

test('the right password opens, every other one does not, again and again', async () => {
  const { url } = await startWeb({ web: await webFile({ alice: 'wonderland', bob: 'builder' }) });
  for (let round = 0; round < 2; round += 1) {
    expect(await statusAs(url, 'alice', 'wonderland')).toBe(200);
    expect(await statusAs(url, 'bob', 'builder')).toBe(200);
    expect(await statusAs(url, 'alice', 'builder')).toBe(401);
    expect(await statusAs(url, 'alice', '')).toBe(401);
    expect(await statusAs(url, 'mallory', 'wonderland')).toBe(401);
    expect(await statusAs(url, 'constructor', 'wonderland')).toBe(401);
  }
});

test('a remembered login opens nothing to one that only looks like it when joined', async () => {
  const { url } = await startWeb({ web: await webFile({ alice: 'x1y', alicex: '1y' }) });
  expect(await statusAs(url, 'alice', 'x1y')).toBe(200);
  expect(await statusAs(url, 'alicex', '1y')).toBe(200);
  expect(await statusAs(url, 'alicex1', 'y')).toBe(401);
});

test('a login takes effect when the file changes, and a broken file leaves the last good users', async () => {
  const web = await webFile({ alice: 'wonderland' });
  const logged: string[] = [];
  const log = { error: (line: string) => logged.push(line), warn() {}, info() {}, debug() {} };
  const { url } = await startWeb({ web, log });
  expect(await statusAs(url, 'alice', 'wonderland')).toBe(200);
  await writeUsers(web.file, { carol: 'christmas' });
  expect(await statusAs(url, 'carol', 'christmas')).toBe(200);
  expect(await statusAs(url, 'alice', 'wonderland')).toBe(401);
  writeFileSync(web.file, 'basic_auth_users: [');
  expect(await statusAs(url, 'carol', 'christmas')).toBe(200);
  expect(await statusAs(url, 'dora', 'explorer')).toBe(401);
  expect(logged.length).toBeGreaterThan(0);
});

test('a user may change something, also under a name and from behind a proxy', async () => {
  const { url } = await startWeb({ web: await webFile({ alice: 'wonderland' }) });
  const headers = {
    ...basic('alice', 'wonderland'),
    host: 'web-1.example.com',
    'x-forwarded-for': '203.0.113.7',
  };
  expect(await ask(`${url}/-/reload`, { method: 'POST', headers })).toMatchObject({ status: 200 });
});

test('the Unix socket needs no login', async () => {
  const socketPath = join(temporaryFolder(), 'tocsin.sock');
  await startWeb({ socketPath, web: await webFile({ alice: 'wonderland' }) });
  expect(await ask('http://localhost/metrics', { socketPath })).toMatchObject({ status: 200 });
});

test('a heartbeat token stands in for a login, and only for its heartbeat', async () => {
  const commands = webCommands({
    ping: (_, __, { token, trusted }) => (trusted || token === 'good' ? 'ok' : 'forbidden'),
  });
  const { url } = await startWeb({ commands, web: await webFile({ alice: 'wonderland' }) });
  const ping = (query: string): Promise<Answer> =>
    ask(`${url}/ping/job${query}`, { method: 'POST' });
  expect(await ping('?token=good')).toMatchObject({ status: 200 });
  expect(await ping('?token=bad')).toMatchObject({ status: 403 });
  expect(await ping('')).toMatchObject({ status: 403 });
  expect(await ask(`${url}/metrics?token=good`)).toMatchObject({ status: 401 });
});

test('a flood of logins is turned away instead of occupying the processor', async () => {
  const users = { alice: await hash('wonderland', roundsMin) };
  const logIn = createAuthenticator(async () => users);
  const guesses = Array.from({ length: webLoginsWaitingMax + 5 }, async (_, position) =>
    logIn(basic('alice', `guess-${position}`).authorization),
  );
  const answers = await Promise.all(guesses);
  expect(answers.filter((answer) => answer === 'refused')).toHaveLength(webLoginsWaitingMax);
  expect(answers.filter((answer) => answer === 'busy')).toHaveLength(5);
  expect(await logIn(basic('alice', 'wonderland').authorization)).toBe('accepted');
});
