import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { reaches, read, runsAgain } from '../support/agent-view.ts';
import { ask } from '../support/ask.ts';
import { startService, type Service } from '../support/service.ts';
import { startSlackServer, type SlackServer } from '../support/slack-server.ts';
import { teamConfig } from '../support/team-config.ts';

/** One agent with a service that goes up and down, a job, and a check that always fails. */
const open = new AsyncDisposableStack();
let agent: TestAgent;
let service: Service;
let slack: SlackServer;

beforeAll(async () => {
  service = open.use(await startService());
  slack = open.use(await startSlackServer());
  const checks = [
    { name: 'gateway', type: 'http', target: service.url },
    { name: 'backup', type: 'heartbeat', every: '1h', interval: '500ms' },
    {
      name: 'stuck/queue',
      type: 'command',
      command: ['/bin/sh', '-c', 'echo "412 <b>jobs</b>"; exit 2'],
    },
  ];
  const team = { slack_configs: [{ api_url: slack.url }] };
  agent = open.use(await startAgent({ config: teamConfig(checks, team) }));
  await reaches(agent, 'stuck/queue', 'firing');
});

afterAll(() => open.disposeAsync());

test.each([
  ['/', 'text/html'],
  ['/metrics', 'text/plain; version=0.0.4'],
  ['/config', 'text/plain'],
  ['/-/healthy', 'text/plain'],
  ['/-/ready', 'text/plain'],
  ['/health/gateway', 'application/json'],
  ['/api/v1/status', 'application/json'],
  ['/api/v1/checks', 'application/json'],
  ['/api/v1/checks/gateway', 'application/json'],
  ['/api/v1/checks/stuck%2Fqueue?limit=1', 'application/json'],
  ['/api/v1/notifications', 'application/json'],
  ['/api/v1/why/stuck%2Fqueue', 'application/json'],
  ['/api/v1/routes/test?severity=critical', 'application/json'],
])('%s answers with %s', async (path, contentType) => {
  const { status, headers, body } = await agent.get(path);
  expect(status).toBe(200);
  expect(headers['content-type']).toContain(contentType);
  expect(body).not.toBe('');
  if (path.startsWith('/api/')) expect(JSON.parse(body)).toMatchObject({ apiVersion: 1 });
});

test('what is not there answers 404, and what may not be posted 405', async () => {
  for (const path of ['/nothing', '/health/nothing', '/api/v1/checks/nothing', '/api/v1/why/no']) {
    expect((await agent.get(path)).status, path).toBe(404);
  }
  expect((await agent.post('/metrics')).status).toBe(405);
  expect((await agent.get('/-/reload')).status).toBe(405);
});

test('the health of a check turns 503 with its alert, and back', async () => {
  expect((await agent.get('/health/gateway')).status).toBe(200);
  service.answer(503);
  await reaches(agent, 'gateway', 'firing');
  const { status, body } = await agent.get('/health/gateway');
  expect(status).toBe(503);
  expect(JSON.parse(body)).toMatchObject({
    check: 'gateway',
    status: 'down',
    phase: 'firing',
    summary: `HTTP 503 from ${service.url}, wanted 200–299`,
  });
  expect((await agent.get('/health/gateway?raw')).status).toBe(503);
  service.answer(200);
  await reaches(agent, 'gateway', 'inactive');
  expect((await agent.get('/health/gateway')).status).toBe(200);
});

test('a job reports by GET and by POST, and its failure is seen at once', async () => {
  expect((await agent.get('/ping/backup')).status).toBe(200);
  await runsAgain(agent, 'backup', 1);
  expect((await agent.get('/health/backup?raw')).status).toBe(200);
  expect((await agent.post('/ping/backup/start')).status).toBe(200);
  expect((await agent.post('/ping/backup/fail', 'no space left')).status).toBe(200);
  await runsAgain(agent, 'backup', 1);
  expect(JSON.parse((await agent.get('/health/backup?raw')).body)).toMatchObject({
    status: 'critical',
    summary: expect.stringContaining('no space left'),
  });
  expect((await agent.post('/ping/backup/0')).status).toBe(200);
  expect((await agent.post('/ping/backup/256')).status).toBe(404);
  expect((await agent.post('/ping/nobody')).status).toBe(404);
});

test('the page shows what fails, escaped, and needs nothing from elsewhere', async () => {
  const { body } = await agent.get('/');
  expect(body).toContain('stuck/queue');
  expect(body).toContain('412 &lt;b&gt;jobs&lt;/b&gt;');
  expect(body).not.toContain('<b>jobs');
  expect(body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
});

test('the Unix socket in the data directory answers as well', async () => {
  const socketPath = join(agent.dataDir, 'tocsin.sock');
  const { status, body } = await ask('http://localhost/api/v1/status', { socketPath });
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ agent: { name: 'web-1', ready: true } });
});

test('whoever comes from another web site or through a proxy changes nothing', async () => {
  for (const headers of [{ origin: 'https://evil.example' }, { 'x-forwarded-for': '192.0.2.1' }]) {
    const reload = { method: 'POST', headers };
    expect((await ask(`${agent.url}/-/reload`, reload)).status).toBe(403);
    expect((await ask(`${agent.url}/ping/backup`, reload)).status).toBe(403);
  }
  expect(agent.stderr()).not.toContain('configuration reloaded');
});

test('/config shows the configuration without its secrets', async () => {
  const { body } = await agent.get('/config');
  expect(body).toContain(service.url);
  expect(body).toContain('<secret>');
  expect(body).not.toContain(new URL(slack.url).pathname);
});

test('the notifications name whom they were sent to and what came back', async () => {
  const { notifications } = await read<{ notifications: object[] }>(agent, '/api/v1/notifications');
  expect(notifications).toContainEqual(
    expect.objectContaining({
      receiver: 'team',
      integration: 'slack',
      state: 'delivered',
      status: 'firing',
      reason: 'first notification',
    }),
  );
});
