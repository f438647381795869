import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { ask } from './ask.ts';
import { closedPort } from './tcp-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const prometheus = '/usr/bin/prometheus';
export const promtool = '/usr/bin/promtool';

export function skipWithout(program: string, { skip }: TestContext): void {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  skip(error !== undefined, `${program} is missing`);
}

/** What `promtool check metrics` says about a page: nothing if it is well. */
export function lintOf(page: string): string {
  const { stdout, stderr, error } = spawnSync(promtool, ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  return `${stdout}${stderr}`;
}

interface Setup {
  readonly scrapeConfigs: readonly object[];
  readonly rules?: readonly object[];
  /** Where alerts are sent, host and port, and again every second. */
  readonly alertsTo?: string;
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: string;
}

interface Prometheus {
  /** The samples of an expression now; none as long as Prometheus does not answer. */
  readonly query: (expression: string) => Promise<readonly Sample[]>;
  /** The names of the alerts that fire, sorted. */
  readonly firing: () => Promise<readonly string[]>;
  /** Ends it before the test does. */
  readonly kill: () => Promise<void>;
}

/** Starts a Prometheus that scrapes and judges each second; it ends with the test. */
export async function startPrometheus(setup: Setup): Promise<Prometheus> {
  const { scrapeConfigs, rules = [], alertsTo } = setup;
  const directory = temporaryFolder();
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [join(directory, 'rules.yml')],
    scrape_configs: scrapeConfigs,
    ...(alertsTo === undefined
      ? {}
      : { alerting: { alertmanagers: [{ static_configs: [{ targets: [alertsTo] }] }] } }),
  };
  writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(config));
  const groups = rules.length === 0 ? [] : [{ name: 'alerts', rules }];
  writeFileSync(join(directory, 'rules.yml'), JSON.stringify({ groups }));
  const address = `127.0.0.1:${await closedPort()}`;
  const child = spawn(
    prometheus,
    [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--rules.alert.resend-delay=1s',
    ],
    { stdio: 'ignore' },
  );
  const closed = once(child, 'close');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await closed;
  };
  onTestFinished(kill);
  const query = async (expression: string): Promise<readonly Sample[]> => {
    const url = `http://${address}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { status, body } = await ask(url).catch(() => ({ status: 0, body: '' }));
    if (status !== 200) return [];
    const { data } = JSON.parse(body) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return data.result.map(({ metric, value }) => ({ metric, value: value[1] }));
  };
  const firing = async (): Promise<readonly string[]> => {
    const alerts = await query('ALERTS{alertstate="firing"}');
    return alerts.map(({ metric }) => metric['alertname'] ?? '').toSorted();
  };
  return { query, firing, kill };
}
