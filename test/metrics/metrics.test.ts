import { spawnSync } from 'node:child_process';
import { register } from 'prom-client';
import { expect, test } from 'vitest';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { notOk, ok } from '../../src/model/result.ts';
import type { AgentSnapshot } from '../../src/model/snapshot.ts';
import { busyHost } from '../support/busy-host.ts';
import {
  agentSnapshot,
  checkSnapshot,
  checkSpec,
  httpOk,
  snapshotNow,
} from '../support/snapshot.ts';

async function lines(snapshot: AgentSnapshot): Promise<readonly string[]> {
  return (await createMetrics({ version: '1.2.3' }).expose(snapshot)).split('\n');
}

test('a check exports what it measured under its own labels', async () => {
  const labels = 'check="gateway",service="openclaw",target="http://127.0.0.1:18789/health"';
  const found = await lines(busyHost());
  expect(found).toContain(`probe_success{${labels},type="http"} 0`);
  expect(found).toContain(`probe_duration_seconds{${labels},type="http"} 0.006`);
  expect(found).toContain(`probe_http_status_code{${labels},type="http"} 0`);
  expect(found).toContain(
    `probe_http_duration_seconds{check="gateway",phase="resolve",service="openclaw",target="http://127.0.0.1:18789/health",type="http"} 0.0002`,
  );
});

test('a warning counts as success, and what could not be judged does not', async () => {
  const found = await lines(busyHost());
  expect(found).toContain('probe_success{check="disk",target="/",type="disk"} 1');
  expect(found).toContain('probe_success{check="uplink",target="192.0.2.1",type="icmp"} 0');
  expect(found).toContain('tocsin_check_status{check="uplink",status="unknown",type="icmp"} 1');
  expect(found).toContain('tocsin_check_status{check="uplink",status="critical",type="icmp"} 0');
});

test("a check's own label that is called type is kept as exported_type", async () => {
  const spec = checkSpec('shop', 'http', {
    target: 'https://s',
    labels: { type: 'public', check: 'x' },
  });
  const found = await lines(agentSnapshot({ checks: [checkSnapshot(spec, [ok('fine')])] }));
  expect(found).toContain(
    'probe_success{check="shop",exported_check="x",exported_type="public",target="https://s",type="http"} 1',
  );
});

test('the label of a sample wins over the label of the check', async () => {
  const check = checkSnapshot(checkSpec('shop', 'http', { labels: { phase: 'beta' } }), [httpOk()]);
  const found = await lines(agentSnapshot({ checks: [check] }));
  expect(found).toContain(
    'probe_http_duration_seconds{check="shop",phase="tls",type="http"} 0.0125',
  );
  expect(found).toContain('probe_http_redirects{check="shop",phase="beta",type="http"} 0');
});

test('each part of a check has its own status', async () => {
  const findings = [
    { part: 'cron', status: 'critical' as const, summary: 'late', values: [] },
    { part: 'memory', status: 'ok' as const, summary: 'well', values: [] },
  ];
  const spec = checkSpec('claw', 'openclaw');
  const check = checkSnapshot(spec, [notOk('critical', 'stale', 'cron: late', { findings })]);
  const found = await lines(agentSnapshot({ checks: [check] }));
  const line = (part: string, status: string): string =>
    `tocsin_check_part_status{check="claw",part="${part}",status="${status}",type="openclaw"}`;
  expect(found).toContain(`${line('cron', 'critical')} 1`);
  expect(found).toContain(`${line('cron', 'ok')} 0`);
  expect(found).toContain(`${line('memory', 'ok')} 1`);
});

test('figures that a plugin names alike are exported once, the first one', async () => {
  const values = [
    { metric: 'time', value: 1 },
    { metric: 'time', value: 2 },
  ];
  const family = {
    name: 'probe_twice',
    help: 'Twice.',
    samples: [
      { labels: { a: '1' }, value: 1 },
      { labels: { a: '1' }, value: 2 },
    ],
  };
  const result = ok('fine', { values, families: [family] });
  const checks = [checkSnapshot(checkSpec('plugin', 'command'), [result])];
  const found = await lines(agentSnapshot({ checks }));
  expect(found.filter((line) => line.startsWith('tocsin_check_value{'))).toStrictEqual([
    'tocsin_check_value{check="plugin",metric="time",type="command"} 1',
  ]);
  expect(found.filter((line) => line.startsWith('probe_twice{'))).toStrictEqual([
    'probe_twice{a="1",check="plugin",type="command"} 1',
  ]);
});

test('the reason of a failure is exported only while the check fails', async () => {
  const found = await lines(busyHost());
  expect(found.filter((line) => line.startsWith('tocsin_check_failure_reason{'))).toStrictEqual([
    'tocsin_check_failure_reason{check="gateway",reason="connect",type="http"} 1',
    'tocsin_check_failure_reason{check="disk",reason="threshold",type="disk"} 1',
    'tocsin_check_failure_reason{check="uplink",reason="permission",type="icmp"} 1',
  ]);
});

test('a check that never ran has counters and an alert state but no result', async () => {
  const found = (await lines(busyHost())).filter((line) => line.includes('check="certificates"'));
  expect(found).toStrictEqual([
    'tocsin_alert_state{check="certificates",state="inactive"} 1',
    'tocsin_alert_state{check="certificates",state="pending"} 0',
    'tocsin_alert_state{check="certificates",state="firing"} 0',
    'tocsin_check_missed_runs_total{check="certificates",type="command"} 0',
    'tocsin_check_runs_total{check="certificates",type="command"} 0',
    'tocsin_check_stalled{check="certificates",type="command"} 0',
  ]);
});

test('alerts are counted by state and severity', async () => {
  const found = await lines(busyHost());
  expect(found).toContain('tocsin_alerts{severity="critical",state="firing"} 1');
  expect(found).toContain('tocsin_alerts{severity="warning",state="pending"} 1');
  expect(found).toContain('tocsin_alerts{severity="info",state="firing"} 0');
});

test('the outbox is exported per receiver, the last success only where there was one', async () => {
  const found = await lines(busyHost());
  expect(found).toContain('tocsin_outbox_pending{receiver="archive"} 2');
  expect(found).toContain('tocsin_outbox_oldest_age_seconds{receiver="archive"} 95');
  expect(found).toContain('tocsin_outbox_pending{receiver="default"} 0');
  const never = await lines(
    agentSnapshot({
      receivers: [{ receiver: 'new', integration: 'email', index: 0, pending: 0, oldestAgeMs: 0 }],
    }),
  );
  expect(never.join('\n')).not.toContain('tocsin_receiver_last_success_timestamp_seconds');
});

test('what the agent counts adds up over scrapes and starts at zero for every receiver', async () => {
  const metrics = createMetrics({ version: '1.2.3' });
  const before = await metrics.expose(busyHost());
  expect(before).toContain('tocsin_notifications_total{integration="email",receiver="archive"} 0');
  expect(before).toContain('tocsin_notifications_suppressed_total{reason="inhibition"} 0');
  metrics.notificationDelivered('default', 'slack', 3);
  metrics.notificationFailed('default', 'slack', 'rate_limited');
  metrics.suppressed('inhibition');
  metrics.schedulerLag(0.002);
  metrics.configReload(true, snapshotNow);
  metrics.configReload(false, snapshotNow);
  const after = (await metrics.expose(busyHost())).split('\n');
  expect(after).toContain('tocsin_notifications_total{integration="slack",receiver="default"} 2');
  expect(after).toContain(
    'tocsin_notifications_failed_total{integration="slack",reason="rate_limited",receiver="default"} 1',
  );
  expect(after).toContain('tocsin_notifications_suppressed_total{reason="inhibition"} 1');
  expect(after).toContain('tocsin_notification_latency_seconds_bucket{le="2.5"} 0');
  expect(after).toContain('tocsin_notification_latency_seconds_bucket{le="5"} 1');
  expect(after).toContain('tocsin_notification_latency_seconds_bucket{le="+Inf"} 1');
  expect(after).toContain('tocsin_notification_latency_seconds_sum 3');
  expect(after).toContain('tocsin_scheduler_lag_seconds_count 1');
  expect(after).toContain('tocsin_config_last_reload_successful 0');
  expect(after).toContain('tocsin_config_last_reload_success_timestamp_seconds 1.773480413e+09');
  expect(after).toContain(`tocsin_build_info{node="${process.versions.node}",version="1.2.3"} 1`);
});

test('the process is measured, and its start lies before now', async () => {
  const found = await lines(agentSnapshot());
  const value = (name: string): number =>
    Number(found.find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(value('process_virtual_memory_bytes')).toBeGreaterThan(
    value('process_resident_memory_bytes'),
  );
  expect(value('process_open_fds')).toBeGreaterThan(2);
  expect(value('process_max_fds')).toBeGreaterThan(value('process_open_fds'));
  const startSeconds = Date.now() / 1000 - process.uptime();
  expect(Math.abs(value('process_start_time_seconds') - startSeconds)).toBeLessThan(5);
  expect(found.join('\n')).not.toContain('nodejs_');
});

test('nothing is left in the global registry of the library', async () => {
  await lines(busyHost());
  expect(register.getMetricsAsArray()).toStrictEqual([]);
});

const promtool = spawnSync('promtool', ['--version']).error === undefined;

test('promtool has nothing to say about it', async ({ skip }) => {
  skip(!promtool, 'promtool is not installed');
  const metrics = createMetrics({ version: '1.2.3' });
  metrics.notificationFailed('default', 'slack', 'timeout');
  const input = await metrics.expose(busyHost());
  const said = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  expect(said.stderr + said.stdout).toBe('');
  expect(said.status).toBe(0);
});
