import * as v from 'valibot';
import { nonEmptyText } from '../lib/schema-atoms.ts';
import { checkType, prober } from './check-type.ts';
import { grpcBlock, grpcModuleBlock } from './net/grpc/grpc-options.ts';
import { probeGrpc } from './net/grpc/grpc-probe.ts';
import { openProbe } from './net/probe.ts';
import { thresholdEntries } from './net/probe-thresholds.ts';

export const grpc = checkType({
  entries: { target: nonEmptyText, ...thresholdEntries, grpc: v.optional(grpcBlock, {}) },
  target: (options) => options.target,
  open: (spec, environment) =>
    openProbe(
      probeGrpc,
      spec.options.target,
      spec.options.grpc,
      environment,
      spec.options,
      spec.name,
    ),
  prober: prober({ block: grpcModuleBlock, probe: probeGrpc }),
});
