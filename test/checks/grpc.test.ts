import { createServer as createTlsServer } from 'node:tls';
import type { IncomingHttpHeaders } from 'node:http2';
import { inspect } from 'node:util';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { grpc } from '../../src/checks/grpc.ts';
import { grpcBlock } from '../../src/checks/net/grpc/grpc-options.ts';
import { closedGate } from '../support/closed-gate.ts';
import { eventually } from '../support/eventually.ts';
import { healthService, refuse, runGrpc, startGrpcServer } from '../support/grpc-server.ts';
import { familyNames, labelsOf, metric, phasesIn } from '../support/probe-context.ts';
import { addressFamilies } from '../support/probe-tcp.ts';
import { closedPort, listen, startTcpServer } from '../support/tcp-server.ts';
import { createAuthority } from '../support/tls-authority.ts';

const always = ['probe_grpc_duration_seconds', 'probe_grpc_ssl', 'probe_grpc_status_code'];
const called = [...addressFamilies, ...always, 'probe_grpc_healthcheck_response'].toSorted();
const tlsFamilies = [
  'probe_ssl_earliest_cert_expiry',
  'probe_ssl_last_chain_info',
  'probe_tls_version_info',
];

function states(outcome: Awaited<ReturnType<typeof runGrpc>>): (number | undefined)[] {
  return ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'].map((serving_status) =>
    metric(outcome, 'probe_grpc_healthcheck_response', { serving_status }),
  );
}

describe('a health service', () => {
  test('BB-G01 that serves is well', async () => {
    let asked: { headers: IncomingHttpHeaders; request: Buffer } | undefined;
    await using server = await startGrpcServer(
      healthService({ '': 1 }, (headers, request) => {
        asked = { headers, request };
      }),
    );
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome.status).toBe('ok');
    expect(outcome.summary).toContain(`127.0.0.1:${server.port} is SERVING`);
    expect(familyNames(outcome)).toEqual(called);
    expect(phasesIn(outcome, 'probe_grpc_duration_seconds')).toEqual(['resolve', 'check']);
    expect(metric(outcome, 'probe_grpc_ssl')).toBe(0);
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(0);
    expect(states(outcome)).toEqual([0, 1, 0, 0]);
    expect(asked?.request).toEqual(Buffer.alloc(5));
    expect(asked?.headers).toMatchObject({
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/grpc.health.v1.Health/Check',
      ':authority': `127.0.0.1:${server.port}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('BB-G02 gets the metadata, of which no output tells', async () => {
    let seen: IncomingHttpHeaders = {};
    await using server = await startGrpcServer(
      healthService({ '': 1 }, (headers) => {
        seen = headers;
      }),
    );
    const block = {
      metadata: {
        authorization: ['Bearer metadata-value'],
        'x-two': ['a', 'b'],
        'x-raw-bin': ['ä'],
        'user-agent': ['is kept by the call'],
        'x-none': [],
      },
    };
    const outcome = await runGrpc(`127.0.0.1:${server.port}`, block);
    expect(outcome.status).toBe('ok');
    expect(seen).toMatchObject({
      authorization: 'Bearer metadata-value',
      'x-two': 'a, b',
      'x-raw-bin': 'w6Q',
    });
    expect(seen['user-agent']).toMatch(/^tocsin\//);
    expect(seen['x-none']).toBeUndefined();
    const shown = inspect([outcome, v.parse(grpcBlock, block)], { depth: 9 });
    expect(shown).not.toContain('metadata-value');
  });

  test.each([
    ['serving', 1, 'ok', 0, [0, 1, 0, 0]],
    ['down', 2, 'critical', 0, [0, 0, 1, 0]],
    ['undecided', 0, 'critical', 0, [1, 0, 0, 0]],
    ['lost', 3, 'critical', 0, [0, 0, 0, 1]],
  ] as const)(
    'BB-G03 whose service %s has the state %i is %s',
    async (service, state, status, code, all) => {
      await using server = await startGrpcServer(healthService({ [service]: state }));
      const outcome = await runGrpc(`127.0.0.1:${server.port}`, { service });
      expect(outcome.status).toBe(status);
      if (status !== 'ok') expect(outcome.summary).toContain(`the service ${service} is `);
      expect(metric(outcome, 'probe_grpc_status_code')).toBe(code);
      expect(states(outcome)).toEqual(all);
    },
  );

  test('with a state that has no name shows its number', async () => {
    await using server = await startGrpcServer(healthService({ '': 77 }));
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome).toMatchObject({ status: 'critical', reason: 'status' });
    expect(states(outcome)).toEqual([0, 0, 0, 0]);
    const family = { serving_status: '77' };
    expect(metric(outcome, 'probe_grpc_healthcheck_response', family)).toBe(1);
  });

  test('BB-G03 BB-G06 that does not know the service fails with 5', async () => {
    await using server = await startGrpcServer(healthService({ other: 1 }));
    const outcome = await runGrpc(`127.0.0.1:${server.port}`, { service: 'mine' });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'status' });
    expect(outcome.summary).toContain('gRPC status 5 NOT_FOUND, wanted OK: unknown service');
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(5);
    expect(familyNames(outcome)).toEqual(called);
    expect(states(outcome)).toEqual([0, 0, 0, 0]);
  });

  test('BB-G07 that is not there fails with 12', async () => {
    await using server = await startGrpcServer((stream) => refuse(stream, 12));
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome.status).toBe('critical');
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(12);
    expect(states(outcome)).toEqual([0, 0, 0, 0]);
  });
});

describe('TLS', () => {
  const authority = createAuthority();
  afterAll(() => authority[Symbol.dispose]());
  const { ca } = authority;
  const named = authority.issue({ names: 'DNS:localhost' });

  test('BB-G04 is exported with what belongs to it', async () => {
    let name: string | undefined;
    await using server = await startGrpcServer(
      healthService({ '': 1 }, (headers) => {
        name = headers[':authority'];
      }),
      { ...named, maxVersion: 'TLSv1.2' },
    );
    const outcome = await runGrpc(`127.0.0.1:${server.port}`, {
      tls: true,
      tls_config: { ca, server_name: 'localhost' },
    });
    expect(outcome.status).toBe('ok');
    expect(familyNames(outcome)).toEqual([...called, ...tlsFamilies].toSorted());
    expect(metric(outcome, 'probe_grpc_ssl')).toBe(1);
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(0);
    expect(labelsOf(outcome, 'probe_tls_version_info')).toEqual({ version: 'TLS 1.2' });
    expect(name).toBe('localhost');
  });

  test('takes the name of the target by default', async () => {
    await using server = await startGrpcServer(healthService({ '': 1 }), named);
    const outcome = await runGrpc(`https://localhost:${server.port}/`, {
      tls: true,
      tls_config: { ca },
      preferred_ip_protocol: 'ip4',
    });
    expect(outcome.status).toBe('ok');
  });

  test('does not count where the call over it failed', async () => {
    await using server = await startGrpcServer(healthService({}), named);
    const outcome = await runGrpc(`127.0.0.1:${server.port}`, {
      tls: true,
      tls_config: { ca, server_name: 'localhost' },
    });
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(5);
    expect(metric(outcome, 'probe_grpc_ssl')).toBe(0);
    expect(familyNames(outcome)).toEqual(called);
  });

  test('BB-G05 asked of a plain server fails with 14', async () => {
    await using server = await startGrpcServer(healthService({ '': 1 }));
    const outcome = await runGrpc(`127.0.0.1:${server.port}`, { tls: true });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'tls' });
    expect(metric(outcome, 'probe_grpc_ssl')).toBe(0);
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(14);
  });

  test('BB-G08 that does not verify exports nothing of TLS', async () => {
    await using server = await startGrpcServer(healthService({ '': 1 }), named);
    const outcome = await runGrpc(`127.0.0.1:${server.port}`, { tls: true, tls_config: { ca } });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'tls' });
    expect(familyNames(outcome)).toEqual(called);
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(14);
  });

  test('without HTTP/2 in its handshake fails with 14', async () => {
    await using server = await listen(createTlsServer(named));
    const outcome = await runGrpc(`127.0.0.1:${server.port}`, {
      tls: true,
      tls_config: { ca, server_name: 'localhost' },
    });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'tls' });
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(14);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });

  test('that is spoken where none is expected fails with 14', async () => {
    await using server = await startGrpcServer(healthService({ '': 1 }), named);
    const outcome = await runGrpc(`127.0.0.1:${server.port}`);
    expect(outcome.status).toBe('critical');
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(14);
  });

  test('with a broken tls_config fails before the lookup', async () => {
    const tls_config = { ca_file: '/nonexistent/ca.pem' };
    const outcome = await runGrpc('127.0.0.1:1', { tls: true, tls_config });
    expect(outcome).toMatchObject({ status: 'unknown', reason: 'missing' });
    expect(familyNames(outcome)).toEqual(always);
  });
});

describe('a target', () => {
  test('that refuses the connection fails with 14', async () => {
    const port = await closedPort();
    const outcome = await runGrpc(`127.0.0.1:${port}`);
    expect(outcome).toMatchObject({
      status: 'critical',
      reason: 'connect',
      summary: `connect to 127.0.0.1:${port} refused`,
    });
    expect(familyNames(outcome)).toEqual(called);
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(14);
  });

  test('that has no address of the wanted family was never called', async () => {
    const outcome = await runGrpc('127.0.0.1:1', { ip_protocol_fallback: false });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'resolve' });
    expect(familyNames(outcome)).toEqual([...addressFamilies, ...always].toSorted());
    expect(phasesIn(outcome, 'probe_grpc_duration_seconds')).toEqual(['resolve']);
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(0);
  });

  test.each(['127.0.0.1:a', 'http://', 'a b:c:d', '127.0.0.1:99999'])(
    '%s is none, and is not looked up',
    async (target) => {
      const outcome = await runGrpc(target);
      expect(outcome).toMatchObject({ status: 'critical', reason: 'resolve' });
      expect(metric(outcome, 'probe_grpc_status_code')).toBe(0);
    },
  );

  test.each(['http://', 'https://'])('may have %s in front', async (scheme) => {
    await using server = await startGrpcServer(healthService({ '': 1 }));
    expect((await runGrpc(`${scheme}127.0.0.1:${server.port}`)).status).toBe('ok');
    expect((await runGrpc(`${scheme}127.0.0.1:${server.port}/path?a#b`)).status).toBe('ok');
  });

  test('is not touched if the gate is closed to it', async () => {
    await using server = await startGrpcServer(healthService({ '': 1 }));
    const outcome = await runGrpc(`127.0.0.1:${server.port}`, {}, { gate: closedGate });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'permission' });
    expect(phasesIn(outcome, 'probe_grpc_duration_seconds')).toEqual(['resolve']);
    expect(server.open.size).toBe(0);
  });

  test('that never answers is left at the deadline, with 4', async () => {
    await using server = await startTcpServer((socket) => void socket.resume());
    const outcome = await runGrpc(`127.0.0.1:${server.port}`, {}, { timeoutMs: 200 });
    expect(outcome).toMatchObject({ status: 'critical', reason: 'timeout' });
    expect(metric(outcome, 'probe_grpc_status_code')).toBe(4);
    expect(metric(outcome, 'probe_grpc_duration_seconds', { phase: 'check' })).toBeLessThan(2);
    await eventually(() => server.open.size === 0, 'the connection is closed');
  });
});

describe('metadata', () => {
  test.each([
    ['X-Upper', 'a'],
    ['x-umlaut', 'ä'],
    ['connection', 'close'],
  ])(
    'that cannot be sent (%s) fails with 13, which says nothing of the server',
    async (key, value) => {
      await using server = await startGrpcServer(healthService({ '': 1 }));
      const outcome = await runGrpc(`127.0.0.1:${server.port}`, { metadata: { [key]: [value] } });
      expect(outcome).toMatchObject({ status: 'unknown', reason: 'header' });
      expect(outcome.summary).toMatch(/metadata/);
      expect(metric(outcome, 'probe_grpc_status_code')).toBe(13);
    },
  );

  test('with a key in capitals is refused where a check has it', () => {
    expect(v.safeParse(grpcBlock, { metadata: { 'X-Upper': ['a'] } }).success).toBe(false);
  });
});

test('a check of this type has a target and a block', () => {
  const options = v.parse(v.strictObject(grpc.entries), { target: 'localhost' });
  expect(options).toMatchObject({ grpc: { ip_protocol_fallback: true, service: '', tls: false } });
  expect(grpc.target?.(options)).toBe('localhost');
});
