import { type ScriptedHttpServer, startScriptedHttpServer } from './scripted-http-server.ts';

/** A receiver that takes JSON by POST, as those behind Alertmanager's webhooks do. */
export function startWebhookServer(tls?: {
  readonly key: string;
  readonly cert: string;
}): Promise<ScriptedHttpServer> {
  return startScriptedHttpServer(({ method, headers, body }) => {
    if (method !== 'POST') return { status: 405 };
    if (headers['content-type'] !== 'application/json') return { status: 415 };
    try {
      JSON.parse(body);
      return { status: 200 };
    } catch {
      return { status: 400, body: 'no JSON' };
    }
  }, tls);
}
