import { expect, test } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import { stepGroup, takeSteps } from '../../src/routing/escalation.ts';
import { newGroup, type Group } from '../../src/routing/group.ts';
import { at, ended, firing, route } from '../support/routes.ts';

const steps = [
  { afterMs: 900_000, receiver: 'oncall' },
  { afterMs: 3_600_000, receiver: 'boss' },
];
const gateway = firing({ alertname: 'gateway' });
const api = firing({ alertname: 'api' });
const nobody = (): boolean => false;

/** A group that told each alert at this second. */
function groupOf(told: readonly (readonly [Alert, number])[], escalate = steps): Group {
  const group = newGroup({ route: route({ escalate }), key: '{}' }, '{}:{}', {}, at(0).steadyMs);
  for (const [alert, seconds] of told) {
    group.alerts.set(alert.fingerprint, alert);
    group.tellings.set(alert.fingerprint, { at: at(seconds).steadyMs, escalatedMs: -1 });
  }
  return group;
}

function taken(group: Group, seconds: number, isHeld = nobody): string[] {
  return takeSteps(group, at(seconds).steadyMs, isHeld).due.map(
    ({ step, alert }) => `${alert.labels['alertname']} to ${step.receiver}`,
  );
}

test('each step is taken once, counted from the first telling of its alert', () => {
  const group = groupOf([
    [gateway, 0],
    [api, 60],
  ]);
  expect(taken(group, 899)).toEqual([]);
  expect(taken(group, 900)).toEqual(['gateway to oncall']);
  expect(taken(group, 960)).toEqual(['api to oncall']);
  expect(taken(group, 3599)).toEqual([]);
  expect(taken(group, 3660)).toEqual(['gateway to boss', 'api to boss']);
  expect(taken(group, 9999)).toEqual([]);
});

test('the next step of all alerts says when to look again', () => {
  const later = groupOf([
    [gateway, 0],
    [api, 60],
  ]);
  expect(takeSteps(later, at(10).steadyMs, nobody).nextAt).toBe(at(900).steadyMs);
  const sooner = groupOf([
    [api, 60],
    [gateway, 0],
  ]);
  expect(takeSteps(sooner, at(10).steadyMs, nobody).nextAt).toBe(at(900).steadyMs);
  expect(takeSteps(sooner, at(9999).steadyMs, nobody).nextAt).toBeUndefined();
});

test('nobody is called for what is over, led elsewhere, or held back', () => {
  expect(taken(groupOf([[ended(gateway, 5), 0]]), 9999)).toEqual([]);
  const departed = groupOf([[gateway, 0]]);
  departed.departed.add(gateway.fingerprint);
  expect(taken(departed, 9999)).toEqual([]);
  const forgotten = groupOf([[gateway, 0]]);
  forgotten.alerts.clear();
  expect(taken(forgotten, 9999)).toEqual([]);
  const held = groupOf([[gateway, 0]]);
  expect(taken(held, 1000, () => true)).toEqual([]);
  expect(taken(held, 1001)).toEqual(['gateway to oncall']);
  expect(takeSteps(groupOf([[gateway, 0]], []), at(9999).steadyMs, nobody).due).toEqual([]);
});

test('every step tells in a group of its own, from which nobody is called again', () => {
  const group = groupOf([[gateway, 0]]);
  const [oncall, boss] = steps.map((step) => stepGroup(group, step));
  expect(oncall).toMatchObject({
    id: 'oncall\n{}:{} escalated after 900s',
    receiver: 'oncall',
    escalate: [],
    stepAfterMs: 900_000,
  });
  expect(oncall?.alerts.size).toBe(0);
  expect(boss?.key).toBe('{}:{} escalated after 3600s');
});
