import { rfc3339, type WallMs } from '../model/time.ts';
import { plainJson } from './api-v2-answers.ts';
import { alertFilter } from './api-v2-filters.ts';
import { postAlerts } from './api-v2-posts.ts';
import { alertShape, compareByFingerprint, compareGroups, groupShape } from './api-v2-shapes.ts';
import { expireSilence, getSilence, listSilences, putSilence } from './api-v2-silences.ts';
import type { WebRequest, WebResponse, WebRoute } from './exchange.ts';
import type { WebServerOptions } from './server-options.ts';

/** The API of Alertmanager, version 2: a Prometheus sends its alerts here, and amtool works. */
export function apiV2Routes(options: WebServerOptions): readonly WebRoute[] {
  const { commands, clock } = options;
  const nowMs = (): WallMs => clock.now().wallMs;
  return [
    { path: '/api/v2/status', get: () => status(options) },
    {
      path: '/api/v2/receivers',
      get: () =>
        plainJson(
          200,
          commands.routing().receivers.map((name) => ({ name })),
        ),
    },
    {
      path: '/api/v2/alerts',
      get: (request) => listAlerts(options, request),
      post: (request) => postAlerts(commands, request),
    },
    { path: '/api/v2/alerts/groups', get: (request) => listGroups(options, request) },
    {
      path: '/api/v2/silences',
      get: (request) => listSilences(commands, request, nowMs()),
      post: (request) => putSilence(commands, request),
    },
    {
      path: '/api/v2/silence/:id',
      get: (request) => getSilence(commands, request, nowMs()),
      delete: (request) => expireSilence(commands, request),
    },
  ];
}

/** A masked address of a webhook: before version 0.26 amtool wants an address there. */
const maskedUrl = /^([ -]+url: )<secret>$/gm;

/** `original` is the part of the configuration that Alertmanager has too, in its format. */
function status({ commands, snapshot }: WebServerOptions): WebResponse {
  const { startedAt, version } = snapshot();
  return plainJson(200, {
    cluster: { peers: [], status: 'disabled' },
    config: {
      original: commands.routing().longForm.replaceAll(maskedUrl, '$1http://secret.invalid/'),
    },
    uptime: rfc3339(startedAt),
    versionInfo: {
      branch: 'tocsin',
      buildDate: '',
      buildUser: '',
      goVersion: '',
      revision: '',
      version,
    },
  });
}

function listAlerts({ commands, clock }: WebServerOptions, { query }: WebRequest): WebResponse {
  const filter = alertFilter(query);
  if ('answer' in filter) return filter.answer;
  const end = fallbackEnd(commands, clock.now().wallMs);
  const shown = commands.alerts().filter((view) => filter.value(view));
  return plainJson(
    200,
    shown.toSorted(compareByFingerprint).map((view) => alertShape(view, end)),
  );
}

function listGroups({ commands, clock }: WebServerOptions, { query }: WebRequest): WebResponse {
  const filter = alertFilter(query);
  if ('answer' in filter) return filter.answer;
  const end = fallbackEnd(commands, clock.now().wallMs);
  const groups = commands.alertGroups().flatMap((group) => {
    const alerts = group.alerts.filter((view) => filter.value(view));
    return alerts.length === 0 ? [] : [{ ...group, alerts: alerts.toSorted(compareByFingerprint) }];
  });
  return plainJson(
    200,
    groups.toSorted(compareGroups).map((group) => groupShape(group, end)),
  );
}

function fallbackEnd(commands: WebServerOptions['commands'], nowMs: WallMs): WallMs {
  return (nowMs + commands.routing().resolveTimeoutMs) as WallMs;
}
