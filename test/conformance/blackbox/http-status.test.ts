import { expect } from 'vitest';
import { answering, serving, watching } from './kit/http.ts';
import { contest, type ProbeCase } from './kit/contest.ts';

function status(
  title: string,
  code: number,
  valid: number[] | undefined,
  success: 0 | 1,
): ProbeCase {
  return {
    title,
    module: { prober: 'http', http: valid === undefined ? {} : { valid_status_codes: valid } },
    server: answering({ status: code }),
    expect: {
      success,
      metrics: { probe_http_status_code: code, probe_http_version: 1.1, probe_http_ssl: 0 },
      absent: ['probe_ssl_earliest_cert_expiry', 'probe_tls_version_info'],
    },
  };
}

const statusCodes: readonly ProbeCase[] = [
  status('BB-T01 200 is valid unless the module says otherwise', 200, undefined, 1),
  status('BB-T02 201 is valid unless the module says otherwise', 201, undefined, 1),
  status('BB-T03 299 is valid unless the module says otherwise', 299, undefined, 1),
  status('BB-T04 300 is not valid unless the module says so', 300, undefined, 0),
  status('BB-T05 404 is not valid unless the module says so', 404, undefined, 0),
  status('BB-T06 404 is valid as one of 200 and 404', 404, [200, 404], 1),
  status('BB-T07 200 is valid as one of 200 and 404', 200, [200, 404], 1),
  status('BB-T08 201 is not one of 200 and 404', 201, [200, 404], 0),
  status('BB-T09 404 is valid where only 404 is', 404, [404], 1),
  status('BB-T10 200 is not valid where only 404 is', 200, [404], 0),
];

function version(title: string, versions: readonly string[], success: 0 | 1): ProbeCase {
  return {
    title,
    module: { prober: 'http', http: { valid_http_versions: versions } },
    server: answering({ body: 'ok' }),
    expect: { success, metrics: { probe_http_version: 1.1, probe_http_status_code: 200 } },
  };
}

const versionsOfHTTP: readonly ProbeCase[] = [
  version('BB-T11 no list allows any version', [], 1),
  version('BB-T12 HTTP/1.1 is the only one allowed', ['HTTP/1.1'], 1),
  version('BB-T13 HTTP/1.1 is one of two', ['HTTP/1.1', 'HTTP/2.0'], 1),
  version('BB-T14 HTTP/1.1 is not HTTP/2.0', ['HTTP/2.0'], 0),
];

/** Redirects to the next of `/1`, `/2`, … up to `last`, which answers 200. */
function chain(last: number): NonNullable<ProbeCase['server']> {
  return serving((request, response) => {
    const step = Number((request.url ?? '/').slice(1));
    if (step >= last) response.end('there');
    else response.writeHead(302, { location: `/${step + 1}` }).end();
  });
}

const redirects: readonly ProbeCase[] = [
  {
    title: 'BB-T29 a redirect is followed and counted',
    module: { prober: 'http' },
    server: chain(1),
    expect: { success: 1, metrics: { probe_http_redirects: 1, probe_http_status_code: 200 } },
  },
  {
    title: 'BB-T30 a redirect that is not followed can be what is wanted',
    module: { prober: 'http', http: { follow_redirects: false, valid_status_codes: [302] } },
    server: chain(1),
    expect: {
      success: 1,
      metrics: {
        probe_http_redirects: 1,
        probe_http_status_code: 302,
        probe_http_uncompressed_body_length: 0,
      },
    },
  },
  {
    title: 'BB-T31 the eleventh redirect in a row is not followed',
    module: { prober: 'http' },
    server: watching(
      (requests) =>
        expect(requests.map(({ url }) => url)).toEqual([
          '/',
          ...Array.from({ length: 10 }, (_, index) => `/${index + 1}`),
        ]),
      (request, response) => {
        const step = Number((request.url ?? '/').slice(1));
        response.writeHead(302, { location: `/${step + 1}` }).end();
      },
    ),
    expect: { success: 0, metrics: { probe_http_redirects: 11, probe_http_status_code: 302 } },
  },
  {
    title: 'BB-T92 a cookie that a redirect sets is sent along with the next request',
    module: { prober: 'http' },
    server: watching(
      (requests) =>
        expect(requests.map(({ headers }) => headers.cookie)).toEqual([undefined, 'taste=sweet']),
      (request, response) => {
        if (request.url === '/next') response.end('there');
        else response.writeHead(302, { location: '/next', 'set-cookie': 'taste=sweet' }).end();
      },
    ),
    expect: { success: 1, metrics: { probe_http_redirects: 1 } },
  },
  {
    title: 'BB-T108 the body of a redirect that is not followed fails every rule for it',
    module: {
      prober: 'http',
      http: {
        follow_redirects: false,
        valid_status_codes: [302],
        fail_if_body_matches_regexp: ['never there'],
      },
    },
    server: chain(1),
    expect: {
      success: 0,
      metrics: {
        probe_failed_due_to_regex: 1,
        probe_http_redirects: 1,
        probe_http_status_code: 302,
        probe_http_uncompressed_body_length: 0,
      },
    },
  },
];

contest({ statusCodes, versionsOfHTTP, redirects });
