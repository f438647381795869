import * as v from 'valibot';
import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { compileCel } from '../../../../src/checks/net/http/cel-program.ts';
import { httpBlock, httpModuleBlock } from '../../../../src/checks/net/http/http-options.ts';
import { parseJsonBody } from '../../../../src/checks/net/http/json-body.ts';
import { bodyBytesMax, jsonDepthMax } from '../../../../src/model/limits.ts';
import { startHttpServer } from '../../../support/http-server.ts';
import { familyNames, metric } from '../../../support/probe-context.ts';
import { runHttp } from '../../../support/probe-http.ts';

const answerWith =
  (body: string): RequestListener =>
  (_request, response) =>
    response.writeHead(200, { 'Content-Length': Buffer.byteLength(body) }).end(body);

const failed = 'probe_failed_due_to_cel';
const nested = '{"state": {"name": "up"}}';

/** What is asked of which body, and whether the rule against it and the one for it are kept. */
type Case = readonly [
  string,
  body: string,
  expression: string,
  against: boolean,
  inFavour: boolean,
];

const cases: readonly Case[] = [
  ['true', nested, "body.state.name == 'up'", false, true],
  ['false', nested, "body.state.name == 'down'", true, false],
  ['a missing key', '{}', "body.state.name == 'down'", false, false],
  ['no boolean', nested, 'body.state.name', false, false],
  ['no JSON', 'all is well', "body.state.name == 'up'", false, false],
  ['an empty object', '{}', "body.state.name == 'up'", false, false],
  ['a text', '"up"', "body == 'up'", false, true],
  ['an item of a list', '["a","b","c"]', "body[2] == 'c'", false, true],
  ['a boolean', 'true', 'body', false, true],
  ['no body', '', "body.state.name == 'up'", false, false],
  ['emoji', '🌞🌞', "body.state.name == 'up'", false, false],
  ['emoji in JSON', '{"sky": "🌞🌞"}', "body.sky == '🌧🌧'", true, false],
];

async function judge(
  key: 'fail_if_body_json_matches_cel' | 'fail_if_body_json_not_matches_cel',
  body: string,
  expression: string,
  isKept: boolean,
): Promise<void> {
  await using server = await startHttpServer(answerWith(body));
  const outcome = await runHttp(server.url, { [key]: expression });
  expect(outcome.status).toBe(isKept ? 'ok' : 'critical');
  expect(outcome.reason).toBe(isKept ? undefined : 'body');
  expect(metric(outcome, failed)).toBe(isKept ? 0 : 1);
  expect(metric(outcome, 'probe_failed_due_to_regex')).toBe(0);
  const length = Buffer.byteLength(body);
  expect(metric(outcome, 'probe_http_content_length')).toBe(length);
  expect(metric(outcome, 'probe_http_uncompressed_body_length')).toBe(length);
}

describe('fail_if_body_json_matches_cel', () => {
  test.each(cases.map((one, index) => [`BB-T${36 + index}`, ...one] as const))(
    '%s of %s',
    async (_id, _what, body, expression, isKept) => {
      await judge('fail_if_body_json_matches_cel', body, expression, isKept);
    },
  );
});

describe('fail_if_body_json_not_matches_cel', () => {
  const own = cases.map((one): Case => {
    if (one[0] === 'an empty object') return [one[0], '{}', '!has(body.state)', false, true];
    if (one[0] !== 'emoji in JSON') return one;
    return [one[0], one[1], "body.sky == '🌞🌞'", false, true];
  });
  test.each(own.map((one, index) => [`BB-T${48 + index}`, ...one] as const))(
    '%s of %s',
    async (_id, _what, body, expression, _isKept, isKept) => {
      await judge('fail_if_body_json_not_matches_cel', body, expression, isKept);
    },
  );
});

describe('rules in CEL', () => {
  test('say what was measured and what was wanted', async () => {
    await using server = await startHttpServer(answerWith('{"queue": 7}'));
    const bad = await runHttp(server.url, { fail_if_body_json_matches_cel: 'body.queue > 5' });
    expect(bad.summary).toBe(`body.queue > 5 of the body of ${server.url}/ is true, wanted false`);
    expect(bad.detail.at(-1)).toBe('body: {"queue": 7}');
    const lost = await runHttp(server.url, { fail_if_body_json_matches_cel: 'body.que > 5' });
    expect(lost.summary).toContain('cannot be told: No such key: que');
  });

  test('and regular expressions both see the body', async () => {
    await using server = await startHttpServer(answerWith('{"queue": 7}'));
    const both = { fail_if_body_not_matches_regexp: ['queue'] };
    const sound = { ...both, fail_if_body_json_not_matches_cel: 'body.queue == 7' };
    expect((await runHttp(server.url, sound)).status).toBe('ok');
    const late = await runHttp(server.url, {
      fail_if_body_not_matches_regexp: ['stack'],
      fail_if_body_json_not_matches_cel: 'body.queue == 8',
    });
    expect(metric(late, 'probe_failed_due_to_regex')).toBe(1);
    expect(metric(late, failed)).toBe(0);
  });

  test('both hold where both are given', async () => {
    await using server = await startHttpServer(answerWith('{"queue": 7}'));
    const rules = (good: string, bad: string) => ({
      fail_if_body_json_not_matches_cel: good,
      fail_if_body_json_matches_cel: bad,
    });
    expect((await runHttp(server.url, rules('body.queue < 9', 'body.queue < 5'))).status).toBe(
      'ok',
    );
    expect((await runHttp(server.url, rules('body.queue < 5', 'body.queue < 5'))).status).not.toBe(
      'ok',
    );
    expect((await runHttp(server.url, rules('body.queue < 9', 'body.queue < 9'))).status).not.toBe(
      'ok',
    );
  });

  test('are not judged once the status is wrong, and have no family where there are none', async () => {
    await using server = await startHttpServer((_request, response) =>
      response.writeHead(500).end('no JSON'),
    );
    const outcome = await runHttp(server.url, { fail_if_body_json_matches_cel: 'body' });
    expect(outcome.reason).toBe('status');
    expect(metric(outcome, failed)).toBe(0);
    expect(familyNames(await runHttp(server.url))).not.toContain(failed);
  });

  test('are not judged over a body that cannot be unpacked, which fails by itself', async () => {
    await using server = await startHttpServer(answerWith('{"a": true}'));
    const options = { compression: 'gzip', fail_if_body_json_matches_cel: 'body.a' };
    const outcome = await runHttp(server.url, options);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'body' });
    expect(metric(outcome, failed)).toBe(0);
  });

  test('fail for a redirect that is not followed', async () => {
    await using server = await startHttpServer((_request, response) =>
      response.writeHead(302, { Location: '/' }).end('true'),
    );
    const options = { follow_redirects: false, valid_status_codes: [302] };
    const outcome = await runHttp(server.url, {
      ...options,
      fail_if_body_json_matches_cel: '!body',
    });
    expect(metric(outcome, failed)).toBe(1);
  });

  test('fail for a body that is longer than what is kept', async () => {
    const long = JSON.stringify('x'.repeat(bodyBytesMax));
    await using server = await startHttpServer(answerWith(long));
    const outcome = await runHttp(server.url, { fail_if_body_json_matches_cel: 'body == "x"' });
    expect(outcome.summary).toContain(`wanted JSON of at most ${bodyBytesMax}`);
  });

  test('fail for a body that never ends, at the deadline', async () => {
    await using server = await startHttpServer((_request, response) => void response.write('{'));
    const outcome = await runHttp(server.url, { fail_if_body_json_matches_cel: 'body.a' }, 300);
    expect(outcome.reason).toBe('timeout');
    expect(metric(outcome, failed)).toBe(1);
  });
});

test.each([
  ['BB-C23 a boolean expression', 'body.state == "up"', true],
  ['BB-C23 an undeclared variable', 'foo.bar', false],
  ['BB-C23 nothing', '', false],
  ['half an expression', 'body.', false],
  ['numbers and texts', '1 + "a"', false],
  ['an unknown function', 'frobnicate(body)', false],
  ['a condition that is none', '"a" ? 1 : 2', false],
])('%s is compiled at load, or refused', (_what, expression, isFine) => {
  const block = { fail_if_body_json_matches_cel: expression };
  for (const schema of [httpBlock, httpModuleBlock]) {
    const { success, issues } = v.safeParse(schema, block);
    expect(success).toBe(isFine);
    if (!isFine) expect(issues?.[0]?.message).toMatch(/^a valid CEL expression over body \(.+\)$/);
  }
});

describe('an expression', () => {
  const evaluate = (expression: string, body: string): unknown =>
    compileCel(expression).evaluate(parseJsonBody(body));

  test.each([
    // Numbers of JSON are doubles, and comparable with whole numbers.
    ['body.n == 1', '{"n": 1}', true],
    ['body.n == 1.0', '{"n": 1}', true],
    ['body.n < 3u', '{"n": 2.5}', true],
    ['type(body.n) == double', '{"n": 1}', true],
    ['int(body.n) + 1 == 2', '{"n": 1}', true],
    ['body.n + 1.5 == 2.5', '{"n": 1}', true],
    ['body.n == 9007199254740993', '{"n": 9007199254740992}', false],
    ['body == [1, "a", null, true]', '[1, "a", null, true]', true],
    ['body == {"a": {"b": [1]}}', '{"a": {"b": [1]}}', true],
    ['1 in body', '["a", 1]', true],
    ['"a" in body', '{"a": 1}', true],
    ['size(body) == 2 && body.size() == 2', '{"a": 1, "b": 2}', true],
    ['has(body.a) && body.a == null', '{"a": null}', true],
    ['has(body.a)', '{}', false],
    ['has(body.a.b)', '{"a": {"b": 1}}', true],
    ['body.all(x, x > 0)', '[1, 2]', true],
    ['body.exists(k, k == "a")', '{"a": 1}', true],
    ['body.exists_one(x, x == 1)', '[1, 2, 1]', false],
    [
      'body.filter(x, x.ok).map(x, x.n) == [2]',
      '[{"ok": false, "n": 1}, {"ok": true, "n": 2}]',
      true,
    ],
    ['body.exists(x, x.ok)', '[{"no": 1}, {"ok": true}]', true],
    ['body.a == "x" || true', '{}', true],
    ['timestamp(body) < timestamp("2030-01-01T00:00:00Z")', '"2024-01-01T00:00:00Z"', true],
    ['duration(body) > duration("1m")', '"90s"', true],
    ['body.startsWith("a") && body.endsWith("c") && body.contains("b")', '"abc"', true],
    ['size(body) == 1', '"🌞"', true],
    // RE2, of which the flag is a part, in both ways of writing it.
    ['body.matches("(?i)^AB")', '"abc"', true],
    ['matches(body, "b$")', '"abc"', false],
    ['["x", "ab"].exists(x, x.matches(body))', '"^a"', true],
    // What JavaScript objects have beside their keys is not there.
    ['has(body.constructor) || has(body.toString) || has(body.__proto__)', '{}', false],
    ['body["__proto__"] == 1 && body.constructor == 2', '{"__proto__": 1, "constructor": 2}', true],
  ])('%s of %s is %s', (expression, body, expected) => {
    expect(evaluate(expression, body)).toBe(expected);
  });

  test.each([
    ['body.n + 1 == 2', '{"n": 1}'],
    ['body.n % 2 == 0', '{"n": 1}'],
    ['body.n < "a"', '{"n": 1}'],
    ['body.length == 1', '[1]'],
    ['body[5] == 1', '[1]'],
    ['body.all(x, x.ok)', '[{"ok": true}, {}]'],
    ['body.constructor == 1', '{}'],
    ['body.matches("(?=a)")', '"abc"'],
    ['body.matches("(")', '"abc"'],
  ])('%s of %s cannot be told', (expression, body) => {
    expect(() => evaluate(expression, body)).toThrow(Error);
  });

  test('takes linear time over a text that was made to take longer', () => {
    const text = JSON.stringify(`${'a'.repeat(50_000)}!`);
    expect(evaluate('body.matches("^(a+)+$")', text)).toBe(false);
  });
});

describe('a JSON body', () => {
  test('may be as deep as the limit and no deeper', () => {
    const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    expect(parseJsonBody(deep(jsonDepthMax))).toBeInstanceOf(Array);
    expect(() => parseJsonBody(deep(jsonDepthMax + 1))).toThrow(/nested deeper/);
    expect(() => parseJsonBody(deep(1_000_000))).toThrow(Error);
  });

  test('that is as deep as may be can be compared', () => {
    const deep = `${'['.repeat(jsonDepthMax)}${']'.repeat(jsonDepthMax)}`;
    expect(compileCel('body == body').evaluate(parseJsonBody(deep))).toBe(true);
  });

  test.each(['1e999', '{"a": -1e999}', '\uFEFF{}', '{"a": 1,}', 'NaN'])('cannot be %s', (text) => {
    expect(() => parseJsonBody(text)).toThrow(SyntaxError);
  });
});
