import type { MetricFamily, Phase } from '../../../model/result.ts';
import { flagGauge, gauge, phaseFamily } from '../families.ts';
import { announcedLength, headerValue, parseHttpDate } from './http-headers.ts';
import type { Reply } from './http-exchange.ts';

/** What of an http probe is exported whether it succeeded or not. */
interface HttpFacts {
  readonly reply?: Reply | undefined;
  /** Of the request that it answers. */
  readonly method: string;
  readonly redirects: number;
  readonly bodyBytes: number;
  readonly isTls: boolean;
  readonly isRegexFailure: boolean;
  /** Undefined where no rule in CEL is configured. */
  readonly isCelFailure: boolean | undefined;
  /** Empty if the resolver step was never reached. */
  readonly phases: readonly Phase[];
}

function lastModified(reply: Reply | undefined): MetricFamily[] {
  const date = reply && headerValue(reply.headers, 'last-modified');
  const seconds = date === undefined ? undefined : parseHttpDate(date);
  if (seconds === undefined) return [];
  return [
    gauge(
      'probe_http_last_modified_timestamp_seconds',
      'The Last-Modified header of the final response, as Unix time.',
      seconds,
    ),
  ];
}

/** The families of the http prober but those of the resolver step and of TLS. */
export function httpFamilies(facts: HttpFacts): MetricFamily[] {
  const { reply, phases } = facts;
  const length = reply === undefined ? 0 : announcedLength(reply, facts.method);
  const duration = phaseFamily(
    'probe_http_duration_seconds',
    'Seconds spent in each phase, over all redirects.',
    phases,
  );
  return [
    ...(phases.length === 0 ? [] : [duration]),
    flagGauge(
      'probe_failed_due_to_regex',
      'Whether a regular expression about headers or body made the probe fail.',
      facts.isRegexFailure,
    ),
    ...(facts.isCelFailure === undefined
      ? []
      : [
          flagGauge(
            'probe_failed_due_to_cel',
            'Whether an expression in CEL about the body made the probe fail.',
            facts.isCelFailure,
          ),
        ]),
    gauge(
      'probe_http_content_length',
      'Length of the final response as its head announces it, -1 if it does not.',
      length,
    ),
    ...lastModified(reply),
    gauge('probe_http_redirects', 'Redirects seen.', facts.redirects),
    flagGauge('probe_http_ssl', 'Whether the final response came over TLS.', facts.isTls),
    gauge('probe_http_status_code', 'Status of the final response.', reply?.status ?? 0),
    gauge(
      'probe_http_uncompressed_body_length',
      'Bytes of the final body, after decompression.',
      facts.bodyBytes,
    ),
    gauge('probe_http_version', 'Version of HTTP of the final response.', reply?.version ?? 0),
  ];
}
