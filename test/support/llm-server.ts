import type { IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import { startHttpServer } from './http-server.ts';

interface LlmAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly text?: string;
  /** Never answers. */
  readonly hangs?: true;
}

export interface LlmRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
}

/** Stands in for a provider: lists models, and answers calls as the test says at the moment. */
export async function startLlm(given: {
  readonly list?: (request: LlmRequest) => LlmAnswer;
  readonly call?: (request: LlmRequest) => LlmAnswer;
}) {
  const answers = {
    list: () => modelList('small', 'large'),
    call: () => stream('openai'),
    ...given,
  };
  const requests: LlmRequest[] = [];
  const server = await startHttpServer((incoming, response) => {
    let text = '';
    incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      };
      requests.push(request);
      const answer = request.method === 'POST' ? answers.call(request) : answers.list(request);
      if (answer.hangs) return;
      response.writeHead(answer.status ?? 200, answer.headers);
      response.end(answer.text ?? JSON.stringify(answer.json));
    });
  });
  onTestFinished(async () => server[Symbol.asyncDispose]());
  return {
    url: server.url,
    requests,
    calls: () => requests.filter(({ method }) => method === 'POST').length,
    /** From now on it answers so. */
    now: (next: Partial<typeof answers>) => void Object.assign(answers, next),
  };
}

export function modelList(...names: readonly string[]): LlmAnswer {
  return { json: { object: 'list', data: names.map((id) => ({ id, object: 'model' })) } };
}

export function refusal(status: number, error: object | string, headers = {}): LlmAnswer {
  return { status, headers, json: { error } };
}

/** One token, as each API streams it. */
export function stream(kind: 'openai' | 'anthropic'): LlmAnswer {
  const events =
    kind === 'openai'
      ? [
          '{"choices":[{"delta":{"role":"assistant","content":""}}]}',
          '{"choices":[{"delta":{"content":"Hello"}}]}',
          '[DONE]',
        ]
      : ['{"type":"message_start"}', '{"type":"content_block_delta","delta":{"text":"Hello"}}'];
  return { text: events.map((event) => `data: ${event}\n\n`).join('') };
}
