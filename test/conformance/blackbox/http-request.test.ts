import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { contest, type ProbeCase } from './kit/contest.ts';
import { answering, watching, type Arrived } from './kit/http.ts';

const directory = mkdtempSync(join(tmpdir(), 'tocsin-request-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** A case in which one request arrives that is as wanted. */
function arrives(
  title: string,
  http: object,
  verify: (request: Arrived) => void,
  beyond?: string,
): ProbeCase {
  return {
    title,
    module: { prober: 'http', http },
    server: watching((requests) => {
      expect(requests).toHaveLength(1);
      if (requests[0] !== undefined) verify(requests[0]);
    }),
    expect: { success: 1, metrics: { probe_http_status_code: 200 } },
    ...(beyond === undefined ? {} : { beyond }),
  };
}

const basic = `Basic ${Buffer.from('prober:open sesame').toString('base64')}`;

const requests: readonly ProbeCase[] = [
  arrives('BB-T32 a POST reaches the server', { method: 'POST' }, ({ method }) =>
    expect(method).toBe('POST'),
  ),
  arrives(
    'BB-T33 a user and a password are sent',
    { basic_auth: { username: 'prober', password: 'open sesame' } },
    ({ headers }) => expect(headers.authorization).toBe(basic),
  ),
  arrives(
    'BB-T33 a password out of a file is sent',
    { basic_auth: { username: 'prober', password_file: file('password', 'open sesame\n') } },
    ({ headers }) => expect(headers.authorization).toBe(basic),
  ),
  arrives('BB-T33 a bearer token is sent', { bearer_token: 'open-sesame' }, ({ headers }) =>
    expect(headers.authorization).toBe('Bearer open-sesame'),
  ),
  arrives(
    'BB-T85 headers arrive as they are configured',
    {
      headers: {
        Host: 'web.example.com',
        'User-Agent': 'prober of tides',
        'Accept-Language': 'en-GB',
      },
    },
    ({ headers }) =>
      expect(headers).toMatchObject({
        host: 'web.example.com',
        'user-agent': 'prober of tides',
        'accept-language': 'en-GB',
      }),
  ),
  arrives('BB-T99 a body arrives unchanged', { method: 'POST', body: ' a=1\nb=ö ' }, (request) =>
    expect(request.body).toBe(' a=1\nb=ö '),
  ),
  arrives(
    'BB-T99 the body in a file arrives unchanged',
    { method: 'POST', body_file: file('body', ' a=1\nb=ö \n') },
    (request) => expect(request.body).toBe(' a=1\nb=ö \n'),
    'body_file came with 0.24',
  ),
  arrives('BB-T99 no body is none', { method: 'POST' }, (request) => expect(request.body).toBe('')),
];

const okay = answering({ body: 'ok' });
const laterPhases = ['connect', 'processing', 'tls', 'transfer'];

function scheme(title: string, written: string, success: 0 | 1, beyond?: string): ProbeCase {
  return {
    title,
    module: { prober: 'http', http: { preferred_ip_protocol: 'ip4' } },
    server: okay,
    target: (base) => base.replace('http://', written),
    expect: { success, metrics: { probe_http_status_code: success === 1 ? 200 : 0 } },
    ...(beyond === undefined ? {} : { beyond }),
  };
}

const mixedCase = 'after 0.28; before, http:// was put in front';

const schemesOfTargets: readonly ProbeCase[] = [
  scheme('BB-T100 http:// is understood', 'http://', 1),
  scheme('BB-T100 no scheme is http', '', 1),
  scheme('BB-T100 HTTP:// is understood', 'HTTP://', 1, mixedCase),
  scheme('BB-T100 hTtP:// is understood', 'hTtP://', 1, mixedCase),
  scheme('BB-T100 another scheme is a failed probe', 'invalid://', 0),
];

const zeroFacts = {
  probe_http_status_code: 0,
  probe_http_version: 0,
  probe_http_ssl: 0,
  probe_http_content_length: 0,
  probe_http_uncompressed_body_length: 0,
  probe_http_redirects: 0,
  probe_failed_due_to_regex: 0,
};
const httpFamilies = Object.keys(zeroFacts);
const resolverFamilies = [
  'probe_dns_lookup_time_seconds',
  'probe_ip_addr_hash',
  'probe_ip_protocol',
];
const phaseFamily = 'probe_http_duration_seconds';

function phasesOf(page: Parameters<NonNullable<ProbeCase['judge']>>[0]): string[] {
  return [...(page.families.get(phaseFamily)?.samples.keys() ?? [])];
}

const everyPhase = ['resolve', ...laterPhases].toSorted().map((phase) => `{phase="${phase}"}`);

const phases: readonly ProbeCase[] = [
  {
    title: 'BB-T91 there are exactly five phases',
    module: { prober: 'http' },
    server: okay,
    expect: { success: 1, families: [...httpFamilies, ...resolverFamilies, phaseFamily] },
    judge: (page) => expect(phasesOf(page)).toEqual(everyPhase),
  },
  {
    title: 'BB-T104 a refused connection has all phases, nothing in the last four, and no TLS',
    module: { prober: 'http' },
    target: 'http://127.0.0.1:9',
    expect: {
      success: 0,
      metrics: {
        ...zeroFacts,
        ...Object.fromEntries(
          laterPhases.map((phase) => [`${phaseFamily}{phase="${phase}"}`, 0] as const),
        ),
        probe_ip_protocol: 4,
        probe_ip_addr_hash: 3668918509,
      },
      families: [...httpFamilies, ...resolverFamilies, phaseFamily],
    },
    judge: (page) => expect(phasesOf(page)).toEqual(everyPhase),
  },
  {
    title: 'BB-T105 a name that does not resolve has no phase but the lookup',
    module: { prober: 'http' },
    target: 'http://nothing.invalid/',
    expect: {
      success: 0,
      metrics: { ...zeroFacts, probe_ip_protocol: 0, probe_ip_addr_hash: 0 },
      families: [...httpFamilies, ...resolverFamilies, phaseFamily],
    },
    judge: (page) => expect(phasesOf(page)).toEqual(['{phase="resolve"}']),
  },
  {
    title: 'BB-T106 a target that is no URL has no phases and nothing of a lookup',
    module: { prober: 'http' },
    target: 'http://%zz',
    expect: { success: 0, metrics: zeroFacts, families: httpFamilies },
  },
];

contest({ requests, schemesOfTargets, phases });
