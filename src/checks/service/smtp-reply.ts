import { excerpt } from '../net/record.ts';

/** One reply of a mail server: a code and its lines, without the code in front of them (RFC 5321, 4.2). */
export interface SmtpReply {
  readonly code: number;
  readonly lines: readonly string[];
  /** The enhanced status code, such as `5.1.1`; empty where there is none (RFC 3463). */
  readonly enhanced: string;
}

const replyLine = /^([2-5]\d\d)(?:([ -])(.*))?$/;

/** A line of a reply, and whether it is the last one; undefined for what no mail server says. */
export function parseReplyLine(
  line: string,
): { readonly code: number; readonly text: string; readonly isLast: boolean } | undefined {
  const [, code, separator, text = ''] = replyLine.exec(line) ?? [];
  return code === undefined
    ? undefined
    : { code: Number(code), text: text.trimEnd(), isLast: separator !== '-' };
}

export function replyOf(code: number, lines: readonly string[]): SmtpReply {
  const enhanced = /^[245]\.\d{1,3}\.\d{1,3}(?=\s|$)/.exec(lines.at(-1) ?? '')?.[0] ?? '';
  return { code, lines, enhanced };
}

export function isDone({ code }: SmtpReply): boolean {
  return code >= 200 && code < 300;
}

/** It may be otherwise in a moment, and whoever has a message tries again. */
export function isPassing({ code }: SmtpReply): boolean {
  return code >= 400 && code < 500;
}

/** Refused because of who asks or how, not for what was asked (RFC 3463, X.7.X; 530 by RFC 4954 and 3207). */
export function isPolicy({ code, enhanced }: SmtpReply): boolean {
  return code === 530 || /^[45]\.7\./.test(enhanced);
}

/** The server itself is in trouble: it closes, has no room or cannot get something done (X.3.X). */
export function isServerTrouble({ code, enhanced }: SmtpReply): boolean {
  return code === 421 || code === 452 || enhanced.startsWith('4.3.');
}

/** As people read it, on one line and not for ever. */
export function quoteReply({ code, lines }: SmtpReply): string {
  return excerpt(`${code} ${lines.join(' ')}`);
}

/** The extensions of an answer to EHLO, by their keyword in capitals, each with its parameters. */
export function extensionsOf({ lines }: SmtpReply): ReadonlyMap<string, string> {
  return new Map(
    lines.slice(1).map((line) => {
      // As in AUTH=PLAIN of servers that are older than the standard.
      const [, keyword = '', parameters = ''] = /^([^\s=]+)[\s=]*(.*)$/.exec(line.trim()) ?? [];
      return [keyword.toUpperCase(), parameters.toUpperCase()];
    }),
  );
}
