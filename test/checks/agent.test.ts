import { describe, expect, test } from 'vitest';
import { agent } from '../../src/checks/agent.ts';
import type { AgentHealth } from '../../src/model/view.ts';
import { openedCheck, valuesOf } from '../support/host-check.ts';

const sound: AgentHealth = {
  problems: [],
  outboxPending: 2,
  outboxOldestMs: 1500,
  schedulerLagMs: 12,
  residentBytes: 60_000_000,
};

const judged = async (health: AgentHealth) =>
  openedCheck(agent, {}, { view: { health: () => health } }).run();

describe('the agent', () => {
  test('is sound when it has no problem, and is measured in base units', async () => {
    const result = await judged(sound);
    expect(result.status).toBe('ok');
    expect(valuesOf(result)).toEqual({
      outbox_pending: 2,
      outbox_oldest_seconds: 1.5,
      scheduler_lag_seconds: 0.012,
      resident_bytes: 60_000_000,
    });
  });

  test('warns of its problems, and is critical when one of them is', async () => {
    const slow = { summary: 'runs start 5s late', critical: false };
    const stuck = { summary: 'the store cannot be written', critical: true };
    expect(await judged({ ...sound, problems: [slow] })).toMatchObject({
      status: 'warning',
      reason: 'internal',
      summary: 'runs start 5s late',
    });
    expect(await judged({ ...sound, problems: [slow, stuck] })).toMatchObject({
      status: 'critical',
      summary: 'runs start 5s late; the store cannot be written',
    });
  });
});
