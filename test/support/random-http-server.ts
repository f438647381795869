import { createServer, type Socket } from 'node:net';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createTlsServer } from 'node:tls';
import type { SecureVersion, TlsOptions } from 'node:tls';
import type { CertificateKind, Certificates } from './random-certificates.ts';
import type { RandomServer } from './random-case.ts';
import { listen, type TestServer } from './tcp-server.ts';

/** One answer; the path of a request ends in its number. */
export interface HttpAnswer {
  readonly version: '1.0' | '1.1';
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly framing: 'length' | 'chunked' | 'close';
  readonly body: Buffer;
  /** Bytes of the body after which the connection ends. */
  readonly cutBytes: number | undefined;
  /** Whether the connection stays open behind the answer. */
  readonly isKept: boolean;
  readonly delayMs: number;
  readonly fault?:
    | 'end'
    | 'reset'
    | 'garbage'
    | 'hang'
    | 'late body'
    | 'early hints'
    | 'bad header'
    | 'no length'
    | undefined;
}

export interface HttpScript {
  readonly tls:
    | { readonly certificate: CertificateKind; readonly version: SecureVersion | undefined }
    | undefined;
  /** The certificate of a second server, over TLS where the first is plain; plain if it is not. */
  readonly other: CertificateKind | undefined;
  /** Whether a server over TLS speaks HTTP/2. */
  readonly isHttp2: boolean;
  readonly answers: readonly HttpAnswer[];
}

/** A request as two programs must send it alike. */
type Seen = readonly [line: string, ...headers: string[]];

interface Stage {
  readonly script: HttpScript;
  readonly seen: Seen[];
  /** Every request goes to the same address, and calls it so. */
  readonly isOneHost: boolean;
  /** Fills in what a Location could not know. */
  readonly place: (text: string) => string;
}

/** Starts the servers of a script, all on 127.0.0.1. */
export async function startRandomHttp(
  script: HttpScript,
  certificates: Certificates,
  first: { readonly host: string; readonly path: string; readonly hasScheme: boolean },
): Promise<RandomServer> {
  const seen: Seen[] = [];
  let fill = (text: string): string => text;
  const isOneHost =
    first.host === '127.0.0.1' &&
    !script.answers.some(({ headers }) =>
      headers.some(([, value]) => /%(?:LOCALHOST|OTHER)%/.test(value)),
    );
  const stage: Stage = { script, seen, isOneHost, place: (text) => fill(text) };
  const { tls } = script;
  const main = await startOne(
    stage,
    tls && { ...certificates.of(tls.certificate), ...versions(tls.version) },
  );
  const isOtherTls = tls === undefined && script.other !== undefined;
  const other = await startOne(stage, isOtherTls ? certificates.of(script.other) : undefined);
  const scheme = tls === undefined ? 'http' : 'https';
  // After a lookup 0.23.0 takes the address for the host, also for the name that a certificate must have.
  const isNamed = !first.host.endsWith('127.0.0.1');
  const here =
    tls === undefined
      ? /^(?:%OTHER%|\/\/%HOSTPORT%)/
      : /^(?:%(?:SAME|LOCALHOST|OTHER)%|\/\/%HOSTPORT%)/;
  fill = (text) =>
    (isNamed ? text.replace(here, '') : text)
      .replace('%SAME%', `${scheme}://127.0.0.1:${main.port}`)
      .replace('%LOCALHOST%', `${scheme}://localhost:${main.port}`)
      .replace('%OTHER%', `${isOtherTls ? 'https' : 'http'}://localhost:${other.port}`)
      .replace('%HOSTPORT%', `127.0.0.1:${main.port}`);
  const { host, path, hasScheme } = first;
  return {
    target: `${hasScheme ? `${scheme}://` : ''}${host}:${main.port}${path}`,
    seen: async () => seen.splice(0),
    async [Symbol.asyncDispose]() {
      await main[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    },
  };
}

function versions(version: SecureVersion | undefined): TlsOptions {
  return version === undefined ? {} : { minVersion: version, maxVersion: version };
}

async function startOne(stage: Stage, tls: TlsOptions | undefined): Promise<TestServer> {
  const serve = (socket: Socket): void => converse(stage, socket);
  if (tls === undefined) return listen(createServer(serve));
  if (!stage.script.isHttp2) {
    const server = createTlsServer({ ...tls, ALPNProtocols: ['http/1.1'] }, serve);
    server.on('tlsClientError', () => {});
    return listen(server);
  }
  const server = createSecureServer({ ...tls, allowHTTP1: false }, (request, response) => {
    void answerHttp2(stage, request, response).catch(() => response.stream.destroy());
  });
  server.on('sessionError', () => {});
  server.on('unknownProtocol', (socket) => socket.destroy());
  server.on('tlsClientError', () => {});
  return listen(server);
}

/** Reads one request and answers it; what follows on the same connection is not read. */
function converse(stage: Stage, socket: Socket): void {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  const onData = (chunk: string): void => {
    text += chunk;
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const [line = '', ...headers] = text.slice(0, end).split('\r\n');
    const length = Number(/^content-length: *(\d+)$/im.exec(headers.join('\n'))?.[1] ?? 0);
    if (text.length < end + 4 + length) return;
    socket.off('data', onData).resume();
    const body = text.slice(end + 4);
    const [method = '', target = ''] = line.split(' ');
    stage.seen.push([sameLine(line), ...sameHeaders(headers, stage), body]);
    void answer(socket, stage, method, target).catch(() => socket.destroy());
  };
  socket.on('data', onData);
}

/**
 * Names in lower case and sorted, but for what may differ: capitals of a host, who asks, the length of no
 * body. In later requests also what 0.23.0 does otherwise: a Referer names the address, the type of a body
 * outlives the body, cookies and credentials belong to an address where tocsin and later releases
 * look at the name.
 */
function sameHeaders(headers: readonly string[], { seen, isOneHost }: Stage): string[] {
  return headers
    .map((header) => header.replace(/^[^:]*: */, (name) => `${name.trim().toLowerCase()} `))
    .map((header) => (header.startsWith('host: ') ? header.toLowerCase() : header))
    .map((header) => (header.startsWith('referer: ') ? sameReferer(header) : header))
    .map((header) => (header.startsWith('cookie: ') ? sameCookies(header) : header))
    .filter((header) => !/^(?:user-agent: (?:blackbox|tocsin)|content-length: 0$)/i.test(header))
    .filter((header) => seen.length === 0 || !header.startsWith('content-type: '))
    .filter(
      (header) => seen.length === 0 || isOneHost || !/^(?:cookie|authorization): /.test(header),
    )
    .toSorted();
}

/** Of cookies that were set in the same millisecond either may be the first. */
function sameCookies(header: string): string {
  return header.replace('cookie: ', '').split('; ').toSorted().join('; ').replace(/^/, 'cookie: ');
}

function sameReferer(header: string): string {
  return sameLine(header.replace(/^(referer: https?:\/\/)[^/]*([^#]*).*/, '$1$2'));
}

/** Which characters of a path are encoded differs, what they mean does not. */
function sameLine(line: string): string {
  return decodeURIComponent(line.replaceAll(/%(?![0-9a-f]{2})/gi, '%25'));
}

function answerOf({ script }: Stage, target: string): HttpAnswer | undefined {
  const number = /(\d+)(?:[?#]|$)/.exec(target.replace(/[?#].*$/, ''))?.[1];
  const again = /again=(\d+)/.exec(target)?.[1];
  return script.answers[Math.min(Number(again ?? number ?? 0), script.answers.length - 1)];
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function answer(socket: Socket, stage: Stage, method: string, target: string): Promise<void> {
  const wanted = answerOf(stage, target);
  if (wanted === undefined) return void socket.destroy();
  if (wanted.delayMs > 0) await pause(wanted.delayMs);
  const { fault, body, framing, cutBytes, isKept } = wanted;
  if (fault === 'hang') return;
  if (fault === 'end') return void socket.end();
  if (fault === 'reset') return void socket.resetAndDestroy();
  if (fault === 'garbage') return void socket.end('this is no HTTP\r\n\r\n');
  if (fault === 'early hints') socket.write('HTTP/1.1 103 Early Hints\r\nX-Hint: 1\r\n\r\n');
  socket.write(head(wanted, stage, fault), 'latin1');
  const isBare = method === 'HEAD' || wanted.status === 204 || wanted.status === 304;
  if (isBare) return isKept ? undefined : void socket.end();
  if (fault === 'late body') return;
  const whole = framing === 'chunked' && wanted.version === '1.1' ? chunked(body) : body;
  const sent = cutBytes === undefined ? whole : whole.subarray(0, cutBytes);
  const endsConnection =
    !isKept || cutBytes !== undefined || framing === 'close' || wanted.version === '1.0';
  if (endsConnection) socket.end(sent);
  else socket.write(sent);
}

function head(wanted: HttpAnswer, stage: Stage, fault: HttpAnswer['fault']): string {
  const { version, status, headers, framing, body, isKept } = wanted;
  const lines = [`HTTP/${version} ${status} Whatever`];
  for (const [name, value] of headers) {
    lines.push(`${name}: ${Buffer.from(stage.place(value)).toString('latin1')}`);
  }
  if (fault === 'bad header') lines.push('no colon here');
  if (fault === 'no length') lines.push('Content-Length: many');
  else if (framing === 'length') lines.push(`Content-Length: ${body.length}`);
  if (framing === 'chunked' && version === '1.1') lines.push('Transfer-Encoding: chunked');
  if (!isKept) lines.push('Connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function chunked(body: Buffer): Buffer {
  const size = Math.max(1, Math.ceil(body.length / 3));
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

async function answerHttp2(
  stage: Stage,
  request: Http2ServerRequest,
  response: Http2ServerResponse,
): Promise<void> {
  const { stream } = response;
  stream.on('error', () => {});
  let body = '';
  request.setEncoding('latin1').on('data', (chunk: string) => {
    body += chunk;
  });
  await new Promise((resolve) => request.once('end', resolve));
  const headers = Object.entries(request.headers)
    .filter(
      ([name, value]) => !name.startsWith(':') && !(name === 'content-length' && value === '0'),
    )
    .map(([name, value]) => `${name}: ${String(value)}`);
  const line = sameLine(`${request.method} ${request.authority.toLowerCase()} ${request.url}`);
  stage.seen.push([line, ...sameHeaders(headers, stage), body]);
  const wanted = answerOf(stage, request.url);
  if (wanted === undefined) return stream.close();
  if (wanted.delayMs > 0) await pause(wanted.delayMs);
  const { fault, cutBytes, framing } = wanted;
  if (fault === 'hang') return;
  if (fault !== undefined && fault !== 'late body') return stream.close(2);
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of wanted.headers) {
    const key = name.toLowerCase();
    const text = Buffer.from(stage.place(value)).toString('latin1').trim();
    fields[key] = fields[key] === undefined ? text : [fields[key], text].flat();
    if (!['set-cookie', 'x-one', 'x-two', 'x-three'].includes(key)) fields[key] = text;
  }
  // A length of what does not come is an error, to Node with 204 and to Go with 304.
  const isEmpty = wanted.status === 204 || wanted.status === 304;
  if (framing === 'length' && !isEmpty) fields['content-length'] = String(wanted.body.length);
  const isBare = request.method === 'HEAD' || wanted.status === 204 || wanted.status === 304;
  stream.respond({ ':status': wanted.status, ...fields }, { endStream: isBare });
  if (isBare || fault === 'late body') return;
  if (cutBytes === undefined) return void stream.end(wanted.body);
  stream.write(wanted.body.subarray(0, cutBytes), () => stream.close(2));
}
