import * as v from 'valibot';
import { nonEmptyText } from '../lib/schema-atoms.ts';
import { checkType, prober } from './check-type.ts';
import { openProbe } from './net/probe.ts';
import { thresholdEntries } from './net/probe-thresholds.ts';
import { unixBlock, unixModuleBlock } from './net/stream/unix-options.ts';
import { probeUnix } from './net/stream/unix-probe.ts';

export const unix = checkType({
  entries: { target: nonEmptyText, ...thresholdEntries, unix: v.optional(unixBlock, {}) },
  target: (options) => options.target,
  open: (spec, environment) =>
    openProbe(
      probeUnix,
      spec.options.target,
      spec.options.unix,
      environment,
      spec.options,
      spec.name,
    ),
  prober: prober({ block: unixModuleBlock, probe: probeUnix }),
});
