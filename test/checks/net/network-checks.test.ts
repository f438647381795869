import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import type { CheckType } from '../../../src/checks/check-type.ts';
import { dns } from '../../../src/checks/dns.ts';
import { http } from '../../../src/checks/http.ts';
import { icmp } from '../../../src/checks/icmp.ts';
import { tcp } from '../../../src/checks/tcp.ts';
import type { CheckSpec, CheckTypeName } from '../../../src/model/check.ts';
import { agentView } from '../../support/host-check.ts';
import { probeContext } from '../../support/probe-context.ts';
import { startDnsServer } from '../../support/dns-server.ts';
import { startHttpServer } from '../../support/http-server.ts';

/** Reads the keys of a type as the configuration does, and opens the check. */
function open(type: CheckType, name: CheckTypeName, keys: Record<string, unknown>) {
  const options = v.parse(v.strictObject(type.entries), keys);
  const spec: CheckSpec<typeof options> = {
    name,
    type: name,
    schedule: { kind: 'interval', intervalMs: 30_000 },
    timeoutMs: 5000,
    startPeriodMs: 0,
    severity: 'critical',
    labels: {},
    annotations: {},
    dependsOn: [],
    expect: 'up',
    debounce: {
      failAfter: { kind: 'consecutive', failures: 3 },
      forMs: 0,
      recoverAfter: 2,
      keepFiringForMs: 0,
    },
    options,
  };
  const view = agentView();
  return {
    target: type.target?.(options),
    async run() {
      using context = probeContext();
      const startedAt = context.clock.now();
      const check = type.open(spec, { clock: context.clock, view });
      const result = await check.run({ ...context, startedAt });
      return { result, lines: context.lines };
    },
  };
}

test('an http check runs with nothing but a target, and its log is the log of the run', async () => {
  await using server = await startHttpServer((_request, response) => response.end());
  const { result, lines } = await open(http, 'http', { target: server.url }).run();
  expect(result.status).toBe('ok');
  expect(lines).toEqual(result.detail);
  expect(lines).toContain(`connected to 127.0.0.1:${server.port}`);
});

test('a dns check asks the target', async () => {
  await using server = await startDnsServer(() => ({}));
  const keys = { target: server.udp, dns: { query_name: 'example.com' } };
  expect((await open(dns, 'dns', keys).run()).result.status).toBe('ok');
});

describe('the target that is shown', () => {
  test.each([
    ['https://me:s3cret@example.com/a?b=c', 'https://me:xxxxx@example.com/a?b=c'],
    ['me:s3cret@example.com', 'me:xxxxx@example.com'],
    ['http://me:a:b@example.com', 'http://me:xxxxx@example.com'],
    ['http://me:s3@cret@example.com', 'http://me:xxxxx@example.com'],
    ['https://example.com/a:b@c', 'https://example.com/a:b@c'],
    ['127.0.0.1:8080', '127.0.0.1:8080'],
  ])('of %s has no password', (target, shown) => {
    expect(open(http, 'http', { target }).target).toBe(shown);
  });

  test('of the others is what was typed', () => {
    expect(open(tcp, 'tcp', { target: 'a:1' }).target).toBe('a:1');
    expect(open(icmp, 'icmp', { target: 'a' }).target).toBe('a');
  });
});

test.each([
  ['http', http, {}],
  ['http', http, { target: 'a', htp: {} }],
  ['http', http, { target: 'a', http: { metod: 'GET' } }],
  ['dns', dns, { target: 'a' }],
] as const)('keys that %s does not have, or lacks, are refused', (_name, type, keys) => {
  expect(v.safeParse(v.strictObject(type.entries), keys).success).toBe(false);
});
