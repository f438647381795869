import { afterAll, expect } from 'vitest';
import { startHttpServer } from '../../support/http-server.ts';
import { contest, type ProbeCase } from './kit/contest.ts';
import { answering } from './kit/http.ts';

/** Answers whatever it is asked to pass on. */
const proxy = await startHttpServer((_request, response) => void response.end('by proxy'));
afterAll(() => proxy[Symbol.asyncDispose]());

const resolver = ['probe_dns_lookup_time_seconds', 'probe_ip_addr_hash', 'probe_ip_protocol'];
const phaseFamily = 'probe_http_duration_seconds';
const skip = { skip_resolve_phase_with_proxy: true };
const configured = { proxy_url: proxy.url };
const fromEnvironment = { proxy_from_environment: true };
const phases = (...names: string[]): string[] => names.map((name) => `{phase="${name}"}`);

function lookedUp(title: string, http: object): ProbeCase {
  return {
    title,
    module: { prober: 'http', http: { preferred_ip_protocol: 'ip4', ...http } },
    server: answering({ body: 'ok' }),
    expect: { success: 1, metrics: { probe_ip_protocol: 4, probe_http_status_code: 200 } },
    judge: ({ families }) =>
      expect([...(families.get(phaseFamily)?.samples.keys() ?? [])]).toEqual(
        phases('connect', 'processing', 'resolve', 'tls', 'transfer'),
      ),
  };
}

/** The proxy alone knows the host that is asked for. */
function leftToProxy(title: string, http: object): ProbeCase {
  return {
    title,
    module: { prober: 'http', http },
    target: 'http://tide.example/',
    expect: {
      success: 1,
      metrics: { probe_http_status_code: 200, probe_http_uncompressed_body_length: 8 },
      absent: resolver,
    },
    judge: ({ families }) =>
      expect([...(families.get(phaseFamily)?.samples.keys() ?? [])]).toEqual(
        phases('connect', 'processing', 'tls', 'transfer'),
      ),
  };
}

const beyond = 'proxy_from_environment came after 0.23';

const lookups: readonly ProbeCase[] = [
  lookedUp('BB-T93 without a proxy the host is looked up though the lookup is to be skipped', skip),
  lookedUp('BB-T94 without a proxy the host is looked up', {}),
  lookedUp('BB-T95 with a proxy the host is looked up all the same', configured),
  {
    ...lookedUp('BB-T96 with a proxy of the environment the host is looked up', fromEnvironment),
    beyond,
  },
  leftToProxy('BB-T97 the lookup is left to the proxy', { ...skip, ...configured }),
  {
    ...leftToProxy('BB-T98 the lookup is left to the proxy of the environment', {
      ...skip,
      ...fromEnvironment,
    }),
    beyond,
  },
];

contest(
  { lookups },
  {
    env: { HTTP_PROXY: proxy.url },
    config: { server: { probe: { allow: ['127.0.0.0/8', 'tide.example'] } } },
  },
);
