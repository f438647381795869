import { expositionContentType } from '../metrics/exposition.ts';
import { textResponse, textType, type WebRoute } from './exchange.ts';
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
    { path: '/-/healthy', get: () => textResponse(200, 'tocsin is healthy.') },
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
