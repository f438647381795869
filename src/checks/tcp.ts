import * as v from 'valibot';
import { nonEmptyText } from '../lib/schema-atoms.ts';
import { checkType, prober } from './check-type.ts';
import { probeTcp } from './net/stream/tcp-probe.ts';
import { tcpBlock, tcpModuleBlock, type TcpOptions } from './net/stream/tcp-options.ts';
import { openProbe } from './net/probe.ts';
import { thresholdEntries } from './net/probe-thresholds.ts';
import { tlsBlock } from '../lib/tls-options.ts';

/** Names the server in the handshake and in its certificate, unless the options do already. */
function withServerName(options: TcpOptions, hostname: string): TcpOptions {
  const { tls_config: tls = v.parse(tlsBlock, {}) } = options;
  if (tls.server_name !== undefined && tls.server_name !== '') return options;
  return { ...options, tls_config: { ...tls, server_name: hostname } };
}

export const tcp = checkType({
  entries: { target: nonEmptyText, ...thresholdEntries, tcp: v.optional(tcpBlock, {}) },
  target: (options) => options.target,
  open: (spec, environment) =>
    openProbe(
      probeTcp,
      spec.options.target,
      spec.options.tcp,
      environment,
      spec.options,
      spec.name,
    ),
  prober: prober({
    block: tcpModuleBlock,
    probe: probeTcp,
    forHostname: withServerName,
  }),
});
