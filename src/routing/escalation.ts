import { alertStatus, type Alert } from '../model/alert.ts';
import type { EscalationStep } from '../model/route.ts';
import { laterMs, type SteadyMs } from '../model/time.ts';
import { departedIntervalMs, groupId, type Group } from './group.ts';

/*
 * Who is told when nobody takes an alert on. The steps of a route are counted from the first time that its
 * group told the alert; a step that comes due while the alert is muted waits for the end of the mute, and an
 * acknowledgement or the end of the alert stops them. What a step tells is a group of its own, with the
 * receiver of the step: it tells each alert once, and later its end, like any group that alerts departed
 * from.
 */

/** What to escalate now, and when the next step comes due. */
export interface Escalation {
  readonly due: readonly { readonly step: EscalationStep; readonly alert: Alert }[];
  readonly nextAt: SteadyMs | undefined;
}

/** Takes every step that is due, and notes that it was taken. */
export function takeSteps(
  group: Group,
  now: SteadyMs,
  isHeld: (alert: Alert) => boolean,
): Escalation {
  const due: { step: EscalationStep; alert: Alert }[] = [];
  let nextAt: SteadyMs | undefined;
  for (const [fingerprint, telling] of group.escalate.length === 0 ? [] : group.tellings) {
    const alert = group.alerts.get(fingerprint);
    if (alert === undefined || alertStatus(alert) === 'resolved') continue;
    if (group.departed.has(fingerprint)) continue;
    for (const step of group.escalate) {
      if (step.afterMs <= telling.escalatedMs) continue;
      const dueAt = laterMs(telling.at, step.afterMs);
      if (dueAt > now) {
        nextAt = nextAt === undefined || dueAt < nextAt ? dueAt : nextAt;
        break;
      }
      // Asked again at every look of the group.
      if (isHeld(alert)) break;
      due.push({ step, alert });
      telling.escalatedMs = step.afterMs;
    }
  }
  return { due, nextAt };
}

/** The empty group in which a step tells what it is given. */
export function stepGroup(group: Group, { afterMs, receiver }: EscalationStep): Group {
  const key = `${group.key} escalated after ${afterMs / 1000}s`;
  return {
    ...group,
    id: groupId(receiver, key),
    key,
    receiver,
    groupIntervalMs: departedIntervalMs,
    alerts: new Map(),
    departed: new Set(),
    escalate: [],
    tellings: new Map(),
    escalateAt: undefined,
    stepAfterMs: afterMs,
    reportedMuted: new Map(),
  };
}
