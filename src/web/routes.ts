import { ackLinkRoutes } from './ack-link.ts';
import { alertPageRoutes } from './alert-pages.ts';
import { alertRoutes } from './api-alerts.ts';
import { apiRoutes } from './api.ts';
import { apiV2Routes } from './api-v2.ts';

import { recordingRoutes } from './api-recording.ts';
import type { WebRoute } from './exchange.ts';
import { healthRoutes } from './health.ts';
import { managementRoutes } from './management.ts';
import { pageRoutes } from './page-routes.ts';
import { pingRoutes } from './ping.ts';
import { createProbeHistory } from './probe-history.ts';
import { probeRoutes } from './probe.ts';
import type { WebServerOptions } from './server-options.ts';

/** Everything the web server answers. */
export function webRoutes(options: WebServerOptions): readonly WebRoute[] {
  const { prober } = options;
  const history = createProbeHistory(() => prober.settings().historyLimit);
  return [
    ...pageRoutes(options, history),
    ...probeRoutes(prober, history, options.clock),
    ...managementRoutes(options),
    ...healthRoutes(options.snapshot),
    ...pingRoutes(options.commands),
    ...alertPageRoutes(options),
    ...ackLinkRoutes(options),
    ...apiRoutes(options),
    ...alertRoutes(options),
    ...apiV2Routes(options),

    ...recordingRoutes(() => options.commands.recording()),
  ];
}
