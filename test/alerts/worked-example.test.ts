import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { policy, spec } from '../support/policy.ts';
import { wholeAgent } from '../support/whole-agent.ts';

const check = spec({
  schedule: { kind: 'interval', intervalMs: 30_000 },
  debounce: policy({
    failAfter: { kind: 'consecutive', failures: 3 },
    recoverAfter: 2,
    retryIntervalMs: 10_000,
  }),
});

test('the worked example of docs/debounce.md is what happens', async () => {
  const agent = wholeAgent([check]);
  await agent.advance(60);
  const rows: string[][] = [];
  let startMs: number | undefined;
  /** Moves on by a second at a time, and writes down each run and each message. */
  const live = async (finding: 'critical' | 'ok', runs: number): Promise<void> => {
    agent.finds('gateway', finding);
    let left = runs;
    while (left > 0) {
      const before = agent.runs.get('gateway') ?? 0;
      await agent.advance(1);
      const hasRun = (agent.runs.get('gateway') ?? 0) > before;
      const nowMs = agent.clock.now().steadyMs;
      if (hasRun) startMs ??= nowMs;
      const at = `${Math.round((nowMs - (startMs ?? nowMs)) / 1000)}s`;
      const { rule } = agent.agent.pipeline.track('gateway');
      if (hasRun) rows.push([at, finding, rule, '']);
      if (hasRun) left -= 1;
      for (const line of agent.told()) rows.push([at, '', '', line.replace(/^\d+s /, '')]);
    }
  };
  await live('critical', 5);
  await live('ok', 4);
  const table = rows.map((cells) => `| ${cells.join(' | ')} |`.replaceAll(/ {2,}/g, ' '));
  const page = readFileSync(join(import.meta.dirname, '../../docs/debounce.md'), 'utf8');
  const shown = page.split('\n').filter((line) => /^\| \d+s \|/.test(line));
  expect(shown).toEqual(table);
});
