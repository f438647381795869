/** What a header name, a method or a scheme of authorization consists of. */
export const headerToken = /^[\w!#$%&'*+.^`|~-]+$/;

/** What HTTP allows as a value: no control characters, as a line break would begin a header of its own. */
// oxlint-disable-next-line no-control-regex -- control characters are what it keeps out
export const headerText = /^[^\0-\x08\x0a-\x1f\x7f]*$/;

/** A header value as Node wants it for the wire: UTF-8, one character a byte. */
export function toWire(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}
