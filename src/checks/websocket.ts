import * as v from 'valibot';
import { nonEmptyText } from '../lib/schema-atoms.ts';
import { checkType, prober } from './check-type.ts';
import { withoutPassword } from '../lib/http-url.ts';
import { openProbe } from './net/probe.ts';
import { thresholdEntries } from './net/probe-thresholds.ts';
import { websocketBlock, websocketModuleBlock } from './net/websocket/websocket-options.ts';
import { probeWebsocket } from './net/websocket/websocket-probe.ts';

export const websocket = checkType({
  entries: { target: nonEmptyText, ...thresholdEntries, websocket: v.optional(websocketBlock, {}) },
  target: (options) => withoutPassword(options.target),
  open: (spec, environment) =>
    openProbe(
      probeWebsocket,
      spec.options.target,
      spec.options.websocket,
      environment,
      spec.options,
      spec.name,
    ),
  prober: prober({ block: websocketModuleBlock, probe: probeWebsocket }),
});
