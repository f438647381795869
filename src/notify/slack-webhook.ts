import type { IncomingWebhookDefaultArguments } from '@slack/webhook';
import { attemptTimeoutMs, type HttpConfig } from './http-config.ts';
import type { HttpResult } from './http-exchange.ts';
import { httpPost, type PostAnswer } from './http-post.ts';
import type { SendContext } from './integration.ts';

/**
 * Posts through Slack's own client, whose requests are made by `httpPost`: that keeps the answer as it
 * was, names the phase of a failure, and loads no second HTTP stack.
 */
export async function postToWebhook(
  url: string,
  message: object,
  {
    http_config: http,
    timeout,
  }: { readonly http_config: HttpConfig; readonly timeout?: number | undefined },
  context: SendContext,
): Promise<HttpResult<PostAnswer>> {
  const { signal } = context;
  const timeoutMs = attemptTimeoutMs(timeout, context.timeoutMs);
  const { IncomingWebhook } = await import('@slack/webhook');
  let result: HttpResult<PostAnswer> | undefined;
  const webhook = new IncomingWebhook(url, {
    async fetch(_url, init) {
      const headers = { 'user-agent': context.userAgent };
      const body = typeof init?.body === 'string' ? init.body : '';
      result = await httpPost({ url, headers, body, timeoutMs, signal, http });
      if (!result.ok) throw new Error(result.outcome.detail);
      return asFetchResponse(url, result.answer);
    },
  });
  try {
    await webhook.send(message);
  } catch (error) {
    // The client throws for every answer but 2xx; what it was is in the result.
    if (result === undefined) throw error;
  }
  if (result === undefined) throw new Error('the Slack client made no request');
  return result;
}

type FetchResponse = Awaited<ReturnType<NonNullable<IncomingWebhookDefaultArguments['fetch']>>>;

function asFetchResponse(url: string, answer: PostAnswer): FetchResponse {
  const headers = new Map(
    Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
  );
  const bytes = (): Uint8Array<ArrayBuffer> => new TextEncoder().encode(answer.body);
  return {
    ok: answer.status >= 200 && answer.status < 300,
    status: answer.status,
    statusText: '',
    url,
    headers: { get: (name) => headers.get(name.toLowerCase()) ?? null, entries: () => headers },
    arrayBuffer: () => Promise.resolve(bytes().buffer),
    json: () => Promise.resolve(JSON.parse(answer.body) as unknown),
    text: () => Promise.resolve(answer.body),
  };
}
