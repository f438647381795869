import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startAgent } from '../support/agent.ts';
import { reaches } from '../support/agent-view.ts';
import { eventually } from '../support/eventually.ts';
import { prometheus, promtool, skipWithout, startPrometheus } from '../support/prometheus.ts';
import { startService } from '../support/service.ts';
import { closedPort, listen } from '../support/tcp-server.ts';
import { teamConfig } from '../support/team-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = join(import.meta.dirname, '../../deploy');

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const rules = (
  parse(readFileSync(join(folder, 'prometheus/tocsin.rules.yml'), 'utf8')) as {
    groups: { rules: Rule[] }[];
  }
).groups.flatMap((group) => group.rules);

const dashboard = JSON.parse(readFileSync(join(folder, 'grafana/tocsin.json'), 'utf8')) as {
  panels: readonly (Panel & {
    id: number;
    gridPos: { x: number; y: number; w: number; h: number };
  })[];
};

const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr.replaceAll(/\$\w+/g, '.*')] as const),
);

/** Names of metrics in an expression, without functions, labels and words of the language. */
function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/\{[^}]*\}|\[[^\]]*\]|(?:by|on) \([^)]*\)/g, '');
  return [...bare.matchAll(/\b(?:up|(?:tocsin|probe|process|instance|check)[\w:]*)\b(?!\()/g)].map(
    ([name]) => name,
  );
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
  test('finds the fleet by a list over HTTP, probes through an agent, and raises what fires there', async (context) => {
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
    await using list = await listen(
      createServer((_request, response) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify([{ targets: [address], labels: { env: 'test' } }]));
      }),
    );
    const { scrape_configs: jobs } = parse(
      readFileSync(join(folder, 'prometheus/scrape.yml'), 'utf8'),
    ) as { scrape_configs: Record<string, unknown>[] };
    const [hosts = {}, probes = {}] = jobs.map(({ file_sd_configs: _lists, ...job }) => ({
      ...job,
      scrape_interval: '1s',
    }));
    const { query, firing } = await startPrometheus({
      scrapeConfigs: [
        {
          ...hosts,
          http_sd_configs: [{ url: `http://127.0.0.1:${list.port}/`, refresh_interval: '1s' }],
        },
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
    const named = [
      ...expressions.map(([, expression]) => expression),
      ...rules.map(({ expr }) => expr),
    ];
    expect(named.flatMap(metricsIn).filter((name) => !known.has(name))).toEqual([]);
  });

  test('understands every panel of the dashboard', () => {
    const file = join(temporaryFolder(), 'panels.yml');
    const panels = expressions.map(([, expr], index) => ({ record: `panel:${index}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules: panels }] }));
    const { stdout, stderr } = spawnSync(promtool, ['check', 'rules', file], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toContain(`SUCCESS: ${expressions.length} rules found`);
  });
});

test('the panels of the dashboard neither overlap nor leave its width', () => {
  const taken = new Map<string, string>();
  for (const { title, gridPos } of dashboard.panels) {
    const { x, y, w, h } = gridPos;
    expect(x + w).toBeLessThanOrEqual(24);
    for (let column = x; column < x + w; column += 1) {
      for (let line = y; line < y + h; line += 1) {
        expect(taken.get(`${column}/${line}`)).toBeUndefined();
        taken.set(`${column}/${line}`, title);
      }
    }
  }
});
