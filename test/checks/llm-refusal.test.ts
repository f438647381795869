import { chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { llm } from '../../src/checks/llm.ts';
import { folderWith, openedCheck } from '../support/host-check.ts';
import { modelList, refusal, startLlm } from '../support/llm-server.ts';

const key = 'sk-test-0123456789abcdef';

describe('a refusal', () => {
  const openai = (message: string, type: string, code: string | null = null) => ({
    message,
    type,
    code,
  });

  test.each([
    [
      401,
      openai('Incorrect API key provided', 'invalid_request_error', 'invalid_api_key'),
      'auth',
      'auth: the key is not accepted (401): Incorrect API key provided',
    ],
    [
      403,
      { type: 'permission_error', message: 'no access' },
      'auth',
      'auth: the key may not do this (403): no access',
    ],
    [
      429,
      openai('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'),
      'status',
      'billing: the account has no credit or quota left (429): You exceeded your current quota',
    ],
    [
      400,
      { type: 'invalid_request_error', message: 'Your credit balance is too low' },
      'status',
      'billing: the account has no credit or quota left (400): Your credit balance is too low',
    ],
    [
      402,
      { type: 'billing_error', message: 'pay' },
      'status',
      'billing: the account has no credit or quota left (402): pay',
    ],
    [
      429,
      openai('Rate limit reached', 'requests', 'rate_limit_exceeded'),
      'threshold',
      'rate limit: too many requests, to be tried again in 20s (429): Rate limit reached',
    ],
    [
      529,
      { type: 'overloaded_error', message: 'Overloaded' },
      'status',
      'overload: the provider has no capacity (529): Overloaded',
    ],
    [
      503,
      openai('The engine is currently overloaded', 'server_error'),
      'status',
      'overload: the provider has no capacity (503): The engine is currently overloaded',
    ],
    [
      504,
      'upstream timed out',
      'timeout',
      'timeout: the provider gave up waiting for its own answer (504): upstream timed out',
    ],
    [
      500,
      openai('The server had an error', 'server_error'),
      'status',
      'the provider is failing (500): The server had an error',
    ],
    [422, openai('what', 'invalid_request_error'), 'status', 'the request is refused (422): what'],
  ])('with %d and %j is %s', async (status, error, reason, sentence) => {
    const provider = await startLlm({
      list: () => refusal(status, error, { 'retry-after': '20' }),
    });
    const result = await openedCheck(llm, { base_url: provider.url, api_key: key }).run();
    expect(result).toMatchObject({ status: 'critical', reason });
    expect(result.summary.replace(/^127\.0\.0\.1:\d+: /, '')).toBe(sentence);
  });

  test('may come in the middle of a stream', async () => {
    const text =
      'data: {"type":"message_start"}\n\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';
    const provider = await startLlm({ list: () => modelList('m'), call: () => ({ text }) });
    const keys = { base_url: provider.url, api_key: key, model: 'm', call: {} };
    const result = await openedCheck(llm, keys).run();
    expect(result).toMatchObject({ status: 'critical', reason: 'status' });
    expect(result.summary).toMatch(/: overload: the provider has no capacity/);
  });

  test('that repeats the key, or a part of it, does not show it', async () => {
    const provider = await startLlm({
      list: ({ headers }) =>
        refusal(401, { message: `no key ${String(headers.authorization)}, sk-te*****cdef` }),
    });
    const file = join(await folderWith({ key: `${key}\n` }), 'key');
    const result = await openedCheck(llm, { base_url: provider.url, api_key_file: file }).run();
    expect(result).toMatchObject({ status: 'critical', reason: 'auth' });
    expect(JSON.stringify(result)).not.toMatch(/0123456789|cdef/);
  });
});

test.skipIf(process.getuid?.() !== 0)(
  'a key that the agent may not read is unknown, with how to grant it',
  async () => {
    const file = join(await folderWith({ key }), 'key');
    await chmod(dirname(file), 0o755);
    await chmod(file, 0o600);
    const check = openedCheck(llm, { api_key_file: file });
    process.seteuid?.(65_534);
    const result = await check.run().finally(() => process.seteuid?.(0));
    expect(result).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(result.summary).toMatch(
      /: the user of the agent lacks the right to read .*: grant it with chgrp and chmod, or setfacl/,
    );
  },
);
