import { expositionContentType } from '../metrics/exposition.ts';
import { textResponse, textType, type WebResponse, type WebRoute } from './exchange.ts';
import { modulesYaml } from './module-yaml.ts';
import type { WebServerOptions } from './server-options.ts';

/** The paths that Prometheus, its exporters and Alertmanager share. */
export function managementRoutes(options: WebServerOptions): readonly WebRoute[] {
  return [
    {
      path: '/metrics',
      get: async () => ({
        status: 200,
        contentType: expositionContentType,
        body: await options.metrics(),
      }),
    },
    { path: '/-/healthy', get: () => healthy(options.standstill()) },
    {
      path: '/-/ready',
      get: () =>
        options.snapshot().ready
          ? textResponse(200, 'tocsin is ready.')
          : textResponse(503, 'tocsin is not ready yet.'),
    },
    {
      path: '/-/reload',
      post: async () => {
        const outcome = await options.commands.reload();
        return outcome.ok ? textResponse(200, '') : textResponse(500, outcome.problems.join('\n'));
      },
    },
    {
      path: '/config',
      get: async () => ({
        status: 200,
        contentType: textType,
        body: options.configText() + (await modulesYaml(await options.prober.modules())),
      }),
    },
  ];
}

/** Whoever restarts what is not healthy does so for what a new start cures, as systemd's watchdog does. */
function healthy(standstill: string | undefined): WebResponse {
  return standstill === undefined
    ? textResponse(200, 'tocsin is healthy.')
    : textResponse(503, `tocsin is not healthy: ${standstill}.`);
}
