import { describe, expect, test } from 'vitest';
import { likelyRoot } from '../../src/routing/likely-root.ts';
import type { Alert } from '../../src/model/alert.ts';
import { at, firing } from '../support/routes.ts';

interface Given {
  readonly type?: string;
  readonly host?: string;
  readonly severity?: string;
  readonly since?: number;
  readonly on?: readonly string[];
}

/** An alert of the check `name`; `since` in seconds. */
function alert(name: string, given: Given = {}): Alert {
  const { type = 'http', host = 'web-1', severity = 'critical', since = 0, on = [] } = given;
  const labels = { alertname: name, check: name, type, host, severity };
  return firing(labels, { startsAt: at(since).wallMs, dependsOn: on });
}

/** The name of the root and why, as `disk: resource`. */
function rootOf(...alerts: readonly Alert[]): string | undefined {
  const root = likelyRoot(alerts);
  const found = alerts.find(({ fingerprint }) => fingerprint === root?.fingerprint);
  return root === undefined ? undefined : `${found?.labels['alertname']}: ${root.reason}`;
}

describe('the likely root of what is told together', () => {
  test('is nothing for a single alert, nor for two that began together', () => {
    expect(rootOf(alert('a'))).toBeUndefined();
    expect(rootOf(alert('a'), alert('b', { since: 3 }))).toBeUndefined();
  });

  test('is the check that the others depend on, however late it was noticed', () => {
    const shop = alert('shop', { on: ['database'] });
    const cart = alert('cart', { on: ['shop'] });
    const database = alert('database', { since: 900 });
    expect(rootOf(shop, cart, database)).toBe('database: dependency');
    expect(rootOf(alert('disk', { type: 'disk' }), shop, database)).toBe('database: dependency');
  });

  test('is not a check of the same name on another host', () => {
    const shop = alert('shop', { on: ['database'] });
    expect(rootOf(shop, alert('database', { host: 'db-1' }))).toBeUndefined();
  });

  test('is the full disk before the checks that it brought down', () => {
    const disk = alert('disk', { type: 'disk', since: 45 });
    const unit = alert('unit', { type: 'systemd', since: 5 });
    expect(rootOf(alert('web'), alert('api', { since: 20 }), unit, disk)).toBe('disk: resource');
    expect(rootOf(alert('web'), unit, alert('api', { since: 20 }))).toBe('unit: resource');
  });

  test('is not a disk that only gives warning, fills up much later, or stands in another host', () => {
    const web = alert('web');
    expect(rootOf(web, alert('disk', { type: 'disk', severity: 'warning' }))).toBeUndefined();
    expect(rootOf(web, alert('disk', { type: 'disk', since: 301 }))).toBe('web: earliest');
    expect(rootOf(web, alert('disk', { type: 'disk', host: 'db-1' }))).toBeUndefined();
  });

  test('is neither of two full disks', () => {
    const disks = [alert('/', { type: 'disk' }), alert('/var', { type: 'disk' })];
    expect(rootOf(alert('web'), ...disks)).toBeUndefined();
  });

  test('is the lost uplink before whatever else fails', () => {
    const uplink = alert('tocsin uplink', { type: '', since: 30 });
    expect(rootOf(alert('web'), uplink)).toBe('tocsin uplink: uplink');
  });

  test('is found among hundreds of thousands', () => {
    const one = alert('web', { since: 30 });
    const many = Array.from({ length: 200_000 }, () => one);
    expect(likelyRoot([...many, alert('disk', { type: 'disk' })])?.reason).toBe('resource');
  });

  test('is what began clearly before the others, within one outage', () => {
    const [b, c] = [alert('b', { since: 10 }), alert('c', { since: 20 })];
    expect(rootOf(c, alert('a'), b)).toBe('a: earliest');
    expect(rootOf(alert('b', { since: 4 }), alert('a'), c)).toBeUndefined();
    expect(rootOf(alert('a'), alert('b', { since: 3600 }))).toBeUndefined();
  });
});
