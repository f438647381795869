import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tables } from '../../src/app/load.ts';
import { systemPorts } from '../../src/app/system-ports.ts';
import { openclawOf } from '../../src/checks/openclaw.ts';
import { headline } from '../../src/notify/summary.ts';
import { configOf } from './config.ts';
import { startGateway, type StandInGateway } from './openclaw-gateway.ts';
import type { OwnProgram } from './own-program.ts';
import { startNginx } from './proxies.ts';
import { closedPort } from './tcp-server.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { Certificate } from './tls-authority.ts';
import { textsOf, wholeAgent, type WholeAgent } from './whole-agent.ts';

/** The blocks of one language in the page about several instances, in their order. */
export function blocksOf(language: string): readonly string[] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/several-instances.md'), 'utf8');
  return [...page.matchAll(/```(\w+)\n(.*?)```/gs)].flatMap(([, name, text = '']) =>
    name === language ? [text] : [],
  );
}

/** The page's own configuration and proxy, with three gateways, in an agent whose clock is moved. */
export interface ThreeGateways {
  readonly agent: WholeAgent;
  readonly gateways: readonly [StandInGateway, StandInGateway, StandInGateway];
  /** Starts the proxy anew: with another certificate, or other ports of upstreams. */
  readonly proxy: (change: {
    readonly certificate?: Certificate;
    readonly upstreams?: readonly number[];
  }) => Promise<void>;
  /** Lets so many seconds pass, a second at a time; what looks at something is waited for. */
  readonly pass: (seconds: number) => Promise<void>;
  /** What was told since this was last asked: `integration headline`, and a line for each alert of it. */
  readonly told: () => readonly string[];
}

export async function startThreeGateways(
  certificate: Certificate,
  authority: string,
  edit: (text: string) => string = (text) => text,
): Promise<ThreeGateways> {
  const gateways = [await startGateway(), await startGateway(), await startGateway()] as const;
  const [port, statusPort] = [await closedPort(), await closedPort()];
  const folder = temporaryFolder();
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority);
  const places = { port, statusPort, upstreams: gateways.map((one) => one.port) };
  let nginx: OwnProgram | undefined;
  const proxy: ThreeGateways['proxy'] = async ({ certificate: shown = certificate, upstreams }) => {
    await nginx?.end();
    writeFileSync(join(folder, 'fullchain.pem'), shown.cert);
    writeFileSync(join(folder, 'privkey.pem'), shown.key);
    const [text = ''] = blocksOf('nginx');
    const here = { ...places, upstreams: upstreams ?? places.upstreams };
    const http = placed(text, here)
      .replaceAll('/etc/letsencrypt/live/localhost', folder)
      .replace('listen 443', `listen 127.0.0.1:${port}`);
    nginx = await startNginx('', { http });
  };
  await proxy({});
  const agent = await startPageAgent(gateways, places, (text) =>
    edit(completed(text, gateways, caFile)),
  );
  let seen = 0;
  return {
    agent,
    gateways,
    proxy,
    pass: async (seconds) => pass(agent, gateways, seconds),
    told() {
      const fresh = agent.deliveries.slice(seen);
      seen = agent.deliveries.length;
      return fresh.flatMap((delivery) => [
        `${delivery.integration} ${headline(delivery.notification, delivery.createdAt.wallMs)}`,
        ...textsOf(delivery).map((text) => `  ${text.replaceAll(`:${port}`, ':PORT')}`),
      ]);
    },
  };
}

interface Ports {
  readonly port: number;
  readonly statusPort: number;
  readonly upstreams: readonly number[];
}

/** Text of the page with the addresses of the test. */
function placed(text: string, { port, statusPort, upstreams }: Ports): string {
  return upstreams.reduce(
    (left, upstream, index) => left.replaceAll(`:${18_789 + index}`, `:${upstream}`),
    text
      .replaceAll('https://gateway.example.com', `https://localhost:${port}`)
      .replaceAll('gateway.example.com', 'localhost')
      .replaceAll('https://127.0.0.1/', `https://127.0.0.1:${port}/`)
      .replaceAll(/127\.0\.0\.1:443\b/g, `127.0.0.1:${port}`)
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${statusPort}`),
  );
}

/** What the test says in addition: whom to trust, and disks of any size. */
function completed(text: string, gateways: readonly StandInGateway[], caFile: string): string {
  return gateways
    .reduce(
      (left, { stateFolder }, index) =>
        left.replaceAll(`/srv/gw-${index + 1}/.openclaw`, stateFolder),
      text,
    )
    .replace(/cron: any.*/, 'cron: any\n    disk_warning: 2B free\n    disk_critical: 1B free')
    .replace('server_name: localhost', `server_name: localhost, ca_file: ${caFile}`)
    .replace(/( +)expect_body: .*/, `$&\n$1tls_config: { ca_file: ${caFile} }`);
}

async function startPageAgent(
  gateways: readonly StandInGateway[],
  places: Ports,
  complete: (text: string) => string,
): Promise<WholeAgent> {
  const [text = ''] = blocksOf('yaml');
  const secrets = { SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/', PAGERDUTY_ROUTING_KEY: 'nobody' };
  const config = await configOf(complete(placed(text, places)), secrets, tables);
  const { checks, ...rest } = config;
  const agent = { ...rest.agent, name: 'front-1', labels: { host: 'front-1' } };
  return wholeAgent(checks, { ...rest, agent }, (spec, environment) => {
    const at = gateways[Number(/^gw-(\d)$/.exec(spec.name)?.[1]) - 1];
    return at === undefined
      ? systemPorts.openCheck(spec, environment)
      : openclawOf(at.places).open(spec as never, environment);
  });
}

async function pass(
  world: WholeAgent,
  gateways: readonly StandInGateway[],
  seconds: number,
): Promise<void> {
  const { specs, scheduler } = world.agent;
  const isLooking = (): boolean =>
    [...specs.keys()].some((name) => scheduler.view(name)?.running === true);
  for (let second = 0; second < seconds; second += 1) {
    await world.advance(1);
    while (isLooking()) await delay(1);
    // As the real ones do every half minute.
    for (const gateway of gateways) gateway.event('tick');
  }
}
