import { createServer, type ServerResponse } from 'node:http';
import { json as readJson } from 'node:stream/consumers';

/** How the provider treats whoever asks it. */
export type ProviderMood = 'well' | 'key refused' | 'no credit' | 'too many requests';

/** What a provider with an API like that of OpenAI says, by mood. */
const refusals: Readonly<Record<Exclude<ProviderMood, 'well'>, readonly [number, string]>> = {
  'key refused': [401, 'this key is not valid'],
  'no credit': [402, 'the credit of this account is used up'],
  'too many requests': [429, 'the rate limit was reached'],
};

/** Source: the settings that `gateway.ts` gives the gateway. */
export const providerPort = 18_999;

/** A provider of one model that says "pong", for as long as it is in the mood. */
export interface Provider extends AsyncDisposable {
  mood: ProviderMood;
  /** How often it was asked for an answer. */
  readonly asked: () => number;
}

export async function startProvider(): Promise<Provider> {
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/models') === true) {
      return send(response, 200, { object: 'list', data: [{ id: 'fake-model', object: 'model' }] });
    }
    asked += 1;
    if (provider.mood !== 'well') {
      const [status, message] = refusals[provider.mood];
      return send(response, status, { error: { message } });
    }
    return void readJson(request).then(
      (question) => answer(response, (question as { stream?: boolean }).stream === true),
      () => response.destroy(),
    );
  });
  const provider: Provider = {
    mood: 'well',
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.listen(providerPort, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return provider;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const usage = { prompt_tokens: 7, completion_tokens: 1, total_tokens: 8 };
const words = { role: 'assistant', content: 'pong' };

function answer(response: ServerResponse, isStream: boolean): void {
  const common = { id: 'answer', model: 'fake-model', created: 0, usage };
  if (!isStream) {
    const choices = [{ index: 0, finish_reason: 'stop', message: words }];
    return send(response, 200, { ...common, object: 'chat.completion', choices });
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const pieces = [
    { delta: words, finish_reason: null },
    { delta: {}, finish_reason: 'stop' },
  ];
  for (const piece of pieces) {
    const chunk = { ...common, object: 'chat.completion.chunk', choices: [{ index: 0, ...piece }] };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
  response.end('data: [DONE]\n\n');
  return undefined;
}
