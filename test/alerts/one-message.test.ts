import { expect, test } from 'vitest';
import type { CheckSpec } from '../../src/model/check.ts';
import { policy, spec } from '../support/policy.ts';
import { wholeAgent } from '../support/whole-agent.ts';

const every = (name: string, type: CheckSpec['type'], intervalMs = 15_000): CheckSpec =>
  spec({
    name,
    type,
    schedule: { kind: 'interval', intervalMs },
    debounce: policy({
      failAfter: { kind: 'consecutive', failures: 2 },
      recoverAfter: 2,
      retryIntervalMs: 2000,
    }),
  });

test('a full disk and the six checks it brings down are one message, the disk first, and one recovery', async () => {
  const names = ['api', 'database', 'gateway', 'mail', 'queue', 'shop'];
  const agent = wholeAgent([every('disk /', 'disk'), ...names.map((name) => every(name, 'http'))]);
  await agent.advance(60);
  for (const name of ['disk /', ...names]) agent.finds(name, 'critical');
  await agent.advance(120);
  const { notification } = agent.deliveries[0] ?? { notification: undefined };
  expect(agent.told()).toEqual([expect.stringContaining('🔴 7 checks failing on web-1: ')]);
  const root = notification?.alerts.find(
    ({ fingerprint }) => fingerprint === notification.likelyRoot,
  );
  expect(root?.labels['check']).toBe('disk /');
  expect(notification?.likelyRootReason).toBe('resource');
  for (const name of ['disk /', ...names]) agent.finds(name, 'ok');
  await agent.advance(180);
  expect(agent.told()).toEqual([expect.stringContaining('✅ 7 checks back on web-1: ')]);
});
