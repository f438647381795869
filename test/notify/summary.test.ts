import { expect, test } from 'vitest';
import type { WallMs } from '../../src/model/time.ts';
import { headline, mergeSameCheck } from '../../src/notify/summary.ts';
import { noon, sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';

const ago = (ms: number): WallMs => (noon - ms) as WallMs;
const minute = 60_000;

function line(changes: Parameters<typeof sampleDelivery>[0]): string {
  return headline(sampleDelivery(changes).notification, noon);
}

const named = (check: string, changes: Parameters<typeof sampleAlert>[0] = {}) =>
  sampleAlert({ ...changes, labels: { check, ...changes.labels } });

test('one failure says who is down and where', () => {
  expect(line({})).toBe('🔴 gateway is down on web-1');
});

test('a warning is not called down', () => {
  const alert = named('disk', { labels: { type: 'disk', severity: 'warning' } });
  expect(line({ alerts: [alert] })).toBe('🟠 disk is in warning on web-1');
});

test('a recovery says how long it lasted', () => {
  const alert = sampleAlert({ startsAt: ago(4 * minute + 12_000), endsAt: noon });
  expect(line({ alerts: [alert] })).toBe('✅ gateway is back on web-1 after 4m 12s');
});

test('a reminder says for how long', () => {
  const alert = sampleAlert({ startsAt: ago(240 * minute) });
  expect(line({ alerts: [alert], reason: 'repeat interval elapsed' })).toBe(
    '🔴 gateway on web-1 is still down for 4h',
  );
});

test('several failures are counted and named', () => {
  const alerts = [
    named('gateway', { labels: { severity: 'warning' } }),
    named('disk'),
    named('redis'),
  ];
  expect(line({ alerts })).toBe('🔴 3 checks failing on web-1: gateway, disk, redis');
});

test('a long list of names ends in how many there are besides', () => {
  const alerts = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((check) => named(check));
  expect(line({ alerts })).toBe('🔴 7 checks failing on web-1: a, b, c, d, e and 2 more');
});

test('failures and recoveries in one message are told apart', () => {
  const alerts = [named('gateway'), named('redis', { endsAt: noon })];
  expect(line({ alerts })).toBe('🔴 1 check failing on web-1: gateway; back: redis');
});

test('a check that changes its severity is one piece of news', () => {
  const alerts = [sampleAlert(), sampleAlert({ labels: { severity: 'warning' }, endsAt: noon })];
  expect(mergeSameCheck(alerts)).toEqual([{ alert: alerts[0], formerSeverity: 'warning' }]);
  expect(line({ alerts })).toBe('🔴 gateway on web-1 is now critical, was warning');
});

test('the same check on another host is another piece of news', () => {
  const alerts = [
    sampleAlert(),
    sampleAlert({ labels: { severity: 'warning', host: 'web-2' }, endsAt: noon }),
  ];
  expect(mergeSameCheck(alerts)).toHaveLength(2);
});

test('a test says that nothing is wrong, and never the name of an alert', () => {
  expect(line({ reason: 'test' })).toBe('TEST, nothing is wrong: tocsin on web-1 reaches you');
  const over = { reason: 'test', alerts: [sampleAlert({ endsAt: noon })] } as const;
  expect(line(over)).toBe('TEST is over: tocsin on web-1 reaches you');
});

test('a clock that was set back makes no negative duration', () => {
  const alert = sampleAlert({ startsAt: (noon + 5000) as WallMs, endsAt: noon });
  expect(line({ alerts: [alert] })).toBe('✅ gateway is back on web-1 after 0ms');
});

test('labels cannot break the line', () => {
  expect(line({ alerts: [named('gate\r\nBcc: all@example.com')] })).not.toMatch(/[\r\n]/);
});
