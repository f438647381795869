import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { ask } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { skipUnlessThere, startProgram } from '../support/own-program.ts';
import { caddyProgram, nginxProgram, startNginx } from '../support/proxies.ts';
import { closedPort, listen } from '../support/tcp-server.ts';
import { teamConfig } from '../support/team-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const haproxy = '/usr/sbin/haproxy';
const page = readFileSync(join(import.meta.dirname, '../../docs/high-availability.md'), 'utf8');

/** The text of the first block in this language, or of the first that holds the word. */
function block(language: string, word = ''): string {
  const found = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].find(
    ([, name, text = '']) => name === language && text.includes(word),
  );
  if (found?.[2] === undefined) throw new Error(`the page has no ${language} with ${word}`);
  return found[2];
}

/** Three hosts on loopback: a gateway each, that says where it is, and an agent that answers for it. */
async function startHosts() {
  const gatewayPort = await closedPort();
  const agentPort = await closedPort();
  const well = new Map<string, boolean>();
  const agents: TestAgent[] = [];
  for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) {
    well.set(address, true);
    const gateway = createServer((request, response) => {
      // It takes users whatever its state is: only a look from inside knows better.
      if (request.url === '/deep' && well.get(address) !== true) response.statusCode = 500;
      response.end(address);
    });
    const listening = await listen(gateway, address, gatewayPort);
    onTestFinished(() => listening[Symbol.asyncDispose]());
    const target = `http://${address}:${gatewayPort}/deep`;
    const config = {
      ...teamConfig([{ name: 'gateway', type: 'http', target }]),
      server: { listen: `${address}:${agentPort}` },
    };
    const agent = await startAgent({ config, waitUntilReady: false });
    onTestFinished(() => agent[Symbol.asyncDispose]());
    agents.push(agent);
    await eventually(
      async () => (await answerOf(`http://${address}:${agentPort}/health/gateway`)).status === 200,
      `the agent of ${address} says that its gateway is well`,
    );
  }
  const hosts = (text: string): string =>
    text
      .replaceAll(/gw-(\d)\.internal\.example:18789/g, `127.0.0.$1:${gatewayPort}`)
      .replaceAll('9860', String(agentPort));
  return { well, hosts };
}

async function answerOf(url: string): Promise<{ status: number; body: string }> {
  return ask(url).catch(() => ({ status: 0, body: '' }));
}

/** Who answers users, over a dozen requests. */
async function answering(url: string): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: 12 }, () => answerOf(url)));
  return [...new Set(answers.map(({ body }) => body))].toSorted();
}

async function servesOnlyTheWell(url: string, well: Map<string, boolean>): Promise<void> {
  const all = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
  await eventually(async () => (await answering(url)).join() === all.join(), 'all three serve');
  well.set('127.0.0.2', false);
  const others = ['127.0.0.1', '127.0.0.3'];
  await eventually(async () => (await answering(url)).join() === others.join(), 'it is left out');
  well.set('127.0.0.2', true);
  await eventually(async () => (await answering(url)).join() === all.join(), 'it is back');
}

test('Caddy sends users only to gateways that tocsin calls well', async (context) => {
  skipUnlessThere(caddyProgram, context);
  const { well, hosts } = await startHosts();
  const folder = temporaryFolder();
  const port = await closedPort();
  const site = hosts(block('caddyfile'))
    .replace('gateway.example.com', `http://127.0.0.1:${port}`)
    .replace('health_interval 5s', 'health_interval 200ms\n\t\tlb_policy round_robin');
  writeFileSync(join(folder, 'Caddyfile'), `{\n\tadmin off\n}\n${site}`);
  const words = ['run', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile')];
  const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const caddy = startProgram(caddyProgram, words, { env });
  onTestFinished(async () => caddy.end());
  await servesOnlyTheWell(`http://127.0.0.1:${port}/`, well);
}, 60_000);

test('nginx sends users only to gateways that tocsin calls well', async (context) => {
  skipUnlessThere(nginxProgram, context);
  const { well, hosts } = await startHosts();
  const port = await closedPort();
  const inFront = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((address) =>
    hosts(
      block('nginx', 'auth_request').replaceAll('127.0.0.1:18789', 'gw-1.internal.example:18789'),
    )
      .replaceAll('127.0.0.1', address)
      .replace('listen 8081', `listen ${address}:${port}`),
  );
  const front = block('nginx', 'upstream hosts')
    .replaceAll(/gw-(\d)\.internal\.example:8081/g, `127.0.0.$1:${port}`)
    .replaceAll('fail_timeout=5s', 'fail_timeout=1s');
  const [, upstream = '', location = ''] =
    /^(upstream .*?^\})\nserver \{\n  server_name \S+\n(.*)^\}/ms.exec(front) ?? [];
  const nginx = await startNginx(location, { http: [upstream, ...inFront].join('\n') });
  await servesOnlyTheWell(`${nginx.url}/`, well);
}, 60_000);

test('HAProxy sends users only to gateways that tocsin calls well', async (context) => {
  skipUnlessThere(haproxy, context);
  const { well, hosts } = await startHosts();
  const folder = temporaryFolder();
  const port = await closedPort();
  const times = 'timeout connect 2s\n  timeout client 5s\n  timeout server 5s';
  const text = `defaults\n  mode http\n  ${times}\nfrontend users\n  bind 127.0.0.1:${port}\n  default_backend gateways\n`;
  const backend = hosts(block('haproxy')).replaceAll('inter 5s', 'inter 200ms');
  writeFileSync(join(folder, 'haproxy.cfg'), text + backend);
  const program = startProgram(haproxy, ['-db', '-f', join(folder, 'haproxy.cfg')]);
  onTestFinished(async () => program.end());
  await servesOnlyTheWell(`http://127.0.0.1:${port}/`, well);
}, 60_000);

interface Healthcheck {
  readonly test: readonly [string, string];
}

test('the health check of the container passes for a gateway and for nothing else', async (context) => {
  skipUnlessThere('/usr/bin/curl', context);
  const compose = parse(block('yaml', 'healthcheck')) as {
    services: { gateway: { healthcheck: Healthcheck } };
  };
  const [kind, command] = compose.services.gateway.healthcheck.test;
  expect(kind).toBe('CMD-SHELL');
  const judged = async (body: string): Promise<boolean> => {
    await using server = await listen(createServer((_, response) => void response.end(body)));
    const here = command.replace('18789', String(server.port));
    return (await run(here)) === 0;
  };
  expect(await judged('{"ok":true,"status":"live"}')).toBe(true);
  expect(await judged('<html>Control UI</html>')).toBe(false);
});

/** The exit code of a line of shell. */
async function run(line: string): Promise<number> {
  const child = spawn('/bin/sh', ['-c', line], { stdio: 'ignore' });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}
