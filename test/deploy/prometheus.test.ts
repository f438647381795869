import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { startAgent } from '../support/agent.ts';
import { reaches } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import { startHttpServer } from '../support/http-server.ts';
import { skipUnlessThere, startProgram } from '../support/own-program.ts';
import { prometheus, promtool, skipWithout, startPrometheus } from '../support/prometheus.ts';
import { caddyProgram } from '../support/proxies.ts';
import { startService } from '../support/service.ts';
import { closedPort } from '../support/tcp-server.ts';
import { teamConfig } from '../support/team-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = join(import.meta.dirname, '../../deploy');

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}

const rules = (
  parse(readFileSync(join(folder, 'prometheus/tocsin.rules.yml'), 'utf8')) as {
    groups: { rules: Rule[] }[];
  }
).groups.flatMap((group) => group.rules);

/** Names of metrics in an expression, without functions, labels and words of the language. */
function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/\{[^}]*\}|\[[^\]]*\]|(?:by|on) \([^)]*\)/g, '');
  return [...bare.matchAll(/\b(?:up|(?:tocsin|probe|process|instance|check)[\w:]*)\b(?!\()/g)].map(
    ([name]) => name,
  );
}

/** The jobs in a text like scrape.yml. */
function jobsOf(text: string): Record<string, unknown>[] {
  return (parse(text) as { scrape_configs: Record<string, unknown>[] }).scrape_configs;
}

test.each([
  ['check', 'rules', 'tocsin.rules.yml'],
  ['test', 'rules', 'tocsin.rules.test.yml'],
])('promtool %s %s passes', (...words) => {
  const { status, stdout, stderr } = spawnSync(promtool, words, {
    cwd: join(folder, 'prometheus'),
    encoding: 'utf8',
  });
  expect(`${stdout}${stderr}`).toContain('SUCCESS');
  expect(status).toBe(0);
});

describe('a real Prometheus', () => {
  test('scrapes an agent, probes through it, and raises what fires there', async (context) => {
    skipWithout(prometheus, context);
    await using service = await startService();
    const down = `http://127.0.0.1:${await closedPort()}/`;
    await using agent = await startAgent({
      config: {
        ...teamConfig([
          { name: 'up', type: 'http', target: service.url },
          { name: 'down', type: 'http', target: down, severity: 'warning' },
        ]),
        server: { probe: { allow: ['127.0.0.0/8'] } },
      },
    });
    await reaches(agent, 'down', 'firing');
    const address = `127.0.0.1:${agent.port}`;
    const jobs = jobsOf(readFileSync(join(folder, 'prometheus/scrape.yml'), 'utf8'));
    const [hosts = {}, probes = {}] = jobs.map(({ file_sd_configs: _lists, ...job }) => ({
      ...job,
      scrape_interval: '1s',
    }));
    const { query, firing } = await startPrometheus({
      scrapeConfigs: [
        { ...hosts, static_configs: [{ targets: [address], labels: { env: 'test' } }] },
        { ...probes, static_configs: [{ targets: [service.url], labels: { agent: address } }] },
      ],
      rules: rules.filter(({ alert }) => alert === 'TocsinCheckFailing'),
    });
    await eventually(async () => (await firing()).includes('TocsinCheckFailing'), 'it fires');
    const [alert] = await query('ALERTS{alertname="TocsinCheckFailing"}');
    expect(alert?.metric).toMatchObject({ check: 'down', severity: 'warning', env: 'test' });
    await eventually(
      async () => (await query('probe_success{job="tocsin-probe"}')).length > 0,
      'the probe is scraped',
    );
    const [probe] = await query('probe_success{job="tocsin-probe"}');
    expect(probe).toMatchObject({ value: '1', metric: { instance: service.url } });

    const known = new Set(
      [...(await agent.metrics()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(
        ([, name = '', type]) => (type === 'histogram' ? [`${name}_bucket`] : [name]),
      ),
    );
    for (const { record } of rules) if (record !== undefined) known.add(record);
    // What only a check with a certificate, or a failed message, brings.
    for (const name of ['up', 'probe_ssl_earliest_cert_expiry']) known.add(name);
    const named = rules.flatMap(({ expr }) => metricsIn(expr));
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  test('finds hosts by files and over HTTP, and whom to ask for a probe, as the files here say', async (context) => {
    skipWithout(prometheus, context);
    skipUnlessThere(caddyProgram, context);
    const lists = temporaryFolder();
    for (const name of ['hosts', 'probes']) {
      mkdirSync(join(lists, name));
      copyFileSync(join(folder, 'prometheus', `${name}.yml`), join(lists, name, 'all.yml'));
    }
    mkdirSync(join(lists, 'inventory/tocsin'), { recursive: true });
    copyFileSync(join(folder, 'prometheus/hosts.json'), join(lists, 'inventory/tocsin/hosts.json'));
    // As docs/prometheus.md says, without a word about types.
    const served = `127.0.0.1:${await closedPort()}`;
    const words = ['file-server', '--root', join(lists, 'inventory'), '--listen', served];
    const caddy = startProgram(caddyProgram, words, { env: { HOME: lists } });
    onTestFinished(async () => caddy.end());
    const text = readFileSync(join(folder, 'prometheus/scrape.yml'), 'utf8')
      .replaceAll('/etc/prometheus/tocsin', lists)
      .replaceAll('https://inventory.example.com', `http://${served}`)
      .replaceAll('refresh_interval: 1m', 'refresh_interval: 1s');
    // The hosts are made up: nobody may look for them.
    const never = { scrape_interval: '1000h' };
    const [byFile, probes] = jobsOf(text);
    const [byHttp = {}] = jobsOf(
      text.replaceAll(/^( +)# (http_sd_configs:|  - url:|    refresh_interval:)/gm, '$1$2'),
    );
    expect(Object.keys(byHttp)).toContain('http_sd_configs');
    const { file_sd_configs: _files, ...onlyHttp } = byHttp;
    const { targets } = await startPrometheus({
      scrapeConfigs: [
        { ...byFile, ...never },
        { ...onlyHttp, ...never, job_name: 'by-http' },
        { ...probes, ...never },
      ],
    });
    const found = async (): Promise<readonly string[]> =>
      ((await targets()) ?? []).map(({ scrapeUrl, labels }) => {
        const { job, instance, env = '-' } = labels;
        return [job, instance, env, decodeURIComponent(scrapeUrl)].join(' ');
      });
    await eventually(async () => (await found()).length === 9, 'all lists were read');
    const host = (job: string, name: string, env: string): string =>
      `${job} ${name}.internal.example:9860 ${env} http://${name}.internal.example:9860/metrics`;
    const page = (path: string): string =>
      `tocsin-probe https://example.com/${path} - http://127.0.0.1:9860/probe?module=http_2xx&target=https://example.com/${path}`;
    expect((await found()).toSorted()).toEqual(
      [
        ...['by-http', 'tocsin'].flatMap((job) => [
          host(job, 'web-1', 'production'),
          host(job, 'web-2', 'production'),
          host(job, 'staging', 'staging'),
        ]),
        page('health'),
        page('login'),
        'tocsin-probe db.internal.example:5432 - http://web-1.internal.example:9860/probe?module=tcp_connect&target=db.internal.example:5432',
      ].toSorted(),
    );
  });

  test('sees a host that joins the list without a reload, and has each probe made by the host it names', async (context) => {
    skipWithout(prometheus, context);
    await using service = await startHttpServer((_, response) => response.end('ok'), '0.0.0.0');
    // Each may reach an address that the other may not.
    const addresses = ['127.0.0.1', '127.0.0.2'];
    const agents = await Promise.all(
      addresses.map(async (address) =>
        startAgent({
          config: { ...teamConfig([]), server: { probe: { allow: [`${address}/32`] } } },
        }),
      ),
    );
    onTestFinished(async () => {
      for (const agent of agents) await agent[Symbol.asyncDispose]();
    });
    const hosts = agents.map(({ port }) => `127.0.0.1:${port}`);
    let listed = hosts.slice(0, 1);
    await using list = await startHttpServer((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify([{ targets: listed, labels: { env: 'test' } }]));
    });
    const [, probes = {}] = jobsOf(readFileSync(join(folder, 'prometheus/scrape.yml'), 'utf8'));
    const { file_sd_configs: _files, ...probing } = probes;
    const pages = addresses.map((address) => `http://${address}:${service.port}/`);
    const { query } = await startPrometheus({
      scrapeConfigs: [
        { job_name: 'tocsin', http_sd_configs: [{ url: list.url, refresh_interval: '1s' }] },
        {
          ...probing,
          static_configs: pages.map((url, index) => ({
            targets: [url],
            labels: { agent: hosts[index] },
          })),
        },
      ],
    });
    const isUp = async (): Promise<number> =>
      (await query('up{job="tocsin",env="test"} == 1')).length;
    await eventually(async () => (await isUp()) === 1, 'the first host is scraped');
    listed = hosts;
    await eventually(async () => (await isUp()) === 2, 'the second one is found');
    await eventually(
      async () => (await query('probe_success{job="tocsin-probe"} == 1')).length === 2,
      'each host makes its own probe',
    );
    const made = await query('probe_success{job="tocsin-probe"}');
    expect(new Set(made.map(({ metric }) => metric['instance']))).toEqual(new Set(pages));
  }, 40_000);
});
