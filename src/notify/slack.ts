import type { IncomingWebhookDefaultArguments, IncomingWebhookSendArguments } from '@slack/webhook';
import * as v from 'valibot';
import { secret } from '../lib/schema-atoms.ts';
import type { Outcome, SendFailure } from '../model/delivery.ts';
import { classifyAnswer, describeAnswer } from './classify.ts';
import { attemptTimeoutMs, httpEntries, type HttpConfig } from './http-config.ts';
import type { HttpResult } from './http-exchange.ts';
import { httpPost, type PostAnswer } from './http-post.ts';
import { integration, type SendContext } from './integration.ts';
import { urlSecrets } from './mask.ts';
import { plainText } from './plain-text.ts';
import { exactlyOneOf, revealSecret } from './secret-source.ts';
import { slackMessage } from './slack-blocks.ts';

/** The keys of `slack_configs` that an incoming webhook understands. */
const entries = {
  api_url: v.optional(secret),
  api_url_file: v.optional(plainText),
  channel: v.optional(plainText),
  username: v.optional(plainText),
  icon_emoji: v.optional(plainText),
  icon_url: v.optional(plainText),
  ...httpEntries,
};

/** Slack, through an incoming webhook. */
export const slack = integration({
  entries,
  refuse: (options) => exactlyOneOf('api_url', options.api_url, options.api_url_file),
  sendResolvedDefault: false,
  async send(delivery, options, context) {
    const revealed = await revealSecret(options.api_url, options.api_url_file);
    if (!revealed.ok) return revealed.outcome;
    const { channel, username, icon_emoji, icon_url } = options;
    const look = {
      ...(channel === undefined ? {} : { channel }),
      ...(username === undefined ? {} : { username }),
      ...(icon_emoji === undefined ? {} : { icon_emoji }),
      ...(icon_url === undefined ? {} : { icon_url }),
    };
    const message = slackMessage(delivery, context.externalURL);
    const result = await post(revealed.value, { ...look, ...message }, options, context);
    return result.ok ? judge(result.answer, urlSecrets(revealed.value)) : result.outcome;
  },
});

/**
 * Posts through Slack's own client, whose requests are made by `httpPost`: that keeps the answer as it
 * was, names the phase of a failure, and loads no second HTTP stack.
 */
async function post(
  url: string,
  message: IncomingWebhookSendArguments,
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

/** Errors that Slack has been seen to report with status 200, and that no repetition will cure. */
const permanentErrors: Readonly<Record<string, SendFailure>> = {
  invalid_payload: 'client_error',
  invalid_blocks: 'client_error',
  invalid_attachments: 'client_error',
  no_text: 'client_error',
  channel_not_found: 'not_found',
  channel_is_archived: 'not_found',
  no_service: 'not_found',
  no_team: 'not_found',
  action_prohibited: 'auth',
  invalid_token: 'auth',
};

/** Slack has taken a message only if it says so: status 200 is not enough. */
function judge(answer: PostAnswer, secrets: readonly string[]): Outcome {
  const outcome = classifyAnswer(answer, secrets);
  const said = answer.body.trim();
  if (outcome.kind !== 'delivered') return outcome;
  if (said === 'ok' || /^\{\s*"ok"\s*:\s*true\b/.test(said))
    return { kind: 'delivered', detail: 'ok' };
  const reason = permanentErrors[said];
  const detail = describeAnswer(answer, secrets);
  return reason === undefined
    ? { kind: 'passing', reason: 'protocol', detail }
    : { kind: 'permanent', reason, detail };
}
