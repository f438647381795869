import { expect, test } from 'vitest';
import type { CheckEnvironment, OpenCheck } from '../../src/checks/check-type.ts';
import {
  capacityReaches,
  createHold,
  judgeLimits,
  parseCapacityLimit,
} from '../../src/checks/threshold.ts';
import type { CheckSpec } from '../../src/model/check.ts';
import { notOk, ok } from '../../src/model/result.ts';
import { policy, spec } from '../support/policy.ts';
import { wholeAgent } from '../support/whole-agent.ts';

const limits = {
  warning: parseCapacityLimit('85%'),
  critical: parseCapacityLimit('95%'),
  clear: parseCapacityLimit('80%'),
};

/** A check that judges this share as those of the host judge what they measure. */
function memoryUsed(): {
  percent: number;
  open(spec: CheckSpec, environment: CheckEnvironment): OpenCheck;
} {
  const host = {
    percent: 0,
    open({ name }: CheckSpec, { view }: CheckEnvironment): OpenCheck {
      const hold = createHold(name, view);
      return {
        async run() {
          const capacity = { usedPercent: host.percent, freeBytes: 0 };
          const reaches = (limit: NonNullable<typeof limits.clear>): boolean =>
            capacityReaches(capacity, limit);
          const verdict = judgeLimits(limits, reaches, hold.isHeld());
          hold.note(verdict);
          if (verdict.status === 'ok') return ok('fine');
          return notOk(verdict.status, 'threshold', `memory is ${host.percent}% used`);
        },
      };
    },
  };
  return host;
}

const memory = spec({
  name: 'memory',
  type: 'memory',
  schedule: { kind: 'interval', intervalMs: 10_000 },
  debounce: policy({ failAfter: { kind: 'consecutive', failures: 3 }, recoverAfter: 2 }),
});

test('clear keeps an alert from coming and going at its limit, and makes none of one short peak', async () => {
  const host = memoryUsed();
  const agent = wholeAgent([memory], {}, (check, environment) => host.open(check, environment));
  host.percent = 82;
  await agent.advance(30);
  host.percent = 90;
  await agent.advance(10);
  host.percent = 82;
  await agent.advance(60);
  expect(agent.told()).toEqual([]);
  host.percent = 90;
  await agent.advance(60);
  expect(agent.told()).toEqual([expect.stringContaining('memory is in warning')]);
  host.percent = 82;
  await agent.advance(300);
  agent.kill();
  await agent.advance(300);
  expect(agent.told()).toEqual([]);
  host.percent = 79;
  await agent.advance(120);
  expect(agent.told()).toEqual([expect.stringContaining('✅ memory is fine again')]);
});
