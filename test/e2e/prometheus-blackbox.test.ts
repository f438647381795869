import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { startHttpServer } from '../support/http-server.ts';
import { prometheus, skipWithout, startPrometheus } from '../support/prometheus.ts';
import { closedPort, listen } from '../support/tcp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createAuthority } from '../support/tls-authority.ts';

/** A busy machine scrapes late. */
const patience = { timeout: 60_000, interval: 250 };

/** The scrape job that everybody has for blackbox_exporter, with nothing changed but the address. */
function scrapeJob(module: string, target: string, exporter: string, more: object = {}): object {
  return {
    job_name: module,
    metrics_path: '/probe',
    params: { module: [module] },
    static_configs: [{ targets: [target] }],
    relabel_configs: [
      { source_labels: ['__address__'], target_label: '__param_target' },
      { source_labels: ['__param_target'], target_label: 'instance' },
      { target_label: '__address__', replacement: exporter },
    ],
    ...more,
  };
}

/** The rules that people have, with times that a test can wait for. */
const rules = [
  { alert: 'Down', expr: 'probe_success == 0', for: '2s' },
  {
    alert: 'CertificateExpires',
    expr: 'probe_ssl_earliest_cert_expiry - time() < 86400 * 20',
    for: '1s',
  },
  {
    alert: 'ChainExpires',
    expr: 'probe_ssl_last_chain_expiry_timestamp_seconds - time() < 86400 * 20',
  },
  {
    alert: 'BadStatus',
    expr: 'probe_http_status_code{job="web"} <= 199 or probe_http_status_code{job="web"} >= 400',
  },
  { alert: 'Slow', expr: 'avg_over_time(probe_duration_seconds{job="web"}[3s]) > 0.2' },
  {
    alert: 'SlowProcessing',
    expr: 'avg by (instance) (avg_over_time(probe_http_duration_seconds{phase="processing"}[3s])) > 0.2',
  },
  { alert: 'FarAway', expr: 'probe_icmp_duration_seconds{phase="rtt"} > 0.5' },
  { alert: 'NoRecords', expr: 'probe_dns_answer_rrs < 1' },
];

/** What all targets do from now on. */
interface Mood {
  isWell: boolean;
}

/**
 * A web server that in bad times is late to say that it is unwell: later than the rules allow (0.2 s),
 * earlier than the probe gives up (0.5 s: the scrape's timeout of 1 s less the offset of 0.5 s).
 */
async function startWeb(mood: Mood): Promise<{ readonly url: string } & AsyncDisposable> {
  return startHttpServer((_request, response) => {
    if (mood.isWell) response.end('ok');
    else setTimeout(() => response.writeHead(503).end(), 350);
  });
}

async function startZone(mood: Mood) {
  const data = '192.0.2.1';
  return startDnsServer(() => ({
    answers: mood.isWell ? [{ type: 'A', name: 'example.com', ttl: 60, data }] : [],
  }));
}

/** A port that is open or closed. */
async function startDoor() {
  const port = await closedPort();
  let server: Server | undefined;
  const close = async (): Promise<void> => {
    server?.close();
    server = undefined;
  };
  return {
    target: `127.0.0.1:${port}`,
    async open(): Promise<void> {
      server = createServer((socket) => void socket.on('error', () => {}).end());
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A folder with a `ping` that tells of a long way as long as there is a file for it. */
function createLongWay(): { readonly path: string; set(isLong: boolean): void } {
  const path = temporaryFolder();
  const sign = join(path, 'long');
  const script = join(path, 'ping');
  writeFileSync(
    script,
    `#!/bin/sh
if [ -e ${sign} ]; then /usr/bin/ping "$@" | sed 's/time=[0-9.]* ms/time=900 ms/'
else exec /usr/bin/ping "$@"; fi
`,
  );
  chmodSync(script, 0o755);
  return {
    path,
    set: (isLong) => (isLong ? writeFileSync(sign, '') : rmSync(sign, { force: true })),
  };
}

/** A server whose certificate can be exchanged while it runs. */
async function startSecure(tls: TlsOptions) {
  const server = createTlsServer(tls, (socket) => void socket.on('error', () => {}).end());
  server.on('tlsClientError', () => {});
  const listening = await listen(server);
  return {
    target: `127.0.0.1:${listening.port}`,
    present: (next: TlsOptions) => server.setSecureContext(next),
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

test('the alerts that people have on blackbox_exporter fire and resolve', async (context) => {
  skipWithout(prometheus, context);
  skipWithout('/usr/bin/ping', context);
  const mood: Mood = { isWell: true };
  using authority = createAuthority(90);
  const [fresh, old] = [authority.issue({ days: 60 }), authority.issue({ days: 10 })];
  await using web = await startWeb(mood);
  await using zone = await startZone(mood);
  await using secure = await startSecure(fresh);
  await using door = await startDoor();
  await door.open();
  const way = createLongWay();
  const modules = {
    web: { prober: 'http', timeout: '5s' },
    secure: {
      prober: 'tcp',
      tcp: { tls: true, tls_config: { ca_file: `${authority.directory}/ca.pem` } },
    },
    zone: { prober: 'dns', dns: { query_name: 'example.com', query_type: 'A' } },
  };
  await using agent = await startAgent({
    config: { modules_file: 'blackbox.yml' },
    files: { 'blackbox.yml': JSON.stringify({ modules }) },
    env: { PATH: `${way.path}:${process.env['PATH'] ?? ''}` },
  });
  const exporter = `127.0.0.1:${agent.port}`;
  const { query, firing } = await startPrometheus({
    rules,
    scrapeConfigs: [
      scrapeJob('web', web.url, exporter, { scrape_timeout: '1s' }),
      scrapeJob('secure', secure.target, exporter),
      scrapeJob('zone', zone.udp, exporter),
      scrapeJob('tcp_connect', door.target, exporter),
      scrapeJob('icmp', '127.0.0.1', exporter),
    ],
  });
  const facts = async (): Promise<string[]> => {
    const samples = await query('probe_success');
    return samples.map(({ metric, value }) => `${metric['job']} ${metric['instance']} ${value}`);
  };
  const wellFacts = [
    'icmp 127.0.0.1 1',
    `secure ${secure.target} 1`,
    `tcp_connect ${door.target} 1`,
    `web ${web.url} 1`,
    `zone ${zone.udp} 1`,
  ];
  await expect.poll(async () => (await facts()).toSorted(), patience).toEqual(wellFacts);
  expect((await query('up')).map(({ value }) => value)).toEqual(['1', '1', '1', '1', '1']);
  await expect.poll(firing, patience).toEqual([]);

  mood.isWell = false;
  secure.present(old);
  way.set(true);
  await door.close();
  const troubles = rules.map(({ alert }) => alert);
  await expect
    .poll(async () => [...new Set(await firing())], patience)
    .toEqual(troubles.toSorted());
  const down = async (): Promise<string[]> => {
    const alerts = await query('ALERTS{alertname="Down",alertstate="firing"}');
    return alerts.map(({ metric }) => metric['instance'] ?? '').toSorted();
  };
  await expect.poll(down, patience).toEqual([door.target, web.url].toSorted());

  mood.isWell = true;
  secure.present(fresh);
  way.set(false);
  await door.open();
  await expect.poll(firing, patience).toEqual([]);
  expect((await facts()).toSorted()).toEqual(wellFacts);
}, 240_000);

test('a target that is too slow for the scrape is down, and the scrape is not', async (context) => {
  skipWithout(prometheus, context);
  await using silent = await startHttpServer(() => {});
  await using agent = await startAgent({ config: {} });
  const exporter = `127.0.0.1:${agent.port}`;
  const times = { scrape_interval: '2s', scrape_timeout: '2s' };
  const { query } = await startPrometheus({
    scrapeConfigs: [scrapeJob('http_2xx', silent.url, exporter, times)],
  });
  const values = async (): Promise<readonly (string | undefined)[]> => {
    const found = await Promise.all(['up', 'probe_success'].map((name) => query(name)));
    return found.map(([sample]) => sample?.value);
  };
  await expect.poll(values, patience).toEqual(['1', '0']);
  const [duration] = await query('probe_duration_seconds');
  expect(Number(duration?.value)).toBeGreaterThan(1.4);
  expect(Number(duration?.value)).toBeLessThan(2);
}, 120_000);
