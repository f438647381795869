import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Installed } from './agent.ts';
import { answers, freePort, startChild } from './child.ts';
import { targetUrls, type Side, type Work } from './side.ts';

/** The peers as Debian packages them. */
export const peerPrograms = {
  blackbox: '/usr/bin/prometheus-blackbox-exporter',
  prometheus: '/usr/bin/prometheus',
  alertmanager: '/usr/bin/prometheus-alertmanager',
} as const;

/** Those of these programs that are not installed. */
export function missingPrograms(programs: readonly string[]): string[] {
  return programs.filter((path) => !existsSync(path));
}

/** How to start blackbox_exporter with these modules, for itself or as a part of the work. */
export async function blackboxCommand(
  directory: string,
  modules = '{ http_2xx: { prober: http, timeout: 3s } }',
): Promise<Installed> {
  const port = await freePort();
  const config = join(directory, 'blackbox.yml');
  writeFileSync(config, `modules: ${modules}\n`);
  const flags = [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`];
  return { command: [peerPrograms.blackbox, ...flags], port };
}

/** Prometheus scrapes blackbox_exporter for each target and alerts through Alertmanager. */
export async function startPeers(work: Work): Promise<Side> {
  const { directory } = work;
  const blackbox = await blackboxCommand(directory);
  const alertmanagerPort = await freePort();
  const prometheusPort = await freePort();
  writeFileSync(join(directory, 'alertmanager.yml'), alertmanagerConfig(work));
  writeFileSync(join(directory, 'rules.yml'), rules(work));
  const config = prometheusConfig(work, blackbox.port, alertmanagerPort);
  writeFileSync(join(directory, 'prometheus.yml'), config);
  const log = (name: string): string => join(directory, `${name}.log`);
  const children = [
    startChild('blackbox_exporter', blackbox.command, log('blackbox')),
    startChild(
      'alertmanager',
      [
        peerPrograms.alertmanager,
        `--config.file=${join(directory, 'alertmanager.yml')}`,
        `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
        '--cluster.listen-address=',
        `--storage.path=${join(directory, 'alertmanager')}`,
      ],
      log('alertmanager'),
    ),
    startChild(
      'prometheus',
      [
        peerPrograms.prometheus,
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--web.listen-address=127.0.0.1:${prometheusPort}`,
        `--storage.tsdb.path=${join(directory, 'prometheus')}`,
      ],
      log('prometheus'),
    ),
  ];
  const readyUrl = `http://127.0.0.1:${prometheusPort}/-/ready`;
  await answers(readyUrl, 20_000);
  return {
    children,
    readyUrl,
    metricsUrl: `http://127.0.0.1:${blackbox.port}/metrics`,
    async [Symbol.asyncDispose]() {
      await Promise.all(children.map((child) => child[Symbol.asyncDispose]()));
    },
  };
}

function alertmanagerConfig({ standIn }: Work): string {
  return [
    'route: { receiver: hook, group_by: ["..."], group_wait: 0s, group_interval: 1s }',
    `receivers: [{ name: hook, webhook_configs: [{ url: "${standIn}/hook/peers" }] }]`,
    '',
  ].join('\n');
}

function rules({ intervalSeconds }: Work): string {
  const rule = '{ alert: Down, expr: probe_success == 0, for: 10s }';
  return `groups: [{ name: probes, interval: ${intervalSeconds}s, rules: [${rule}] }]\n`;
}

function prometheusConfig(work: Work, blackboxPort: number, alertmanagerPort: number): string {
  const seconds = work.intervalSeconds;
  const targets = targetUrls(work, 'peers').map((url) => `"${url}"`);
  return `
global: { scrape_interval: ${seconds}s, scrape_timeout: 4s, evaluation_interval: ${seconds}s }
rule_files: ["${join(work.directory, 'rules.yml')}"]
alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${alertmanagerPort}"] }] }] }
scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    params: { module: [http_2xx] }
    static_configs: [{ targets: [${targets.join(', ')}] }]
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { source_labels: [__param_target], target_label: instance }
      - { target_label: __address__, replacement: "127.0.0.1:${blackboxPort}" }
`;
}
