import * as v from 'valibot';
import { nonEmptyText } from '../lib/schema-atoms.ts';
import { checkType, prober } from './check-type.ts';
import { probeHttp } from './net/http/http-probe.ts';
import { isNamed } from './net/http/http-request.ts';
import { httpBlock, httpModuleBlock, type HttpOptions } from './net/http/http-options.ts';
import { openProbe } from './net/probe.ts';
import { thresholdEntries } from './net/probe-thresholds.ts';
import { withoutPassword } from '../lib/http-url.ts';

/** Asks for another host than the target's, unless the headers ask for a third one. */
function withHost(options: HttpOptions, hostname: string): HttpOptions | string {
  const isHost = isNamed('host');
  const headers = Object.entries(options.headers);
  const host = headers.find(isHost)?.[1];
  if (host !== undefined && host !== hostname) {
    return `the module has the Host header ${host}, the parameter hostname says ${hostname}`;
  }
  const others = headers.filter((header) => !isHost(header));
  return { ...options, headers: { ...Object.fromEntries(others), Host: hostname } };
}

export const http = checkType({
  entries: { target: nonEmptyText, ...thresholdEntries, http: v.optional(httpBlock, {}) },
  target: (options) => withoutPassword(options.target),
  open: (spec, environment) =>
    openProbe(
      probeHttp,
      spec.options.target,
      spec.options.http,
      environment,
      spec.options,
      spec.name,
    ),
  prober: prober({
    block: httpModuleBlock,
    probe: probeHttp,
    forHostname: withHost,
  }),
});
