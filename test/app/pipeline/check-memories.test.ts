import { expect, test } from 'vitest';
import type { CheckMemory } from '../../../src/checks/check-type.ts';
import { ok } from '../../../src/model/result.ts';
import { spec } from '../../support/policy.ts';
import { wholeAgent } from '../../support/whole-agent.ts';

/** An agent whose checks count their runs over restarts; what each found when it was opened. */
function countingAgent(names: readonly string[]) {
  const found: string[] = [];
  const world = wholeAgent(
    names.map((name) => spec({ name, schedule: { kind: 'interval', intervalMs: 10_000 } })),
    {},
    ({ name }, { memory }) => {
      found.push(`${name} ${String(memory?.recall(name))}`);
      return {
        run: async () => {
          count(name, memory);
          return ok('fine');
        },
        close: () => memory?.keep(name, 'closed'),
      };
    },
  );
  return { world, found };
}

function count(name: string, memory: CheckMemory | undefined): void {
  memory?.keep(name, Number(memory.recall(name) ?? 0) + 1);
}

test('What a check keeps is there after a kill, and what it keeps while being closed after a stop', async () => {
  const { world, found } = countingAgent(['a', 'b']);
  await world.advance(35);
  world.kill();
  expect(found).toEqual(['a undefined', 'b undefined', 'a 4', 'b 4']);
  await world.agent.stop(1000);
  world.kill();
  expect(found.slice(4)).toEqual(['a closed', 'b closed']);
});
