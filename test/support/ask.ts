import { request as requestHttp, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly socketPath?: string;
  /** Options of the TLS client, for https. */
  readonly tls?: Readonly<Record<string, unknown>>;
}

/** One request on a connection of its own, with full say over the headers, as `fetch` does not give. */
export async function ask(url: string, question: Question = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { method = 'GET', headers = {}, body, socketPath, tls = {} } = question;
  const options: RequestOptions = {
    method,
    headers: { ...headers },
    agent: false,
    ...(socketPath === undefined ? {} : { socketPath }),
    ...tls,
  };
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  const request = send(url, options, (response) => {
    text(response)
      .then((body) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      )
      .catch(reject);
  });
  request.once('error', reject);
  request.end(body);
  return promise;
}
