/** Headers as they stand on the wire: name, value, name, value, …; repeated ones stay apart. */
export type RawHeaders = readonly string[];

/** The text of a header value as Node gives it, which takes the bytes of UTF-8 for Latin-1. */
export function fromWire(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

/** Every value of one header, whatever the case of its name. */
export function headerValues(headers: RawHeaders, name: string): string[] {
  const wanted = name.toLowerCase();
  const values: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === wanted) values.push(headers[at + 1] ?? '');
  }
  return values;
}

export function headerValue(headers: RawHeaders, name: string): string | undefined {
  return headerValues(headers, name)[0];
}

/** What of a response tells how long its body will be. */
interface ReplyHead {
  readonly status: number;
  readonly version: number;
  readonly headers: RawHeaders;
  /** HTTP/2 said with the head that nothing follows. */
  readonly endsWithHead?: boolean;
}

/**
 * The length of a body as its head announces it; -1 if only the end of the body will tell. Answers that
 * never have a body count as 0, except those to HEAD, which announce what GET would bring.
 */
export function announcedLength(reply: ReplyHead, method: string): number {
  const { status, version, headers, endsWithHead } = reply;
  const length = headerValue(headers, 'content-length');
  if (version < 2) {
    if (method !== 'HEAD' && (status === 204 || status === 304)) return 0;
    if (headerValue(headers, 'transfer-encoding') !== undefined) return -1;
  }
  if (length !== undefined) return Number(length);
  return endsWithHead === true && method !== 'HEAD' ? 0 : -1;
}

const httpDate =
  /^(?:\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT|\w{6,9}, \d{2}-\w{3}-\d{2} [\d:]{8} GMT|\w{3} \w{3} [ \d]\d [\d:]{8} \d{4})$/;

/** An HTTP date (RFC 9110, 5.6.7) as Unix seconds; undefined for anything else. */
export function parseHttpDate(date: string): number | undefined {
  if (!httpDate.test(date)) return undefined;
  const ms = Date.parse(date.endsWith('GMT') ? date : `${date} GMT`);
  // The 31st of February would be taken for the 3rd of March.
  const day = Number(/(\d{2})[ -]\w{3}[ -]/.exec(date)?.[1] ?? date.slice(8, 10));
  return new Date(ms).getUTCDate() === day ? ms / 1000 : undefined;
}
