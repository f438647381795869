import { describe, expect, test } from 'vitest';
import { llm } from '../../src/checks/llm.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { openedCheck, rememberingChecks, valuesOf } from '../support/host-check.ts';
import { modelList, refusal, startLlm, stream } from '../support/llm-server.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';

const key = 'sk-test-0123456789abcdef';

describe('a provider that is compatible with OpenAI', () => {
  test('takes the key, offers the model and tells what remains of its quotas', async () => {
    const headers = {
      'x-ratelimit-limit-requests': '200',
      'x-ratelimit-remaining-requests': '50',
      'x-ratelimit-limit-tokens': '40000',
      'x-ratelimit-remaining-tokens': '39000',
    };
    const provider = await startLlm({ list: () => ({ ...modelList('small', 'large'), headers }) });
    const keys = { base_url: `${provider.url}/v1`, api_key: key, model: 'small' };
    const limits = { warning: '70%', critical: '90%' };
    const result = await openedCheck(llm, { ...keys, quota: limits }).run();
    expect(provider.requests).toMatchObject([
      { method: 'GET', path: '/v1/models', headers: { authorization: `Bearer ${key}` } },
    ]);
    expect(result).toMatchObject({ status: 'warning', reason: 'threshold' });
    expect(result.summary).toMatch(/: 50 of 200 requests remain, limit 70%$/);
    expect(valuesOf(result)).toMatchObject({
      models: 2,
      requests_used: 75,
      requests_remaining: 50,
      requests_limit: 200,
      tokens_used: 2.5,
      tokens_remaining: 39_000,
    });
    expect(result.values.find(({ metric }) => metric === 'requests_used')).toMatchObject({
      unit: '%',
      ...limits,
    });
    const healthy = await openedCheck(llm, keys).run();
    expect(healthy.status).toBe('ok');
    expect(healthy.summary).toMatch(/^127\.0\.0\.1:\d+ accepts the key; 50 of 200 requests/);
  });

  test('that does not offer the model is critical, unless it knows the name for another', async () => {
    const provider = await startLlm({
      list: ({ path }) =>
        path.endsWith('/models/newest')
          ? { json: { id: 'large' } }
          : path.endsWith('/models')
            ? modelList('small', 'large')
            : refusal(404, { message: 'no such model', type: 'not_found_error' }),
    });
    const asked = async (model: string) =>
      openedCheck(llm, { base_url: provider.url, api_key: key, model }).run();
    const missing = await asked('gone');
    expect(missing).toMatchObject({ status: 'critical', reason: 'missing' });
    expect(missing.summary).toMatch(/: the model gone is not offered; 2 others are$/);
    expect(await asked('newest')).toMatchObject({ status: 'ok' });
  });

  test('without a list is unknown, and a call tells the rest', async () => {
    const provider = await startLlm({ list: () => ({ status: 404, text: 'nothing here' }) });
    const keys = { base_url: provider.url, api_key: key, model: 'small' };
    const result = await openedCheck(llm, keys).run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'protocol' });
    expect(result.summary).toMatch(/offers no list of models.*: add call$/);
    expect(await openedCheck(llm, { ...keys, call: {} }).run()).toMatchObject({ status: 'ok' });
  });

  test('may want no key', async () => {
    const provider = await startLlm({});
    expect(await openedCheck(llm, { base_url: provider.url }).run()).toMatchObject({
      status: 'ok',
    });
    expect(provider.requests[0]?.headers.authorization).toBeUndefined();
  });
});

describe('Anthropic', () => {
  test('is asked in its own way', async () => {
    const headers = {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-output-tokens-limit': '8000',
      'anthropic-ratelimit-output-tokens-remaining': '8000',
    };
    const provider = await startLlm({
      list: () => modelList('claude'),
      call: () => ({ ...stream('anthropic'), headers }),
    });
    const keys = { provider: 'anthropic', base_url: provider.url, api_key: key, model: 'claude' };
    const result = await openedCheck(llm, { ...keys, call: {} }).run();
    expect(provider.requests).toMatchObject([
      {
        path: '/v1/models?limit=1000',
        headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01' },
      },
      { path: '/v1/messages', body: { model: 'claude', max_tokens: 1, stream: true } },
    ]);
    expect(result.status).toBe('ok');
    expect(valuesOf(result)).toMatchObject({ requests_remaining: 49, output_tokens_used: 0 });
    expect(valuesOf(result)['first_token_seconds']).toBeGreaterThanOrEqual(0);
  });
});

describe('a provider that cannot be asked', () => {
  const common = { timeoutMs: 300 };

  test('is critical where nobody listens', async () => {
    const result = await openedCheck(llm, {
      base_url: `http://127.0.0.1:${await closedPort()}`,
    }).run();
    expect(result).toMatchObject({ status: 'critical', reason: 'connect' });
  });

  test('is critical at the deadline where it hangs', async () => {
    const provider = await startLlm({ list: () => ({ hangs: true }) });
    const result = await openedCheck(llm, { base_url: provider.url }, { common }).run();
    expect(result).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(result.summary).toMatch(/: timeout: no answer within 300ms while waiting/);
    expect(result.durationMs).toBeLessThan(550);
  });

  test.each([
    ['a page', '<html>hello</html>'],
    ['another form', '{"data":[{"name":3}]}'],
    ['nothing', ''],
  ])('is critical, not a crash, where it answers with %s', async (_, text) => {
    const provider = await startLlm({ list: () => ({ text }) });
    const result = await openedCheck(llm, { base_url: provider.url }).run();
    expect(result).toMatchObject({ status: 'critical', reason: 'protocol' });
  });

  test('is critical where it does not speak HTTP', async () => {
    await using server = await startTcpServer((socket) => void socket.end('SSH-2.0-x\r\n'));
    const result = await openedCheck(llm, { base_url: `http://127.0.0.1:${server.port}` }).run();
    expect(result).toMatchObject({ status: 'critical', reason: 'protocol' });
  });

  test('is unknown where the file of the key is missing', async () => {
    const result = await openedCheck(llm, { api_key_file: '/nowhere/key' }).run();
    expect(result).toMatchObject({ status: 'unknown', reason: 'missing' });
    expect(result.summary).toMatch(/^api\.openai\.com: \/nowhere\/key does not exist$/);
  });
});

describe('the call', () => {
  const hour = 3_600_000;
  const keysOf = (url: string, call: object = {}) => ({
    base_url: url,
    api_key: key,
    model: 'small',
    call,
  });

  test('is judged by the time to the first token', async () => {
    const provider = await startLlm({});
    const call = { first_token: { critical: '0s' } };
    const result = await openedCheck(llm, keysOf(provider.url, call)).run();
    expect(result).toMatchObject({ status: 'critical', reason: 'threshold' });
    expect(result.summary).toMatch(/: small wrote its first token after .*, limit 0s$/);
  });

  test('is made every so often, and what it found stands until the next', async () => {
    const provider = await startLlm({});
    const clock = createFakeClock();
    const check = openedCheck(llm, keysOf(provider.url, { every: '1h' }), { clock });
    expect(valuesOf(await check.run())).toMatchObject({ calls_left_today: 47 });
    expect(valuesOf(await check.run())).toHaveProperty('first_token_seconds');
    expect(provider.calls()).toBe(1);
    await clock.advance(hour);
    await check.run();
    expect(provider.calls()).toBe(2);
  });

  test('stays within its budget over a restart, until the next day', async () => {
    const provider = await startLlm({});
    const clock = createFakeClock();
    const memory = rememberingChecks();
    const opened = () =>
      openedCheck(llm, keysOf(provider.url, { every: '1m', budget_per_day: 2 }), { clock, memory });
    for (let run = 0; run < 4; run += 1) {
      const result = await opened().run();
      expect(result.status).toBe('ok');
      await clock.advance(60_000);
    }
    expect(provider.calls()).toBe(2);
    await clock.advance(24 * hour);
    expect(valuesOf(await opened().run())).toMatchObject({ calls_left_today: 1 });
    expect(provider.calls()).toBe(3);
  });

  test('that is refused costs nothing and is made again at the next run', async () => {
    const provider = await startLlm({
      call: () => refusal(429, { type: 'insufficient_quota', message: 'no credit' }),
    });
    const clock = createFakeClock();
    const call = { every: '1h', budget_per_day: 1 };
    const check = openedCheck(llm, keysOf(provider.url, call), { clock });
    const broke = await check.run();
    expect(broke).toMatchObject({ status: 'critical', reason: 'status' });
    expect(broke.summary).toContain(': billing: the account has no credit or quota left');
    expect(valuesOf(broke)).toMatchObject({ calls_left_today: 1 });
    provider.now({ call: () => stream('openai') });
    expect(await check.run()).toMatchObject({ status: 'ok' });
  });

  test('that failed last is unknown once the budget is used up', async () => {
    const provider = await startLlm({ call: () => ({ text: 'nonsense' }) });
    const call = { budget_per_day: 1 };
    const check = openedCheck(llm, keysOf(provider.url, call), { clock: createFakeClock() });
    expect(await check.run()).toMatchObject({ status: 'critical', reason: 'protocol' });
    const later = await check.run();
    expect(later).toMatchObject({ status: 'unknown', reason: 'protocol' });
    expect(later.summary).toMatch(/so it was at the last call, and those of today are used up$/);
    expect(provider.calls()).toBe(1);
  });

  test('names the limit as newer models want it', async () => {
    const provider = await startLlm({
      call: ({ body }) =>
        'max_tokens' in body
          ? refusal(400, { message: "use 'max_completion_tokens' instead", code: 'unsupported' })
          : stream('openai'),
    });
    expect(await openedCheck(llm, keysOf(provider.url)).run()).toMatchObject({ status: 'ok' });
    expect(provider.requests.at(-1)?.body).toMatchObject({ max_completion_tokens: 1 });
  });
});

describe('several profiles', () => {
  const broken = () => refusal(401, { message: 'revoked' });
  const opened = (urls: Readonly<Record<string, string>>) =>
    openedCheck(llm, {
      api_key: key,
      profiles: Object.entries(urls).map(([name, url]) => ({ name, base_url: url })),
    });

  test('that all work are told in their order', async () => {
    const [main, spare] = [await startLlm({}), await startLlm({})];
    const result = await opened({ main: main.url, spare: spare.url }).run();
    expect(result).toMatchObject({ status: 'ok', summary: 'all 2 profiles work: main, spare' });
    expect(valuesOf(result)).toMatchObject({
      profiles: 2,
      profiles_working: 2,
      'models main': 2,
      'models spare': 2,
    });
  });

  test('are a warning when the first fails, with how many remain', async () => {
    const [main, spare] = [await startLlm({ list: broken }), await startLlm({})];
    const result = await opened({ main: main.url, spare: spare.url, last: spare.url }).run();
    expect(result).toMatchObject({
      status: 'warning',
      reason: 'auth',
      summary:
        'main: auth: the key is not accepted (401): revoked; 2 of 3 profiles remain: spare, last',
    });
    expect(valuesOf(result)).toMatchObject({ profiles_working: 2 });
  });

  test('are critical when none works, though one of them hangs', async () => {
    const main = await startLlm({ list: broken });
    const spare = await startLlm({ list: () => ({ hangs: true }) });
    const keys = {
      profiles: [
        { name: 'main', base_url: main.url },
        { name: 'spare', base_url: spare.url },
      ],
    };
    const result = await openedCheck(llm, keys, { common: { timeoutMs: 300 } }).run();
    expect(result).toMatchObject({ status: 'critical', reason: 'auth' });
    expect(result.summary).toBe(
      'none of 2 profiles works: main: auth: the key is not accepted (401): revoked, and 1 more in trouble',
    );
    expect(result.detail[1]).toMatch(/^spare: timeout: /);
  });

  test('inherit what they leave out, but never the key or the place of another provider', async () => {
    const provider = await startLlm({});
    const keys = {
      base_url: provider.url,
      api_key: key,
      profiles: [{ name: 'a' }, { name: 'b', api_key: 'sk-own-key-of-b' }],
    };
    await openedCheck(llm, keys).run();
    const sent = provider.requests.map(({ headers }) => headers.authorization);
    expect(new Set(sent)).toEqual(new Set(['Bearer sk-own-key-of-b', `Bearer ${key}`]));
    const other = { name: 'c', provider: 'anthropic' };
    expect(llm.target?.({ ...keys, profiles: [other], base_url: new URL(provider.url) })).toBe(
      'api.anthropic.com',
    );
  });
});

test('the keys that make no sense together are refused', () => {
  expect(llm.refuse?.({ api_key: 'a', api_key_file: 'b' })).toBe('either api_key or api_key_file');
  expect(llm.refuse?.({ call: { every: 1 } })).toBe('call needs a model');
  expect(() => openedCheck(llm, { base_url: 'https://user:secret@host/' })).toThrow('without user');
});
