import { postAlerts } from './api-v2-posts.ts';
import type { WebRoute } from './exchange.ts';
import type { WebServerOptions } from './server-options.ts';

/** The API of Alertmanager, version 2: a Prometheus sends its alerts here, and amtool works. */
export function apiV2Routes({ commands }: WebServerOptions): readonly WebRoute[] {
  return [{ path: '/api/v2/alerts', post: (request) => postAlerts(commands, request) }];
}
