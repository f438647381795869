import { connect } from 'node:net';
import { formatHostPort } from '../../checks/net/host-port.ts';
import type { Clock } from '../../lib/clock.ts';
import { spokenAnswerMs, spokenBytesMax } from '../../model/command-limits.ts';

/** What answers on a port, as far as a few harmless words can tell. */
export type Spoken =
  | { readonly kind: 'http'; readonly path: string; readonly status: number }
  | { readonly kind: Plainly }
  | { readonly kind: 'closed' };

/** What needs no more words. */
type Plainly = 'tls' | 'caddy' | 'redis' | 'postgres' | 'smtp' | 'ssh' | 'silent';

interface Place {
  readonly host: string;
  readonly port: number;
}

/** Where services tell how they are; the first that answers with 200 is taken, else the root. */
const healthPaths = ['/health', '/healthz', '/-/healthy', '/'];

/** How PostgreSQL is asked whether it speaks TLS: `S` or `N` is its answer, and nobody else's. */
const postgresQuestion = Buffer.from('0000000804d2162f', 'hex');

/**
 * Finds out what listens there: first by waiting for a greeting, then by a request of HTTP/1.0, which Redis
 * refuses in its own words, then as PostgreSQL is asked, then as a client of TLS. What is likely PostgreSQL
 * is asked its own question first, since it writes anything else into its log. `program` is the name of the
 * one that listens, if it may be seen.
 */
export async function whatSpeaks(
  place: Place,
  program: string | undefined,
  clock: Clock,
): Promise<Spoken> {
  const mayBePostgres = program === 'postgres' || place.port === 5432;
  if (mayBePostgres && (await isPostgres(place, clock))) return { kind: 'postgres' };
  const first = await ask(place, 'GET / HTTP/1.0\r\n\r\n', clock, greetingMs);
  if (first === undefined) return { kind: 'closed' };
  if (/^220[ -].*smtp/i.test(first)) return { kind: 'smtp' };
  if (first.startsWith('SSH-')) return { kind: 'ssh' };
  if (/^-(?:ERR|NOAUTH|DENIED)/.test(first)) return { kind: 'redis' };
  const status = statusOf(first);
  if (status === 400 && /https/i.test(first)) return { kind: 'tls' };
  if (status !== undefined) {
    const mayBeCaddy = program === 'caddy' || place.port === 2019;
    if (mayBeCaddy && (await isCaddyAdmin(place, clock))) return { kind: 'caddy' };
    return healthOf(place, status, clock);
  }
  if (await isPostgres(place, clock)) return { kind: 'postgres' };
  return (await isTls(place, clock)) ? { kind: 'tls' } : { kind: 'silent' };
}

/** How long a server that speaks first is waited for. */
const greetingMs = 150;

async function healthOf(place: Place, rootStatus: number, clock: Clock): Promise<Spoken> {
  for (const path of healthPaths) {
    const answer = await ask(place, requestFor(path, place), clock);
    if (statusOf(answer ?? '') === 200) return { kind: 'http', path, status: 200 };
  }
  return { kind: 'http', path: '/', status: rootStatus };
}

/** The admin API tells of its upstreams, as a list even where there is none. Source: Caddy, "API". */
async function isCaddyAdmin(place: Place, clock: Clock): Promise<boolean> {
  const answer = await ask(place, requestFor('/reverse_proxy/upstreams', place), clock);
  return statusOf(answer ?? '') === 200 && /^content-type: application\/json/im.test(answer ?? '');
}

function requestFor(path: string, { host, port }: Place): string {
  return `GET ${path} HTTP/1.0\r\nHost: ${formatHostPort(host, port)}\r\n\r\n`;
}

function statusOf(answer: string): number | undefined {
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(answer) ?? [];
  return status === undefined ? undefined : Number(status);
}

async function isPostgres(place: Place, clock: Clock): Promise<boolean> {
  const answer = await ask(place, postgresQuestion, clock);
  return answer === 'S' || answer === 'N';
}

/** A client hello of TLS 1.2 without a server name; whoever speaks TLS answers with a record of it. */
const clientHello = Buffer.from(
  `1603010035010000310303${'74'.repeat(32)}000004c02fc0300100000400000000`,
  'hex',
);

async function isTls(place: Place, clock: Clock): Promise<boolean> {
  const answer = await ask(place, clientHello, clock);
  const [kind, version] = Buffer.from(answer ?? '', 'latin1');
  // An alert or a handshake, of version 3: TLS counts on from SSL.
  return (kind === 0x15 || kind === 0x16) && version === 3;
}

/**
 * Connects, says this after waiting for a greeting that long, and gives the beginning of what comes back;
 * undefined when there is no connection.
 */
async function ask(
  { host, port }: Place,
  words: string | Buffer,
  clock: Clock,
  waitMs = 0,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host, port });
  let heard: string | undefined;
  const give = (): void => resolve(heard);
  const cancelEnd = clock.after(spokenAnswerMs, give);
  let cancelSpeaking = (): void => undefined;
  socket.setEncoding('latin1');
  socket.on('connect', () => {
    heard = '';
    cancelSpeaking = clock.after(waitMs, () => heard === '' && socket.write(words));
  });
  socket.on('data', (text: Buffer | string) => {
    heard = `${heard ?? ''}${text.toString()}`;
    // The status line, a greeting, one byte: all that is judged comes at once.
    if (heard.length > 0) give();
    if (heard.length > spokenBytesMax) socket.destroy();
  });
  socket.on('error', give).on('close', give);
  const answer = await promise;
  cancelEnd();
  cancelSpeaking();
  socket.destroy();
  return answer;
}
