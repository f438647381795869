import { nonEmptyText } from '../lib/schema-atoms.ts';
import { checkType, prober } from './check-type.ts';
import { probeDns } from './net/dns-probe.ts';
import { dnsBlock, dnsModuleBlock } from './net/dns-options.ts';
import { openProbe } from './net/probe.ts';

export const dns = checkType({
  entries: { target: nonEmptyText, dns: dnsBlock },
  target: (options) => options.target,
  open: (spec, environment) =>
    openProbe(probeDns, spec.options.target, spec.options.dns, environment),
  prober: prober({
    block: dnsModuleBlock,
    probe: probeDns,
    absent: { query_name: '.' },
  }),
});
