import * as v from 'valibot';
import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { parseJsonPath } from '../../../../src/checks/net/http/http-json-values.ts';
import { httpBlock, httpModuleBlock } from '../../../../src/checks/net/http/http-options.ts';
import { familyNames, metric } from '../../../support/probe-context.ts';
import { startHttpServer } from '../../../support/http-server.ts';
import { runHttp } from '../../../support/probe-http.ts';

const body = JSON.stringify({
  queue: { length: 42, name: 'mail', 'odd key': '1.5e3', empty: '' },
  jobs: [{ age: '17', done: true }, { done: false }],
  nothing: null,
});
const answer: RequestListener = (_request, response) => response.end(body);
const family = 'probe_http_json_value';

test.each([
  ['.queue.length', ['queue', 'length']],
  ['queue.length', ['queue', 'length']],
  ['jobs[0].age', ['jobs', 0, 'age']],
  ['[1][2]', [1, 2]],
  ['.queue["odd \\"key"].x', ['queue', 'odd "key', 'x']],
  ['', undefined],
  ['.', undefined],
  ['.queue.', undefined],
  ['queue length', undefined],
  ['jobs[-1]', undefined],
  ['jobs[0]age', undefined],
])('the path %s', (path, steps) => {
  expect(parseJsonPath(path)).toEqual(steps);
});

describe('a value', () => {
  test.each([
    ['.queue.length', 42],
    ['.queue["odd key"]', 1500],
    ['jobs[0].age', 17],
    ['jobs[0].done', 1],
    ['jobs[1].done', 0],
  ])('at %s is exported as a family and as a figure', async (path, value) => {
    await using server = await startHttpServer(answer);
    const outcome = await runHttp(server.url, { json_values: [{ name: 'n', path }] });
    expect(outcome.status).toBe('ok');
    expect(metric(outcome, family, { name: 'n' })).toBe(value);
    expect(outcome.values.find((one) => one.metric === 'n')).toEqual({ metric: 'n', value });
  });

  test('that is a fact may be a text, and becomes no metric', async () => {
    await using server = await startHttpServer(answer);
    const fact = (path: string, more: object = {}) => ({
      json_values: [{ name: 'n', path, fact: true, ...more }],
    });
    const outcome = await runHttp(server.url, fact('.queue.name'));
    expect(outcome).toMatchObject({ status: 'ok', facts: [{ name: 'n', text: 'mail' }] });
    expect(familyNames(outcome)).not.toContain(family);
    expect((await runHttp(server.url, fact('.queue.length'))).facts).toEqual([
      { name: 'n', text: '42' },
    ]);
    expect((await runHttp(server.url, fact('.queue'))).summary).toMatch(
      /^\.queue is an object in the body of \S+, wanted a text$/,
    );
    const left = await runHttp(server.url, fact('.queue.size', { optional: true }));
    expect(left.status).toBe('ok');
    expect(left.facts).toBeUndefined();
    const limited = v.safeParse(httpBlock, fact('.a', { warning: 1 }));
    expect(limited.issues?.[0].message).toContain('no limits for a fact');
  });

  test.each([
    ['.queue.size', 'is missing in'],
    ['.nothing', 'is missing in'],
    ['.nothing.at.all', 'is missing in'],
    ['jobs[7].age', 'is missing in'],
    ['.jobs.length', 'is missing in'],
    ['.constructor.name', 'is missing in'],
    ['.queue', 'is an object in'],
    ['.jobs', 'is a list in'],
    ['.queue.name', 'is a text that is no number in'],
    ['.queue.empty', 'is a text that is no number in'],
  ])('that is none at %s fails', async (path, what) => {
    await using server = await startHttpServer(answer);
    const outcome = await runHttp(server.url, { json_values: [{ name: 'n', path }] });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'body' });
    expect(outcome.summary).toBe(`${path} ${what} the body of ${server.url}/, wanted a number`);
    expect(outcome.families.map(({ name }) => name)).not.toContain(family);
  });

  test('may be missing if it is optional, but may not be something else', async () => {
    await using server = await startHttpServer(answer);
    const optional = (path: string) => ({ json_values: [{ name: 'n', path, optional: true }] });
    expect((await runHttp(server.url, optional('.queue.size'))).status).toBe('ok');
    expect((await runHttp(server.url, optional('.nothing'))).status).toBe('ok');
    expect((await runHttp(server.url, optional('.queue'))).status).toBe('critical');
    await using plain = await startHttpServer((_request, response) => response.end('no JSON'));
    expect((await runHttp(plain.url, optional('.queue'))).status).toBe('ok');
    const needed = { json_values: [{ name: 'n', path: '.queue' }] };
    expect((await runHttp(plain.url, needed)).reason).toBe('body');
  });
});

describe('limits', () => {
  const limited = (warning?: number | string, critical?: number) => ({
    json_values: [
      {
        name: 'length',
        path: '.queue.length',
        ...(warning ? { warning } : {}),
        ...(critical ? { critical } : {}),
      },
      { name: 'age', path: 'jobs[0].age', warning: 1000 },
    ],
  });

  test.each([
    [43, 50, 'ok', /^HTTP 200/],
    [42, 50, 'warning', /^length is 42, limit 42$/],
    ['40.5', 50, 'warning', /^length is 42, limit 40\.5$/],
    [undefined, 42, 'critical', /^length is 42, limit 42$/],
    [1, 2, 'critical', /^length is 42, limit 2$/],
  ] as const)('warning %s, critical %s make it %s', async (warning, critical, status, sentence) => {
    await using server = await startHttpServer(answer);
    const outcome = await runHttp(server.url, limited(warning, critical));
    expect(outcome.status).toBe(status);
    expect(outcome.reason).toBe(status === 'ok' ? undefined : 'threshold');
    expect(outcome.summary).toMatch(sentence);
    const figure = outcome.values.find((one) => one.metric === 'length');
    expect(figure?.critical).toBe(String(critical));
    expect(metric(outcome, family, { name: 'age' })).toBe(17);
  });

  test('that are reached do not hide what failed', async () => {
    await using server = await startHttpServer(answer);
    const rule = { fail_if_body_matches_regexp: ['mail'] };
    expect((await runHttp(server.url, { ...limited(1), ...rule })).reason).toBe('body');
  });
});

test('values are not looked for once the status is wrong', async () => {
  await using server = await startHttpServer((_request, response) =>
    response.writeHead(503).end('no JSON'),
  );
  const outcome = await runHttp(server.url, { json_values: [{ name: 'n', path: '.a' }] });
  expect(outcome.reason).toBe('status');
  expect(familyNames(outcome)).toEqual(familyNames(await runHttp(server.url)));
});

test.each([
  ['a path that is none', [{ name: 'n', path: '..' }]],
  ['a limit that is none', [{ name: 'n', path: '.a', warning: 'many' }]],
  ['a warning past critical', [{ name: 'n', path: '.a', warning: 9, critical: 5 }]],
  [
    'one name twice',
    [
      { name: 'n', path: '.a' },
      { name: 'n', path: '.b' },
    ],
  ],
  ['an unknown key', [{ name: 'n', path: '.a', unit: 's' }]],
])('%s is refused at load', (_what, values) => {
  for (const schema of [httpBlock, httpModuleBlock]) {
    expect(v.safeParse(schema, { json_values: values }).success).toBe(false);
  }
});
