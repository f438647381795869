import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';

/** Sends a path byte for byte, as no client that means well would. */
async function statusOf(agent: TestAgent, path: string): Promise<number> {
  const socket = connect(agent.port, '127.0.0.1');
  socket.end(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${agent.port}\r\nConnection: close\r\n\r\n`);
  return Number((await text(socket)).split(' ')[1]);
}

const names = ['a/b', 'a b', 'Gästebuch', 'a:b/../c', '-v', 'true', '問題', 'x'.repeat(100)];

test('checks with strange names are found under their encoded names everywhere', async () => {
  const checks = names.map((name) => ({ name, type: 'command', command: ['/bin/true'] }));
  await using agent = await startAgent({ config: { checks } });
  await eventually(
    async () => (await agent.metrics()).split('probe_success{').length > names.length,
    'all have run',
  );
  const page = (await agent.get('/')).body;
  for (const name of names) {
    const encoded = encodeURIComponent(name);
    const health = await agent.get(`/health/${encoded}`);
    expect(health.status, name).toBe(200);
    expect(JSON.parse(health.body)).toMatchObject({ check: name, status: 'up' });
    expect((await agent.get(`/api/v1/checks/${encoded}`)).status, name).toBe(200);
    expect((await agent.cli('why', '--', name)).code, name).toBe(0);
    expect(page).toContain(name);
  }
});

test('a name that would have to be escaped somewhere is refused with what may be in one', async () => {
  for (const name of ['100% "sure"', '<b>', 'a?b#c', 'a\\nb', ' ', '']) {
    const config = { checks: [{ name, type: 'command', command: ['/bin/true'] }] };
    await expect(startAgent({ config }), name).rejects.toThrow('checks[0].name: expected a name');
  }
});

test('paths that lead nowhere or cannot be decoded are refused, and the agent goes on', async () => {
  await using agent = await startAgent({ config: { checks: ['http://127.0.0.1:9/'] } });
  const refused = ['/health/%', '/health/%ff', '/health/', '/health/nobody', '/health/a/b', '/%00'];
  for (const path of [...refused, '/../../etc/passwd', '//', '/health/__proto__', '/constructor']) {
    expect([400, 404], path).toContain(await statusOf(agent, path));
  }
  // Longer than a head may be: the connection is closed, which may overtake the answer.
  const tooLong = await statusOf(agent, `/health/${'x'.repeat(60_000)}`).catch(() => 431);
  expect(tooLong).toBeGreaterThanOrEqual(400);
  expect((await agent.get('/-/healthy')).status).toBe(200);
  expect(agent.running()).toBe(true);
});
