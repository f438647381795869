import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { quickConfig } from '../support/quick.ts';
import { startProxy } from '../support/proxy-server.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

test('a sound agent reports to the outside address again and again, with a verdict', async () => {
  await using outside = await startWebhookServer();
  const url = `${outside.origin}/ping`;
  const agentKeys = { name: 'web-1', heartbeat: { url, interval: '300ms' } };
  const config = quickConfig('http://127.0.0.1:9/hook', [], { agent: agentKeys });
  await using _agent = await startAgent({ config });
  await eventually(() => outside.requests.length >= 3, 'three pings');
  expect(JSON.parse(outside.requests[0]?.body ?? '')).toEqual({
    host: 'web-1',
    verdict: 'ok',
    checks: 1,
    firing: [],
    firing_total: 0,
    outbox_pending: 0,
    problems: [],
  });
});

test('where the host gets out by a proxy alone, so does the report, without what receivers are shown', async () => {
  await using outside = await startWebhookServer();
  await using proxy = await startProxy({ everything: '127.0.0.1' });
  // Nobody finds this name but the proxy.
  const url = `http://beats.invalid:${new URL(outside.origin).port}/ping`;
  const config = quickConfig('http://127.0.0.1:9/hook', [], {
    agent: { heartbeat: { url, interval: '300ms' } },
    global: {
      http_config: { proxy_url: proxy.url, basic_auth: { username: 'ops', password: 'a-secret' } },
    },
  });
  await using _agent = await startAgent({ config });
  await eventually(() => outside.requests.length > 0, 'a ping');
  expect(proxy.asked[0]?.target).toBe(url);
  expect(outside.requests[0]?.headers.authorization).toBeUndefined();
});
