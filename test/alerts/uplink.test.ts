import { describe, expect, test } from 'vitest';
import { cameThrough, looksAtNetwork, uplinkAlert } from '../../src/alerts/uplink.ts';
import { checkTypeNames } from '../../src/model/check.ts';
import { failureReasons, notOk, ok } from '../../src/model/result.ts';
import { spec } from '../support/policy.ts';
import { at } from '../support/routes.ts';

describe('whether a look came through', () => {
  const check = spec();

  test('is proved by any answer, however bad, and denied by silence', () => {
    const silent = failureReasons.filter(
      (reason) => cameThrough(check, notOk('critical', reason, 'bad')) === false,
    );
    expect(silent).toEqual(['resolve', 'connect', 'timeout']);
    expect(cameThrough(check, ok('fine'))).toBe(true);
    expect(cameThrough(check, notOk('warning', 'threshold', 'slow'))).toBe(true);
  });

  test('is not told by what could not look, nor by who wants the target down', () => {
    expect(cameThrough(check, notOk('unknown', 'permission', 'may not'))).toBeUndefined();
    const negative = spec({ expect: 'down' });
    expect(cameThrough(negative, ok('down, as it should be'))).toBeUndefined();
    expect(cameThrough(negative, notOk('critical', 'status', 'up'))).toBeUndefined();
  });

  test('is the verdict of what is no network check but was declared to look outside', () => {
    const plugin = spec({ type: 'command' });
    expect(cameThrough(plugin, notOk('critical', 'command', 'exit code 2'))).toBe(false);
    expect(cameThrough(plugin, ok('fine'))).toBe(true);
  });

  test('is asked of the types that look at the network, sockets left out', () => {
    const probers = ['http', 'tcp', 'dns', 'icmp', 'grpc', 'websocket', 'certificate'];
    const types = checkTypeNames.filter((type) => looksAtNetwork({ type }));
    expect(types).toEqual([
      ...probers,
      'redis',
      'postgres',
      'smtp',
      'nginx',
      'caddy',
      'layers',
      'llm',
    ]);
  });
});

describe('the alert that stands for all', () => {
  const found = { checks: ['api', 'shop'], since: at(0).wallMs, references: ['1.1.1.1:443', 'b'] };

  test('says who reaches nothing, how many checks fail since when, and what else was tried', () => {
    const origin = { labels: { host: 'web-1', severity: 'ignored' }, generatorURL: 'u' };
    expect(uplinkAlert(origin, found)).toMatchObject({
      labels: { alertname: 'tocsin uplink', host: 'web-1', severity: 'critical' },
      annotations: {
        summary: 'web-1 cannot reach anything outside',
        description:
          'web-1 cannot reach anything outside: 2 checks failing since 2025-01-15 00:00 UTC, ' +
          'and 1.1.1.1:443, b cannot be reached either',
      },
      detail: ['api', 'shop'],
      startsAt: at(0).wallMs,
    });
  });

  test('counts one check as one, and does without the name of the host', () => {
    const alert = uplinkAlert({ labels: {}, generatorURL: '' }, { ...found, checks: ['api'] });
    expect(alert.annotations['description']).toMatch(/^this host cannot .*: 1 check failing/);
  });
});
