import type { IncomingHttpHeaders } from 'node:http2';
import type { TlsOptions } from 'node:tls';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import {
  healthService,
  refuse,
  startGrpcServer,
  type ServeCall,
} from '../../support/grpc-server.ts';
import { createAuthority, selfSigned } from '../../support/tls-authority.ts';
import { contest, type ProbeCase, type Served } from './kit/contest.ts';
import { expiryOf } from './kit/tcp.ts';

const authority = createAuthority(3);
afterAll(() => authority[Symbol.dispose]());
const named = authority.issue({ days: 2 });
const ip4 = { preferred_ip_protocol: 'ip4' };
const trusting = { tls: true, tls_config: { ca_file: join(authority.directory, 'ca.pem') } };

function serving(
  serve: ServeCall,
  tls?: TlsOptions,
  verify: () => void = () => {},
): () => Promise<Served> {
  return async () => {
    const server = await startGrpcServer(serve, tls);
    return {
      target: `127.0.0.1:${server.port}`,
      verify,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  };
}

const states = ['NOT_SERVING', 'SERVICE_UNKNOWN', 'SERVING', 'UNKNOWN'] as const;

/** The states of a service, of which one is reported or none. */
function reported(state?: (typeof states)[number]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    states.map((name) => [
      `probe_grpc_healthcheck_response{serving_status="${name}"}`,
      name === state ? 1 : 0,
    ]),
  );
}

const tlsFamilies = [
  'probe_ssl_earliest_cert_expiry',
  'probe_ssl_last_chain_info',
  'probe_tls_version_info',
];

const health = healthService({ '': 1, well: 1, ill: 2 });
const family = ['probe_grpc_duration_seconds', 'probe_grpc_healthcheck_response'];
const resolver = ['probe_dns_lookup_time_seconds', 'probe_ip_addr_hash', 'probe_ip_protocol'];

function service(
  title: string,
  name: string,
  expectation: ProbeCase['expect'],
  serve: ServeCall = health,
): ProbeCase {
  return {
    title,
    module: { prober: 'grpc', grpc: { ...ip4, service: name } },
    server: serving(serve),
    expect: expectation,
  };
}

let metadata: (readonly (string | string[] | undefined)[])[] = [];
const watched = healthService({ '': 1 }, (headers: IncomingHttpHeaders) => {
  metadata.push([headers['key'], headers['authorization']]);
});

const services: readonly ProbeCase[] = [
  service('BB-G01 a server that serves', '', {
    success: 1,
    metrics: { probe_grpc_ssl: 0, probe_grpc_status_code: 0, ...reported('SERVING') },
    families: [...resolver, ...family, 'probe_grpc_ssl', 'probe_grpc_status_code'],
  }),
  {
    title: 'BB-G02 metadata arrives with the call',
    module: {
      prober: 'grpc',
      grpc: { ...ip4, metadata: { key: ['one', 'two'], authorization: ['Bearer open-sesame'] } },
    },
    server: async () => {
      metadata = [];
      return serving(watched, undefined, () =>
        expect(metadata).toEqual([['one, two', 'Bearer open-sesame']]),
      )();
    },
    expect: { success: 1, metrics: { probe_grpc_status_code: 0, ...reported('SERVING') } },
    beyond: 'metadata came with 0.28',
  },
  service('BB-G03 a service that serves', 'well', {
    success: 1,
    metrics: { probe_grpc_status_code: 0, ...reported('SERVING') },
  }),
  service('BB-G03 a service that does not serve', 'ill', {
    success: 0,
    metrics: { probe_grpc_status_code: 0, ...reported('NOT_SERVING') },
  }),
  service('BB-G03 a service that the server does not know', 'nobody', {
    success: 0,
    metrics: { probe_grpc_status_code: 5, ...reported() },
  }),
  service(
    'BB-G06 a service that is not found',
    'nobody',
    { success: 0, metrics: { probe_grpc_status_code: 5, probe_grpc_ssl: 0 } },
    healthService({}),
  ),
  service(
    'BB-G07 a server without a health service',
    '',
    { success: 0, metrics: { probe_grpc_status_code: 12, ...reported() } },
    (stream) => refuse(stream, 12, 'unknown service grpc.health.v1.Health'),
  ),
];

const overTls: readonly ProbeCase[] = [
  {
    title: 'BB-G04 a call over TLS',
    module: { prober: 'grpc', grpc: { ...ip4, ...trusting } },
    server: serving(health, { ...named, maxVersion: 'TLSv1.2' }),
    expect: {
      success: 1,
      metrics: {
        probe_grpc_ssl: 1,
        probe_grpc_status_code: 0,
        probe_ssl_earliest_cert_expiry: expiryOf(named.cert),
        'probe_tls_version_info{version="TLS 1.2"}': 1,
        ...reported('SERVING'),
      },
      absent: ['probe_ssl_last_chain_expiry_timestamp_seconds', 'probe_tls_cipher_info'],
    },
  },
  {
    title: 'BB-G05 TLS asked of a plain server',
    module: { prober: 'grpc', timeout: '2s', grpc: { ...ip4, ...trusting } },
    server: serving(health),
    expect: {
      success: 0,
      metrics: { probe_grpc_ssl: 0, probe_grpc_status_code: 14, ...reported() },
      absent: tlsFamilies,
    },
  },
  {
    title: 'BB-G08 a handshake that fails shows nothing of TLS',
    module: { prober: 'grpc', timeout: '2s', grpc: { ...ip4, ...trusting } },
    server: serving(health, selfSigned('/CN=localhost')),
    expect: {
      success: 0,
      metrics: { probe_grpc_ssl: 0, probe_grpc_status_code: 14, ...reported() },
      absent: tlsFamilies,
    },
  },
];

contest({ services, overTls });
