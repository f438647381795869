import { describe, expect, test } from 'vitest';
import { alertStatus } from '../../src/model/alert.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import { createOutboxWorld, forbidden, unavailable, unreachable } from '../support/outbox-world.ts';
import { receiver, webhook } from '../support/routes.ts';
import { sampleAlert } from '../support/sample-delivery.ts';

const minute = 60_000;

function remarks(delivery: Delivery | undefined): readonly string[] {
  return delivery?.notification.remarks ?? [];
}

function states(delivery: Delivery | undefined): string[] {
  return (delivery?.notification.alerts ?? []).map(
    (alert) => `${alert.labels['check']} ${alert.labels['severity']} ${alertStatus(alert)}`,
  );
}

describe('messages that waited', () => {
  test('a firing and its end become one message that tells both, with their times and why it is late', async () => {
    const world = createOutboxWorld();
    world.answers.set('team', unreachable);
    world.tell('gateway');
    await world.clock.advance(12 * minute);
    world.tell('gateway', { endsAt: true });
    await world.clock.advance(2 * minute);
    world.answers.clear();
    await world.clock.advance(6 * minute);
    expect(world.told).toHaveLength(1);
    expect(states(world.told[0])).toEqual(['gateway critical resolved']);
    expect(world.told[0]?.notification).toMatchObject({
      status: 'resolved',
      reason: 'all alerts resolved',
    });
    const [story, late] = remarks(world.told[0]);
    expect(story).toBe('gateway: down 12:00 UTC, back 12:12 UTC');
    expect(late).toMatch(
      /^Told 1\dm .*late: team \(webhook\) could not be reached since 12:00 UTC: refused$/,
    );
  });

  test('the log of attempts keeps each as what it was, and says what it was merged into', async () => {
    const world = createOutboxWorld();
    world.answers.set('team', unavailable);
    world.tell('gateway');
    await world.clock.advance(minute);
    world.tell('gateway', { endsAt: true });
    world.answers.clear();
    await world.clock.advance(10 * minute);
    expect(world.attempts.slice(-2)).toMatchObject([
      { deliveryId: 'd2', outcome: { kind: 'delivered', detail: 'ok' } },
      { deliveryId: 'd1', outcome: { kind: 'delivered', detail: 'merged into d2: ok' } },
    ]);
    expect(world.grouped).toEqual(['d1']);
    const onDisk = [...world.entries.values()].map(({ state, delivery }) => [
      state,
      delivery.notification.status,
      delivery.notification.remarks,
    ]);
    expect(onDisk).toEqual([
      ['delivered', 'firing', undefined],
      ['delivered', 'resolved', undefined],
    ]);
  });

  test('a higher severity that has passed while it waited is still told', async () => {
    const world = createOutboxWorld();
    world.answers.set('team', unavailable);
    const startsAt = world.clock.now().wallMs;
    const critical = sampleAlert({ startsAt });
    world.tell('gateway', { alerts: [critical] });
    await world.clock.advance(5 * minute);
    const now = world.clock.now().wallMs;
    const warning = sampleAlert({ labels: { severity: 'warning' }, startsAt: now });
    const { fingerprint } = warning;
    const supersededBy = { fingerprint, severity: 'warning' };
    world.tell('gateway', { alerts: [warning, { ...critical, endsAt: now, supersededBy }] });
    world.answers.clear();
    await world.clock.advance(6 * minute);
    expect(world.told).toHaveLength(1);
    expect(states(world.told[0])).toEqual(['gateway warning firing', 'gateway critical resolved']);
    expect(remarks(world.told[0])[0]).toBe('gateway: down 12:00 UTC, in warning 12:05 UTC');
  });

  test('alerts of other groups stay messages of their own', async () => {
    const world = createOutboxWorld();
    world.answers.set('team', unavailable);
    world.tell('gateway');
    world.tell('database');
    await world.clock.advance(minute);
    world.answers.clear();
    await world.clock.advance(6 * minute);
    expect(world.told.map(({ dedupKey }) => dedupKey)).toEqual(['gateway', 'database']);
  });

  test('an incident is opened and closed by two messages, its changes in between by the newest', async () => {
    const world = createOutboxWorld([receiver('pager', webhook({ integration: 'pagerduty' }))]);
    const integration = 'pagerduty';
    world.answers.set('pager', unreachable);
    world.tell('gateway', { integration });
    world.tell('gateway', { integration, reason: 'new alerts added' });
    world.tell('gateway', { integration, endsAt: true });
    await world.clock.advance(minute);
    world.answers.clear();
    await world.clock.advance(6 * minute);
    expect(world.told.map(({ id, notification }) => [id, notification.status])).toEqual([
      ['d2', 'firing'],
      ['d3', 'resolved'],
    ]);
  });

  test('an incident is not opened at a lower severity than it had', async () => {
    const world = createOutboxWorld([receiver('pager', webhook({ integration: 'pagerduty' }))]);
    world.answers.set('pager', unreachable);
    world.tell('gateway', { integration: 'pagerduty' });
    const alerts = [sampleAlert({ labels: { severity: 'warning' } })];
    world.tell('gateway', { integration: 'pagerduty', alerts });
    world.answers.clear();
    await world.clock.advance(6 * minute);
    expect(world.told.map(({ id }) => id)).toEqual(['d1', 'd2']);
  });

  test('what waits while the agent is stopped says so', async () => {
    const world = createOutboxWorld();
    world.answers.set('team', unreachable);
    world.tell('gateway');
    await world.clock.advance(1000);
    world.answers.clear();
    await world.restart(10 * minute);
    expect(world.told).toHaveLength(1);
    expect(remarks(world.told[0])[0]).toMatch(
      /^Told 10m 1s late: the agent was stopped from 12:00 UTC to 12:10 UTC; team .* refused$/,
    );
  });

  test('a message that is told in time says nothing of it', async () => {
    const world = createOutboxWorld();
    world.answers.set('team', unavailable);
    world.tell('gateway');
    await world.clock.advance(500);
    world.answers.clear();
    await world.clock.advance(minute);
    expect(remarks(world.told[0])).toEqual([]);
  });

  test('a kill after the merged message was taken repeats it under its key, and nothing else', async () => {
    const world = createOutboxWorld();
    world.answers.set('team', unavailable);
    world.tell('gateway');
    world.tell('gateway', { endsAt: true });
    await world.clock.advance(minute);
    const before = structuredClone([...world.entries.values()]);
    world.answers.clear();
    await world.clock.advance(6 * minute);
    await world.restart(minute, before);
    await world.clock.advance(6 * minute);
    expect(world.told.map(({ id, dedupKey }) => [id, dedupKey])).toEqual([
      ['d2', 'gateway'],
      ['d2', 'gateway'],
    ]);
  });

  test('ten thousand waiting messages are told within seconds', { timeout: 30_000 }, async () => {
    const world = createOutboxWorld();
    world.answers.set('team', unreachable);
    const count = 9000;
    for (let number = 0; number < count; number += 1) world.tell(`check ${number}`);
    world.answers.clear();
    const started = performance.now();
    await world.clock.advance(10 * minute);
    expect(world.told).toHaveLength(count);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('a refusal for good of a merged message fails all of it', async () => {
    const world = createOutboxWorld();
    world.answers.set('team', unavailable);
    world.tell('gateway');
    world.tell('gateway', { endsAt: true });
    world.answers.set('team', forbidden);
    await world.clock.advance(6 * minute);
    expect([...world.entries.values()].map(({ state }) => state)).toEqual(['failed', 'failed']);
  });
});
