import * as v from 'valibot';
import { nonEmptyText } from '../lib/schema-atoms.ts';
import { checkType, prober } from './check-type.ts';
import { probeIcmp } from './net/icmp/icmp-probe.ts';
import { icmpBlock, icmpModuleBlock } from './net/icmp/icmp-options.ts';
import { openProbe } from './net/probe.ts';
import { latencyEntries } from './net/probe-thresholds.ts';

export const icmp = checkType({
  entries: { target: nonEmptyText, ...latencyEntries, icmp: v.optional(icmpBlock, {}) },
  target: (options) => options.target,
  open: (spec, environment) =>
    openProbe(
      probeIcmp,
      spec.options.target,
      spec.options.icmp,
      environment,
      spec.options,
      spec.name,
    ),
  prober: prober({
    block: icmpModuleBlock,
    probe: probeIcmp,
  }),
});
