import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ask } from './ask.ts';
import { eventually } from './eventually.ts';
import { startProgram, type OwnProgram } from './own-program.ts';
import { closedPort, listen } from './tcp-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const nginxProgram = '/usr/sbin/nginx';
export const caddyProgram = '/usr/bin/caddy';

export interface Upstream {
  readonly url: string;
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** A web server behind a proxy; by default it answers 200. */
export async function startUpstream(
  answer: RequestListener = (_, response) => void response.end('fine'),
): Promise<Upstream> {
  const server = await listen(createServer(answer));
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await server[Symbol.asyncDispose]();
    isOpen = false;
  };
  onTestFinished(close);
  const address = `127.0.0.1:${server.port}`;
  return { url: `http://${address}/health`, address, close };
}

async function isAnswering(url: string): Promise<boolean> {
  return ask(url).then(
    () => true,
    () => false,
  );
}

interface Proxy extends OwnProgram {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string;
}

/** Starts Debian's nginx in a folder of its own with what stands in its `server` block; it ends with the test. */
export async function startNginx(
  server: string,
  { http = '' }: { readonly http?: string } = {},
): Promise<Proxy> {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'logs'));
  const port = await closedPort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const lines = [
    'daemon off; master_process off;',
    `pid ${folder}/pid; error_log ${folder}/logs/error.log;`,
    `events { worker_connections 64; }`,
    `http { access_log off; ${temporary.join(' ')} ${http}`,
    `server { listen 127.0.0.1:${port}; location = /status { stub_status; } ${server} } }`,
  ];
  writeFileSync(join(folder, 'nginx.conf'), lines.join('\n'));
  const program = startProgram(nginxProgram, ['-p', folder, '-c', join(folder, 'nginx.conf')]);
  onTestFinished(async () => program.end());
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => isAnswering(`${url}/status`), 'nginx is ready');
  return { ...program, url };
}

interface Caddy extends Proxy {
  /** `127.0.0.1:PORT` of its admin API. */
  readonly admin: string;
}

/**
 * Starts Debian's Caddy that hands everything to these upstreams; without any it has no configuration. With
 * `healthUri` it asks each of them once a second.
 */
export async function startCaddy(
  upstreams: readonly string[],
  { healthUri }: { readonly healthUri?: string } = {},
): Promise<Caddy> {
  const folder = temporaryFolder();
  const [port, adminPort] = [await closedPort(), await closedPort()];
  const admin = `127.0.0.1:${adminPort}`;
  const dial = upstreams.map((address) => ({ dial: address }));
  const passive = { fail_duration: '1m', max_fails: 1 };
  const active = healthUri === undefined ? {} : { active: { uri: healthUri, interval: '1s' } };
  const checks = { passive, ...active };
  const transport = { protocol: 'http', response_header_timeout: '1s' };
  const proxy = { handler: 'reverse_proxy', upstreams: dial, health_checks: checks, transport };
  const site = { listen: [`127.0.0.1:${port}`], routes: [{ handle: [proxy] }] };
  const config = {
    admin: { listen: admin, config: { persist: false } },
    ...(upstreams.length === 0 ? {} : { apps: { http: { servers: { site } } } }),
  };
  writeFileSync(join(folder, 'caddy.json'), JSON.stringify(config));
  const program = startProgram(caddyProgram, ['run', '--config', join(folder, 'caddy.json')], {
    env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  onTestFinished(async () => program.end());
  await eventually(async () => isAnswering(`http://${admin}/config/`), 'Caddy is ready');
  return { ...program, url: `http://127.0.0.1:${port}`, admin };
}

/** A server that takes connections and requests, and never answers. */
export async function startSilent(): Promise<Upstream> {
  return startUpstream(() => {});
}

/** Begins a request and does not end it; gives the way to break it off. */
export async function openRequest(url: string): Promise<() => void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: proxy\r\n');
  return () => void socket.destroy();
}
