import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as v from 'valibot';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Gate } from '../../../../src/checks/net/gate.ts';
import { httpBlock, type HttpOptions } from '../../../../src/checks/net/http/http-options.ts';
import { probeHttp } from '../../../../src/checks/net/http/http-probe.ts';
import type { ProbeContext, ProbeOutcome } from '../../../../src/checks/net/probe.ts';
import { systemClock, type Clock } from '../../../../src/lib/clock.ts';
import { closedGate } from '../../../support/closed-gate.ts';
import { startHttpServer, startHttpsServer } from '../../../support/http-server.ts';
import { metric, phasesIn, probeContext } from '../../../support/probe-context.ts';
import { runHttp } from '../../../support/probe-http.ts';
import { startProxy } from '../../../support/proxy-server.ts';
import { closedPort } from '../../../support/tcp-server.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createAuthority } from '../../../support/tls-authority.ts';

interface Asked {
  readonly authorization: string | undefined;
  readonly form: Record<string, string>;
}

/** A server of tokens: each answer is the next one of the list, the last one again and again. */
function tokenServer(...answers: readonly { readonly status?: number; readonly body: string }[]) {
  const asked: Asked[] = [];
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    const { status = 200, body = '' } = answers[asked.length] ?? answers.at(-1) ?? {};
    asked.push({ authorization: request.headers.authorization, form });
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
  };
  return {
    asked,
    listener: (request: IncomingMessage, response: ServerResponse) =>
      void listener(request, response),
  };
}

const token = (life?: number): { body: string } => ({
  body: JSON.stringify({
    access_token: 'abc',
    token_type: 'bearer',
    ...(life ? { expires_in: life } : {}),
  }),
});

/** A target that remembers who asked, and says 401 where it is told to. */
async function startTarget(status: () => number = () => 200) {
  const seen: (string | undefined)[] = [];
  const server = await startHttpServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(status()).end('hello');
  });
  return { ...server, seen };
}

async function probe(
  url: string,
  options: HttpOptions,
  changed: Partial<ProbeContext> = {},
): Promise<ProbeOutcome> {
  using context = probeContext();
  return await probeHttp(url, options, { ...context, ...changed });
}

const client = { client_id: 'me you', client_secret: 's:t&' };

test('a token is asked for by name and secret, and sent to the target', async () => {
  const { asked, listener } = tokenServer(token());
  await using tokens = await startHttpServer(listener);
  await using target = await startTarget();
  const outcome = await runHttp(target.url, {
    oauth2: {
      ...client,
      token_url: `${tokens.url}/token?x=1`,
      scopes: ['a', 'b'],
      endpoint_params: { resource: 'r r' },
    },
  });
  expect(outcome.status).toBe('ok');
  expect(target.seen).toEqual(['Bearer abc']);
  expect(asked).toEqual([
    {
      authorization: `Basic ${btoa('me+you:s%3At%26')}`,
      form: { grant_type: 'client_credentials', scope: 'a b', resource: 'r r' },
    },
  ]);
  expect(JSON.stringify(outcome)).not.toMatch(/abc|s:t&/);
});

test('a server that knows no Basic gets name and secret in the form', async () => {
  const { asked, listener } = tokenServer({ status: 401, body: 'no' }, token());
  await using tokens = await startHttpServer(listener);
  await using target = await startTarget();
  const oauth2 = { ...client, token_url: tokens.url };
  expect((await runHttp(target.url, { oauth2 })).status).toBe('ok');
  expect(asked[1]).toEqual({
    authorization: undefined,
    form: { grant_type: 'client_credentials', client_id: 'me you', client_secret: 's:t&' },
  });
});

describe('a token that lives on', () => {
  test.each([
    ['is used again', 3600, 1],
    ['is not used shortly before its end', 5, 2],
    ['is not used again if nobody says how long it lives', undefined, 2],
  ])('%s', async (_what, life, count) => {
    const { asked, listener } = tokenServer(token(life));
    await using tokens = await startHttpServer(listener);
    await using target = await startTarget();
    const options = v.parse(httpBlock, { oauth2: { ...client, token_url: tokens.url } });
    await probe(target.url, options);
    await probe(target.url, options);
    expect(target.seen).toEqual(['Bearer abc', 'Bearer abc']);
    expect(asked).toHaveLength(count);
  });

  test('is asked for anew shortly before its end', async () => {
    const { asked, listener } = tokenServer(token(60));
    await using tokens = await startHttpServer(listener);
    await using target = await startTarget();
    const options = v.parse(httpBlock, { oauth2: { ...client, token_url: tokens.url } });
    const clock = systemClock();
    const later = (ms: number): Clock => ({
      ...clock,
      now() {
        const { wallMs, steadyMs } = clock.now();
        return { wallMs, steadyMs: (steadyMs + ms) as typeof steadyMs };
      },
    });
    await probe(target.url, options);
    await probe(target.url, options, { clock: later(40_000) });
    expect(asked).toHaveLength(1);
    await probe(target.url, options, { clock: later(51_000) });
    expect(asked).toHaveLength(2);
  });

  test('is forgotten once the target does not take it, or the secret is another', async () => {
    const { asked, listener } = tokenServer(token(3600));
    await using tokens = await startHttpServer(listener);
    let status = 401;
    await using target = await startTarget(() => status);
    const file = join(temporaryFolder(), 'secret');
    writeFileSync(file, 'first\n');
    const oauth2 = { client_id: 'me', client_secret_file: file, token_url: tokens.url };
    const options = v.parse(httpBlock, { oauth2 });
    expect((await probe(target.url, options)).reason).toBe('auth');
    status = 200;
    await probe(target.url, options);
    await probe(target.url, options);
    expect(asked).toHaveLength(2);
    writeFileSync(file, 'second\n');
    await probe(target.url, options);
    expect(asked.map(({ authorization }) => authorization)).toEqual([
      `Basic ${btoa('me:first')}`,
      `Basic ${btoa('me:first')}`,
      `Basic ${btoa('me:second')}`,
    ]);
  });
});

describe('the way to the token', () => {
  test('is open though the gate is closed to where it leads', async () => {
    const { asked, listener } = tokenServer(token());
    await using tokens = await startHttpServer(listener, '127.0.0.2');
    await using target = await startTarget();
    const gate: Gate = {
      ...closedGate,
      refusal: (_host, { ip }) => (ip === '127.0.0.2' ? 'not there' : undefined),
    };
    const oauth2 = { ...client, token_url: tokens.url };
    expect((await runHttp(target.url, { oauth2 }, { gate })).status).toBe('ok');
    expect((await runHttp(tokens.url, {}, { gate })).reason).toBe('permission');
    expect(asked).toHaveLength(1);
  });

  test('has its own TLS, its own proxy and no gate', async () => {
    const authority = createAuthority();
    onTestFinished(() => authority[Symbol.dispose]());
    const { asked, listener } = tokenServer(token());
    await using tokens = await startHttpsServer(authority.issue(), listener);
    await using target = await startTarget();
    await using proxy = await startProxy();
    const own = { ...client, token_url: tokens.url };
    expect((await runHttp(target.url, { oauth2: own })).reason).toBe('tls');
    const oauth2 = { ...own, tls_config: { ca: authority.ca }, proxy_url: proxy.url };
    const gate = { ...closedGate, refusal: () => undefined };
    const outcome = await runHttp(target.url, { oauth2 }, { gate });
    expect(outcome.status).toBe('ok');
    expect(asked).toHaveLength(1);
    expect(proxy.asked.map(({ method }) => method)).toEqual(['CONNECT']);
    // The certificate of the server of tokens is not the target's.
    expect(outcome.families.map(({ name }) => name)).not.toContain('probe_certificate_info');
  });

  test.each([
    [
      'a refusal',
      { status: 403, body: 'no' },
      /^no token for the request: HTTP 403 from http.*2xx$/,
    ],
    ['no JSON', { body: '<html>' }, /holds no access_token/],
    ['no token', { body: '{"access_token":""}' }, /holds no access_token/],
    ['a token with a line break', { body: '{"access_token":"a\\r\\nb"}' }, /holds no access_token/],
    ['a token of the prototype', { body: '{"__proto__":{"access_token":"x"}}' }, /no access_token/],
  ])('that ends with %s is a matter of credentials', async (_what, answer, sentence) => {
    const { listener } = tokenServer(answer);
    await using tokens = await startHttpServer(listener);
    await using target = await startTarget();
    const oauth2 = { ...client, token_url: tokens.url };
    const outcome = await runHttp(target.url, { oauth2 });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'auth' });
    expect(outcome.summary).toMatch(sentence);
    expect(target.seen).toEqual([]);
    expect(metric(outcome, 'probe_http_status_code')).toBe(0);
    const phases = phasesIn(outcome, 'probe_http_duration_seconds');
    expect(phases).toEqual(['resolve', 'connect', 'tls', 'processing', 'transfer']);
    expect(outcome.phases.slice(1).map(({ ms }) => ms)).toEqual([0, 0, 0, 0]);
  });

  test('that leads nowhere says so', async () => {
    await using target = await startTarget();
    const oauth2 = { ...client, token_url: `http://127.0.0.1:${await closedPort()}/` };
    const outcome = await runHttp(target.url, { oauth2 });
    expect(outcome.reason).toBe('connect');
    expect(outcome.summary).toMatch(/^no token from http:.*refused$/);
  });

  test('ends at the deadline of the probe', async () => {
    await using tokens = await startHttpServer(() => {});
    await using target = await startTarget();
    const oauth2 = { ...client, token_url: tokens.url };
    const outcome = await runHttp(target.url, { oauth2 }, 300);
    expect(outcome.reason).toBe('timeout');
    expect(outcome.summary).toMatch(/^no token from http/);
  });
});
