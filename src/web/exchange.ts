import type { IncomingHttpHeaders } from 'node:http';

/** One request as the handlers see it: read, authenticated and judged. */
export interface WebRequest {
  readonly method: string;
  /** What stood in the place of `:name` in the path of the route, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Why this caller may not change anything; undefined when it may. */
  readonly changeRefusal: string | undefined;
  /** The body as text, cut after `bytesMax` bytes. Rejects with a `BodyTooLargeError`. */
  body(bytesMax: number): Promise<string>;
}

export interface WebResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler = (request: WebRequest) => WebResponse | Promise<WebResponse>;

/** A path, in which `:name` stands for any one segment, and what answers there. */
export interface WebRoute {
  readonly path: string;
  /** Answers HEAD as well. */
  readonly get?: Handler;
  /** Only reached by callers that may change something, unless `judgesCallers`. */
  readonly post?: Handler;
  /** As `post`. */
  readonly delete?: Handler;
  /** Answers every method, for paths at which nothing can be changed. */
  readonly any?: Handler;
  /** The handlers decide themselves who may do what, by `changeRefusal` and their own means. */
  readonly judgesCallers?: boolean;
}

export const htmlType = 'text/html; charset=utf-8';
export const textType = 'text/plain; charset=utf-8';
const jsonType = 'application/json; charset=utf-8';

/** A plain text of one or more lines; the last line break is added. */
export function textResponse(status: number, text: string): WebResponse {
  return { status, contentType: textType, body: text === '' ? '' : `${text}\n` };
}

/** An answer of the API: an object with the version of the API in front. */
export function jsonResponse(status: number, value: object): WebResponse {
  return {
    status,
    contentType: jsonType,
    body: `${JSON.stringify({ apiVersion: 1, ...value })}\n`,
  };
}
