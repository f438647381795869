import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { reaches, receiverOf } from '../support/agent-view.ts';
import { choiceOf, dashboard, interpolate, queries } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';
import {
  prometheus,
  skipWithout,
  startPrometheus,
  type Prometheus,
} from '../support/prometheus.ts';
import { startService } from '../support/service.ts';
import { startSlackServer } from '../support/slack-server.ts';
import { closedPort, listen } from '../support/tcp-server.ts';
import { teamConfig } from '../support/team-config.ts';
import { createAuthority } from '../support/tls-authority.ts';

/** As many series as people can tell apart in one panel. */
const readableMax = 20;

/** What Grafana brings along, and the units among its many that are used here. */
const panelTypes = ['row', 'stat', 'table', 'timeseries', 'state-timeline', 'bargauge'];
const units = new Set<unknown>(['s', 'd', 'bytes', 'percentunit']);

describe('the file', () => {
  test('is imported as a new dashboard that asks for nothing but a Prometheus', () => {
    expect(dashboard).toMatchObject({ id: null, uid: 'tocsin', schemaVersion: 39, __inputs: [] });
    const [source, ...others] = dashboard.templating.list;
    expect(source).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    const sources = [...dashboard.panels, ...queries.map(({ target }) => target), ...others]
      .map((one) => ('datasource' in one ? one.datasource : undefined))
      .filter((one) => one !== undefined);
    expect(sources.length).toBeGreaterThan(queries.length);
    for (const one of sources) expect(one).toEqual({ type: 'prometheus', uid: '${datasource}' });
  });

  test('has panels of known types that it names, with numbers of their own and known units', () => {
    const { panels, __requires: required } = dashboard;
    expect(panels.filter(({ type }) => !panelTypes.includes(type))).toEqual([]);
    const named = required.filter(({ type }) => type === 'panel').map(({ id }) => id);
    expect(named.toSorted()).toEqual(panelTypes.filter((type) => type !== 'row').toSorted());
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { targets = [] } of panels) {
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
    const used = panels.flatMap(({ fieldConfig }) => [
      fieldConfig?.defaults.unit,
      ...(fieldConfig?.overrides ?? [])
        .flatMap(({ properties }) => properties)
        .filter(({ id }) => id === 'unit')
        .map(({ value }) => value),
    ]);
    expect(used.filter((unit) => unit !== undefined && !units.has(unit))).toEqual([]);
  });

  test('colours a number by its thresholds', () => {
    const numbers = dashboard.panels.filter(({ type }) => ['stat', 'bargauge'].includes(type));
    for (const { title, fieldConfig } of numbers) {
      expect(fieldConfig?.defaults.color.mode, title).toBe('thresholds');
    }
  });

  test('lets no panels overlap or leave its width', () => {
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
});

/** An agent of which something is up, down, measured, told and kept back. */
async function startBusyAgent(): Promise<TestAgent> {
  const service = await startService();
  onTestFinished(() => service[Symbol.asyncDispose]());
  const authority = createAuthority();
  onTestFinished(() => authority[Symbol.dispose]());
  const secure = await listen(createTlsServer(authority.issue(), (_, answer) => answer.end('ok')));
  onTestFinished(() => secure[Symbol.asyncDispose]());
  const slack = await startSlackServer();
  onTestFinished(() => slack[Symbol.asyncDispose]());
  const down = `http://127.0.0.1:${await closedPort()}/`;
  const checks = [
    { name: 'up', type: 'http', target: service.url },
    {
      name: 'secure',
      type: 'http',
      target: `https://127.0.0.1:${secure.port}/`,
      http: { tls_config: { ca_file: 'ca.pem' } },
    },
    { name: 'down', type: 'http', target: down },
    { name: 'half down', type: 'http', target: down, severity: 'warning' },
    { name: 'memory', type: 'memory' },
    ...Array.from({ length: 5 }, (_, index) => ({
      name: `more ${index}`,
      type: 'http',
      target: service.url,
    })),
  ];
  const agent = await startAgent({
    config: teamConfig(checks, { slack_configs: [{ api_url: slack.url }] }),
    files: { 'ca.pem': authority.ca },
  });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  await reaches(agent, 'half down', 'firing');
  await eventually(
    async () => (await receiverOf(agent, 'team')).lastSuccessAt !== null,
    'Slack is told',
  );
  await eventually(
    async () => (await agent.metrics()).includes('probe_ssl_earliest_cert_expiry{'),
    'the certificate was seen',
  );
  return agent;
}

/** The values of the variables as Grafana has them right after an import. */
async function chosen(server: Prometheus): Promise<Record<string, string>> {
  const values: Record<string, string> = { __range: '1m', __rate_interval: '10s' };
  for (const { name, query, includeAll = false, allValue } of dashboard.templating.list.slice(1)) {
    const asked = interpolate(typeof query === 'string' ? query : query.query, values);
    const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(asked) ?? [];
    const found = await server.labelValues(label, selector);
    expect(found, `$${name} has values`).not.toEqual([]);
    values[name] = includeAll ? (allValue ?? choiceOf(found)) : (found[0] ?? '');
  }
  return values;
}

/** How many series each query gives over the last minute, or at its end if that is all it asks. */
async function seriesOf(server: Prometheus): Promise<Map<string, number>> {
  const values = await chosen(server);
  const counts = new Map<string, number>();
  for (const { panel, target } of queries) {
    const expression = interpolate(target.expr, values);
    const count =
      target.instant === true
        ? (await server.query(expression)).length
        : await server.seriesInRange(expression, 60);
    counts.set(`${panel.title} ${target.refId}`, count);
  }
  return counts;
}

/** Only a receiver that failed twice has this one. */
const mayBeEmpty = new Set(['Messages an hour B']);

function emptyOnes(counts: ReadonlyMap<string, number>): readonly string[] {
  return [...counts]
    .filter(([name, count]) => count === 0 && !mayBeEmpty.has(name))
    .map(([name]) => name);
}

describe('in front of a real Prometheus', () => {
  test('every panel has data of one host, and counts no other job', async (context) => {
    skipWithout(prometheus, context);
    const agent = await startBusyAgent();
    const targets = [`127.0.0.1:${agent.port}`];
    // Something else that is scraped, and is down.
    const other = [`127.0.0.1:${await closedPort()}`];
    const server = await startPrometheus({
      scrapeConfigs: [
        { job_name: 'tocsin', static_configs: [{ targets }] },
        { job_name: 'node', static_configs: [{ targets: other }] },
      ],
    });
    await eventually(async () => (await server.query('up')).length === 2, 'both were scraped');
    await eventually(
      async () => emptyOnes(await seriesOf(server)).length === 0,
      `no panel is empty`,
      20_000,
    ).catch(async () => expect(emptyOnes(await seriesOf(server))).toEqual([]));
    const values = await chosen(server);
    const number = async (title: string): Promise<string | undefined> => {
      const expr = queries.find(({ panel }) => panel.title === title)?.target.expr ?? '';
      return (await server.query(interpolate(expr, values)))[0]?.value;
    };
    expect(await number('Hosts')).toBe('1');
    expect(await number('Hosts that do not answer')).toBe('0');
    expect(await number('Critical alerts')).toBe('1');
    expect(await number('Warnings')).toBe('1');
  }, 60_000);

  test('no panel of fifty hosts is empty, or has more than can be read', async (context) => {
    skipWithout(prometheus, context);
    const agent = await startBusyAgent();
    // Copies of what a real agent says, each under an address of its own.
    const page = { text: await agent.metrics() };
    const copies = createServer((_, answer) => void answer.end(page.text));
    const { port } = await listen(copies, '0.0.0.0');
    onTestFinished(() => void copies.close());
    const targets = Array.from({ length: 50 }, (_, index) => `127.0.1.${index + 1}:${port}`);
    const server = await startPrometheus({
      scrapeConfigs: [{ job_name: 'tocsin', scrape_interval: '2s', static_configs: [{ targets }] }],
    });
    await eventually(
      async () => (await server.query('count_over_time(up[1m]) >= 3')).length === 50,
      'all were scraped several times',
      20_000,
    );
    const counts = await seriesOf(server);
    expect(emptyOnes(counts)).toEqual([]);
    const drawn = new Set(
      queries
        .filter(({ panel }) => panel.type !== 'table')
        .map(({ panel, target }) => `${panel.title} ${target.refId}`),
    );
    const crowded = [...counts].filter(([name, count]) => drawn.has(name) && count > readableMax);
    expect(crowded).toEqual([]);
    expect(counts.get('Each host A'), 'the table has a line for each').toBe(50);
  }, 60_000);
});
