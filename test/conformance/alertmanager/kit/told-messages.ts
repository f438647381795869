import * as v from 'valibot';
import { isMuted, type History } from './random-history.ts';

/** What a webhook was told, in the parts that both programs have. */
export interface ToldMessage {
  /** Seconds since the history began. */
  readonly at: number;
  readonly group: string;
  readonly status: string;
  readonly rest: Readonly<Record<string, unknown>>;
  readonly alerts: readonly ToldAlert[];
}

interface ToldAlert {
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Seconds since the history began. */
  readonly starts: number;
  /** Of a firing one 0. */
  readonly ends: number;
  readonly fingerprint: string;
  readonly generatorURL: string;
}

const texts = v.record(v.string(), v.string());

const body = v.object({
  receiver: v.string(),
  status: v.string(),
  groupKey: v.string(),
  groupLabels: texts,
  commonLabels: texts,
  commonAnnotations: texts,
  version: v.string(),
  truncatedAlerts: v.number(),
  alerts: v.array(
    v.object({
      status: v.string(),
      labels: texts,
      annotations: texts,
      startsAt: v.string(),
      endsAt: v.string(),
      fingerprint: v.string(),
      generatorURL: v.string(),
    }),
  ),
});

/** Reads the body of a webhook. */
export function readMessage(text: string, atMs: number, beganMs: number): ToldMessage {
  const { alerts, groupKey, status, ...rest } = v.parse(body, JSON.parse(text));
  const seconds = (date: string): number => Math.round((Date.parse(date) - beganMs) / 10) / 100;
  return {
    at: (atMs - beganMs) / 1000,
    group: groupKey,
    status,
    rest,
    // Alertmanager has firing and resolved ones among each other; tocsin puts what fires first.
    alerts: alerts
      .map(({ startsAt, endsAt, ...alert }) => ({
        ...alert,
        starts: seconds(startsAt),
        ends: endsAt.startsWith('0001-') ? 0 : seconds(endsAt),
      }))
      .toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
  };
}

/** Why something that one program says and the other does not is no mistake. */
export const rules = {
  'AM tells an end of what it never told': 'resolved, and of this occurrence nothing was told',
  'tocsin tells an end although a mute holds': 'resolved, known, and muted',
  // Alertmanager after a mute; tocsin of a second failure, when it told the end of the first one in a mute.
  'one says again what was known before a mute': 'nothing in the message is news',
} as const;

/**
 * The messages of one history as both programs would send them if they agreed in everything: what one of
 * the rules names is taken out. A message without news is then none.
 */
export function withoutKnownDifferences(
  history: History,
  messages: readonly ToldMessage[],
  onRule: (rule: keyof typeof rules) => void,
): ToldMessage[] {
  /** By group and fingerprint: when the occurrence began that was told last. */
  const known = new Map<string, Map<string, number>>();
  const left: ToldMessage[] = [];
  for (const message of messages) {
    const told = known.get(message.group) ?? new Map<string, number>();
    known.set(message.group, told);
    const alerts = message.alerts.filter(({ status, labels, fingerprint, starts }) => {
      if (status === 'firing') return true;
      if (told.get(fingerprint) !== starts) {
        onRule('AM tells an end of what it never told');
        return false;
      }
      const { alertname = '', zone = '' } = labels;
      if (!isMuted(history, alertname, zone, message.at)) return true;
      onRule('tocsin tells an end although a mute holds');
      return false;
    });
    const isNews = alerts.some(
      ({ status, fingerprint }) => (status === 'firing') !== told.has(fingerprint),
    );
    if (!isNews) {
      onRule('one says again what was known before a mute');
      continue;
    }
    for (const { status, fingerprint, starts } of alerts) {
      if (status === 'firing') told.set(fingerprint, starts);
      else told.delete(fingerprint);
    }
    const status = alerts.some((alert) => alert.status === 'firing') ? 'firing' : 'resolved';
    // What all alerts have in common is another thing where some were taken out.
    const { commonLabels: _labels, commonAnnotations: _notes, ...rest } = message.rest;
    left.push({ ...message, status, alerts, rest });
  }
  return left;
}
