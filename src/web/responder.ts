import type { ServerResponse } from 'node:http';
import type { WebResponse } from './exchange.ts';

/**
 * The page needs one style sheet, one script and one icon of its own and nothing else; everything
 * else, inline code included, is refused by the browser whatever a check's output contains.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const securityHeaders = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  // Not `no-referrer`: with it a browser hides where a form of our own comes from, and the guard refuses it.
  'Referrer-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Sends an answer with its length and the headers every answer has. Node leaves out a HEAD's body. */
export function respond(response: ServerResponse, answer: WebResponse): void {
  const body = Buffer.from(answer.body, 'utf8');
  response.writeHead(answer.status, {
    ...securityHeaders,
    'Cache-Control': 'no-store',
    'Content-Type': answer.contentType,
    'Content-Length': body.length,
    ...answer.headers,
  });
  response.end(body);
}
