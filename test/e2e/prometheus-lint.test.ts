import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { ask } from '../support/ask.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { healthService, startGrpcServer } from '../support/grpc-server.ts';
import { startHttpsServer } from '../support/http-server.ts';
import { lintOf, promtool, skipWithout } from '../support/prometheus.ts';
import { startTcpServer } from '../support/tcp-server.ts';
import { createAuthority } from '../support/tls-authority.ts';

/** The families of a page that lack one of the two lines in front of them. */
function undescribed(page: string): string[] {
  const lines = page.trimEnd().split('\n');
  const described = (what: string): Set<string | undefined> =>
    new Set(
      lines.filter((line) => line.startsWith(`# ${what} `)).map((line) => line.split(' ')[2]),
    );
  const [helped, typed] = [described('HELP'), described('TYPE')];
  const names = lines.filter((line) => !line.startsWith('#')).map((line) => /^\w+/.exec(line)?.[0]);
  return [...new Set(names)].flatMap((name) =>
    name !== undefined && helped.has(name) && typed.has(name) ? [] : [String(name)],
  );
}

test('promtool has nothing to say about the probe of any prober, well or not', async (context) => {
  skipWithout(promtool, context);
  using authority = createAuthority();
  const tls = authority.issue();
  const tlsConfig = { ca_file: `${authority.directory}/ca.pem` };
  await using web = await startHttpsServer(tls, (_request, response) => {
    response.setHeader('Last-Modified', 'Wed, 21 Oct 2015 07:28:00 GMT');
    response.end('{"users": 3}');
  });
  await using banner = await startTcpServer((socket) => void socket.end('220 mail ready\r\n'));
  await using zone = await startDnsServer(() => ({}));
  await using grpc = await startGrpcServer(healthService({ '': 1 }), tls);
  const labels = [{ name: 'host', value: '${1}' }];
  const modules = {
    web: {
      prober: 'http',
      http: { tls_config: tlsConfig, fail_if_body_json_matches_cel: 'body.users > 5' },
    },
    banner: { prober: 'tcp', tcp: { query_response: [{ expect: '^220 (\\S+)', labels }] } },
    secure: { prober: 'tcp', tcp: { tls: true, tls_config: tlsConfig } },
    zone: { prober: 'dns', dns: { query_name: 'example.com', query_type: 'SOA' } },
    grpc: { prober: 'grpc', grpc: { tls: true, tls_config: tlsConfig } },
    path: { prober: 'unix' },
    socket: { prober: 'websocket' },
  };
  await using agent = await startAgent({
    config: { modules_file: 'blackbox.yml', server: { probe: { allow: ['*'] } } },
    files: { 'blackbox.yml': JSON.stringify({ modules }) },
  });
  const probes: readonly (readonly [module: string, target: string, success: number])[] = [
    ['web', web.url, 1],
    ['web', 'https://127.0.0.1:1/', 0],
    ['http_2xx', web.url, 0],
    ['banner', `127.0.0.1:${banner.port}`, 1],
    ['secure', web.url.replace('https://', ''), 1],
    ['secure', `127.0.0.1:${banner.port}`, 0],
    ['zone', zone.udp, 1],
    ['zone', '127.0.0.1:1', 0],
    ['grpc', `127.0.0.1:${grpc.port}`, 1],
    ['grpc', '127.0.0.1:1', 0],
    ['icmp', '127.0.0.1', 1],
    ['path', '/nowhere/at.sock', 0],
    ['socket', 'ws://127.0.0.1:1/', 0],
  ];
  for (const [module, target, success] of probes) {
    const query = new URLSearchParams({ module, target });
    const { body } = await ask(`${agent.url}/probe?${query.toString()}`);
    const what = `${module} of ${target}`;
    expect(body, what).toContain(`\nprobe_success ${success}\n`);
    expect(lintOf(body), what).toBe('');
    expect(undescribed(body), what).toEqual([]);
  }
}, 120_000);
