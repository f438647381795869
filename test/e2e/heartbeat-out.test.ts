import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { quickConfig } from '../support/quick.ts';
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
