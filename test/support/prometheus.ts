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

/** A target as Prometheus shows it. */
export interface ScrapeTarget {
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapeUrl: string;
}

export interface Prometheus {
  /** The samples of an expression now; none as long as Prometheus does not answer. */
  readonly query: (expression: string) => Promise<readonly Sample[]>;
  /** How many series an expression gives over the last seconds, a point each second. */
  readonly seriesInRange: (expression: string, seconds: number) => Promise<number>;
  /** The values that a label of these series has. */
  readonly labelValues: (label: string, selector: string) => Promise<readonly string[]>;
  /** What is scraped and how, or undefined as long as Prometheus does not answer. */
  readonly targets: () => Promise<readonly ScrapeTarget[] | undefined>;
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
  /** What the API answers to this path; undefined as long as it answers nothing. */
  const read = async <Data>(path: string, words: Record<string, string> = {}) => {
    const url = `http://${address}/api/v1/${path}?${new URLSearchParams(words).toString()}`;
    const { status, body } = await ask(url).catch(() => ({ status: 0, body: '' }));
    if (status === 400 || status === 422) throw new Error(`Prometheus refuses ${url}: ${body}`);
    return status === 200 ? (JSON.parse(body) as { data: Data }).data : undefined;
  };
  const query = async (expression: string): Promise<readonly Sample[]> => {
    const data = await read<{
      result: { metric: Record<string, string>; value: [number, string] }[];
    }>('query', { query: expression });
    return (data?.result ?? []).map(({ metric, value }) => ({ metric, value: value[1] }));
  };
  const seriesInRange = async (expression: string, seconds: number): Promise<number> => {
    const end = Date.now() / 1000;
    const range = { start: String(end - seconds), end: String(end), step: '1' };
    const data = await read<{ result: object[] }>('query_range', { query: expression, ...range });
    return data?.result.length ?? 0;
  };
  const labelValues = async (label: string, selector: string): Promise<readonly string[]> =>
    (await read<string[]>(`label/${label}/values`, { 'match[]': selector })) ?? [];
  const targets = async (): Promise<readonly ScrapeTarget[] | undefined> =>
    (await read<{ activeTargets: ScrapeTarget[] }>('targets'))?.activeTargets;
  const firing = async (): Promise<readonly string[]> => {
    const alerts = await query('ALERTS{alertstate="firing"}');
    return alerts.map(({ metric }) => metric['alertname'] ?? '').toSorted();
  };
  return { query, seriesInRange, labelValues, targets, firing, kill };
}
