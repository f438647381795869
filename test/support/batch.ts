import type { Delivery, OutboxEntry } from '../../src/model/delivery.ts';
import { ok, type RecordedResult } from '../../src/model/result.ts';
import type { Batch } from '../../src/store/store.ts';
import { at, firing } from './routes.ts';

/** A batch that saves nothing, but for what is given. */
export function batch(changes: Partial<Batch> = {}): Batch {
  return {
    at: at(0),
    results: [],
    tracks: new Map(),
    removedTracks: [],
    groups: new Map(),
    removedGroups: [],
    log: new Map(),
    removedLog: [],
    heartbeats: new Map(),
    kept: [],
    outbox: [],
    attempts: [],
    ...changes,
  };
}

export function delivery(id: string, changes: Partial<Delivery> = {}): Delivery {
  const alert = firing({ alertname: 'gateway', check: 'gateway', host: 'web-1' });
  return {
    id,
    receiver: 'team',
    integration: 'webhook',
    index: 0,
    dedupKey: 'key',
    createdAt: at(0),
    notification: {
      receiver: 'team',
      groupKey: '{}:{}',
      groupLabels: {},
      commonLabels: alert.labels,
      commonAnnotations: {},
      status: 'firing',
      reason: 'first notification',
      alerts: [alert],
      truncatedAlerts: 0,
    },
    ...changes,
  };
}

export function entry(id: string, changes: Partial<OutboxEntry> = {}): OutboxEntry {
  return {
    delivery: delivery(id),
    state: 'pending',
    attempts: 0,
    nextAttemptAt: at(0).steadyMs,
    ...changes,
  };
}

export function result(check: string, seconds: number): RecordedResult {
  return { ...ok(`answered at ${seconds}`), check, startedAt: at(seconds), durationMs: 12 };
}
