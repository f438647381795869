import type { WebRequest, WebResponse } from './exchange.ts';

/** Any JSON, as Alertmanager answers. */
export function plainJson(status: number, value: unknown): WebResponse {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/** What Alertmanager answers when a request cannot even be read. `code` is the status or a finer one. */
export function codeAnswer(status: number, code: number, message: string): WebResponse {
  return plainJson(status, { code, message });
}

/** Success, of which there is nothing to say. */
export const done: WebResponse = { status: 200, contentType: 'application/json', body: '' };

/** Either what was read, or the answer that says why nothing could be. */
export type Read<Value> = { readonly value: Value } | { readonly answer: WebResponse };

/** Reads the body of a request, which has to be JSON and to say so. */
export async function jsonBody(
  request: WebRequest,
  bytesMax: number,
  what: string,
): Promise<Read<unknown>> {
  const given = request.headers['content-type']?.split(';', 1)[0]?.trim() ?? '';
  if (given.toLowerCase() !== 'application/json') {
    const shown = JSON.stringify(given === '' ? 'application/octet-stream' : given);
    const message = `unsupported media type ${shown}, only [application/json] are allowed`;
    return { answer: codeAnswer(415, 415, message) };
  }
  const text = await request.body(bytesMax);
  if (text.trim() === '') return { answer: codeAnswer(422, 602, `${what} in body is required`) };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { answer: unreadable(what, error instanceof Error ? error.message : String(error)) };
  }
}

/** The body is JSON, but of another shape. */
export function unreadable(what: string, why: string): WebResponse {
  return codeAnswer(400, 400, `parsing ${what} body from "" failed, because ${why}`);
}

/** A date of RFC 3339; also the zero time, by which Go means that there is none. */
const dateForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** Unix milliseconds of a date; undefined when there is none, NaN when it cannot be read. */
export function dateOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string' || !dateForm.test(value)) return Number.NaN;
  return value.startsWith('0001-01-01T00:00:00') ? undefined : Date.parse(value);
}
