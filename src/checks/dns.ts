import { nonEmptyText } from '../lib/schema-atoms.ts';
import { checkType, prober } from './check-type.ts';
import { probeDns } from './net/dns/dns-probe.ts';
import { dnsBlock, dnsModuleBlock } from './net/dns/dns-options.ts';
import { openProbe } from './net/probe.ts';
import { thresholdEntries } from './net/probe-thresholds.ts';

export const dns = checkType({
  entries: { target: nonEmptyText, ...thresholdEntries, dns: dnsBlock },
  target: (options) => options.target,
  open: (spec, environment) =>
    openProbe(
      probeDns,
      spec.options.target,
      spec.options.dns,
      environment,
      spec.options,
      spec.name,
    ),
  prober: prober({
    block: dnsModuleBlock,
    probe: probeDns,
    absent: { query_name: '.' },
  }),
});
