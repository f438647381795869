import type { Labels } from './labels.ts';
import type { WallMs } from './time.ts';

/**
 * One alert as routing and receivers see it, identified by its label set alone (as in Alertmanager).
 * `revision` rises when something about a firing alert has to be told although its labels stay the
 * same, such as the start of flapping.
 */
export interface Alert {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Lines that explain the failure: the phase, the log of the probe, the output of the command. */
  readonly detail: readonly string[];
  readonly startsAt: WallMs;
  /** Set once resolved. */
  readonly endsAt?: WallMs;
  readonly generatorURL: string;
  readonly revision: number;
  /**
   * On an alert that has resolved only because its check now fires at another severity: the fingerprint
   * and the severity of what took its place.
   */
  readonly supersededBy?: { readonly fingerprint: string; readonly severity: string };
  /** On an alert that has ended only because its check is no longer configured. */
  readonly withdrawn?: true;
  /** Its check keeps changing between up and down: told once, without reminders. */
  readonly flapping?: true;
  /** What was found around it on this host while it failed; absent if nothing was. */
  readonly evidence?: readonly string[];
  /** Names of checks whose firing makes telling of this one pointless. */
  readonly dependsOn: readonly string[];
}

export type AlertStatus = 'firing' | 'resolved';

export function alertStatus(alert: Alert): AlertStatus {
  return alert.endsAt === undefined ? 'firing' : 'resolved';
}

/** The phases of an alert's life, exported one-hot as `tocsin_alert_state`. */
export const alertPhases = ['inactive', 'pending', 'firing'] as const;
export type AlertPhase = (typeof alertPhases)[number];

/** The label `alertname` of the alert that this host reaches nothing outside. */
export const uplinkAlertname = 'tocsin uplink';
