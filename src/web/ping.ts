import { createHash, timingSafeEqual } from 'node:crypto';
import { pingBodyBytesMax } from '../model/limits.ts';
import type { Secret } from '../model/secret.ts';
import type { PingCaller, PingReport, WebCommands } from './commands.ts';
import { textResponse, type WebRequest, type WebResponse, type WebRoute } from './exchange.ts';

/**
 * Whether a caller may report to a heartbeat: with a configured token whoever knows it and nobody
 * else, without one whoever may change something at all. Throws when the token cannot be read.
 */
export function mayPing(token: Secret | undefined, caller: PingCaller): boolean {
  if (token === undefined) return caller.trusted;
  return caller.token !== undefined && sameText(token.reveal(), caller.token);
}

/** Compares in a time that tells nothing about where two texts differ. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Where jobs report: by GET as well, since that is what a line in a crontab does. */
export function pingRoutes(commands: WebCommands): readonly WebRoute[] {
  const handler = (request: WebRequest): Promise<WebResponse> => receive(commands, request);
  return ['/ping/:name', '/ping/:name/:report'].map((path) => ({
    path,
    get: handler,
    post: handler,
    judgesCallers: true,
  }));
}

async function receive(commands: WebCommands, request: WebRequest): Promise<WebResponse> {
  const report = readReport(request.parameters['report']);
  if (report === undefined) {
    return textResponse(404, 'A report is start, fail or an exit code from 0 to 255.');
  }
  const token = request.query.get('token') ?? bearer(request.headers.authorization);
  const caller: PingCaller = {
    trusted: request.changeRefusal === undefined,
    ...(token === undefined ? {} : { token }),
  };
  const output = await request.body(pingBodyBytesMax);
  const name = request.parameters['name'] ?? '';
  const answer = await commands.ping(
    name,
    { ...report, ...(output === '' ? {} : { output }) },
    caller,
  );
  if (answer === 'ok') return textResponse(200, 'OK');
  // Whoever may not report learns nothing about which names exist.
  if (answer === 'forbidden' || !caller.trusted) return forbidden();
  return textResponse(404, `No heartbeat is called ${name}.`);
}

function forbidden(): WebResponse {
  return textResponse(403, 'This heartbeat takes reports with its token, or from its own host.');
}

function readReport(word: string | undefined): PingReport | undefined {
  if (word === undefined) return { kind: 'success' };
  if (word === 'start' || word === 'fail') return { kind: word };
  const exitCode = /^\d{1,3}$/.test(word) ? Number(word) : Number.NaN;
  return exitCode <= 255 ? { kind: 'exit', exitCode } : undefined;
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1];
}
