import * as v from 'valibot';
import { nonEmptyText, secret, text } from '../../../lib/schema-atoms.ts';
import { revealed } from '../../../lib/http-secret.ts';
import type { Secret } from '../../../model/secret.ts';
import { unreadable, type Failure } from '../failure.ts';
import { headerText, headerToken, toWire } from '../../../lib/header-text.ts';

const oneLine = v.pipe(
  text,
  v.check((value) => headerText.test(value), 'a header value on one line'),
);

/** Where the values of one header come from. */
interface HeaderSource {
  readonly values: readonly string[];
  readonly secrets: readonly Secret[];
  readonly files: readonly string[];
}

const source = v.pipe(
  v.union(
    [
      oneLine,
      v.strictObject({
        values: v.optional(v.array(oneLine, 'a list of texts'), []),
        secrets: v.optional(v.array(secret, 'a list of secrets'), []),
        files: v.optional(v.array(nonEmptyText, 'a list of files'), []),
      }),
    ],
    'a map of values, secrets and files, or one text',
  ),
  v.transform((written): HeaderSource =>
    typeof written === 'string' ? { values: [written], secrets: [], files: [] } : written,
  ),
);

/** Names of headers to the sources of their values, in the notation of Prometheus. */
export const headerSources = v.record(
  v.pipe(text, v.regex(headerToken, 'a header name')),
  source,
  'a map of header names to {values, secrets, files}',
);

export type HeaderSources = v.InferOutput<typeof headerSources>;

/** Headers that an HTTP client sets itself, or that have an option of their own. */
const reserved = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'user-agent',
  'www-authenticate',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
  'x-prometheus-remote-read-version',
  'x-prometheus-remote-write-version',
  'x-prometheus-scrape-timeout-seconds',
]);

/** `http_headers`: the same without the names that Prometheus' HTTP client keeps for itself. */
export const httpHeaderSources = v.pipe(
  headerSources,
  v.check(
    (sources) => Object.keys(sources).every((name) => !reserved.has(name.toLowerCase())),
    'no header that has an option of its own, such as Authorization, Host or Content-Type',
  ),
);

/**
 * Every value of every header, in the order written; of one header the values, then the secrets, then the
 * files, which are read anew and trimmed. Values are for the wire (UTF-8, one character a byte) and may be
 * secret. Fails if a file cannot be read, or holds what no header can.
 */
export async function readHeaderSources(
  sources: HeaderSources,
): Promise<(readonly [name: string, value: string])[] | Failure> {
  const read: (readonly [string, string])[] = [];
  for (const [name, { values, secrets, files }] of Object.entries(sources)) {
    try {
      const hidden = secrets.map((value) => value.reveal());
      const filed = await Promise.all(files.map((file) => revealed(undefined, file)));
      const all = [...values, ...hidden, ...filed];
      if (!all.every((value) => headerText.test(value))) return notOneLine(name);
      read.push(...all.map((value) => [name, toWire(value)] as const));
    } catch (error) {
      return unreadable(error, `a value of the header ${name}`);
    }
  }
  return read;
}

function notOneLine(name: string): Failure {
  return {
    reason: 'header',
    summary: `a value of the header ${name} is not one line of text`,
    unknown: true,
  };
}
