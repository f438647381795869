import type { Clock } from '../lib/clock.ts';
import { expositionContentType } from '../metrics/exposition.ts';
import type { ModuleSpec } from '../model/config.ts';
import {
  textResponse,
  textType,
  type WebRequest,
  type WebResponse,
  type WebRoute,
} from './exchange.ts';
import type { ProbeHistory } from './probe-history.ts';
import { createProbeLog, debugReport, isSuccess, probeExposition } from './probe-report.ts';
import { probeTimeoutSeconds } from './probe-timeout.ts';
import type { WebProber } from './prober.ts';

const moduleDefault = 'http_2xx';

/** `/probe` and `/logs`, as blackbox_exporter answers them. */
export function probeRoutes(
  prober: WebProber,
  history: ProbeHistory,
  clock: Clock,
): readonly WebRoute[] {
  const desk = { prober, history, clock };
  return [
    { path: '/probe', any: (request) => probe(desk, request) },
    { path: '/logs', any: ({ query }) => logs(history, query) },
  ];
}

/** What answering a request needs. */
interface Desk {
  readonly prober: WebProber;
  readonly history: ProbeHistory;
  readonly clock: Clock;
}

/** What is refused is refused in this order: the module, the timeout, the target, the host name. */
async function probe(desk: Desk, { query, headers }: WebRequest): Promise<WebResponse> {
  const { prober } = desk;
  const settings = prober.settings();
  if (!settings.enabled)
    return textResponse(404, 'server.probe.enabled is false in the configuration.');
  const name = query.get('module') || moduleDefault;
  const found = await prober.module(name);
  if (found === undefined) {
    prober.countUnknown();
    return textResponse(400, `Unknown module ${JSON.stringify(name)}`);
  }
  const header = headers['x-prometheus-scrape-timeout-seconds'];
  const seconds = probeTimeoutSeconds(
    typeof header === 'string' ? header : undefined,
    found.timeoutMs / 1000,
    settings.timeoutOffsetMs / 1000,
  );
  if (seconds === undefined) {
    return textResponse(500, `The scrape timeout ${JSON.stringify(header)} is not a number`);
  }
  const target = decodedAgain(query.get('target') ?? '');
  if (target === '') return textResponse(400, 'Target parameter is missing');
  const hostname = query.get('hostname') ?? '';
  const module = hostname === '' ? found : prober.forHostname(found, hostname);
  if (typeof module === 'string') return textResponse(400, module);
  return run(desk, { module, target, seconds, isDebug: query.get('debug') === 'true' });
}

/** A target that was encoded twice on its way through relabelling is as good as one that was not. */
function decodedAgain(target: string): string {
  try {
    return decodeURIComponent(target.replaceAll('+', ' '));
  } catch {
    return target;
  }
}

interface Wanted {
  readonly module: ModuleSpec;
  readonly target: string;
  readonly seconds: number;
  readonly isDebug: boolean;
}

async function run(
  { prober, history, clock }: Desk,
  { module, target, seconds, isDebug }: Wanted,
): Promise<WebResponse> {
  const facts = { module: module.name, target };
  const log = createProbeLog(facts, prober.settings().logLevel, () => new Date(clock.now().wallMs));
  log.add('debug', 'Beginning probe', { probe: module.prober, timeout_seconds: seconds });
  const probed = await prober.run({
    module,
    target,
    timeoutMs: seconds * 1000,
    log: (line, level) => log.add(level, line),
  });
  if (probed.kind === 'refused') return textResponse(403, probed.why);
  const { result, durationMs } = probed;
  const success = isSuccess(result);
  const duration = { duration_seconds: durationMs / 1000 };
  if (success) log.add('debug', 'Probe succeeded', duration);
  else log.add('error', `Probe failed: ${result.summary}`, duration);
  const metrics = probeExposition(result, durationMs / 1000, seconds);
  const report = async (): Promise<string> => debugReport(log.text(), metrics, module);
  history.add({ ...facts, success, summary: result.summary, at: clock.now().wallMs, report });
  return isDebug
    ? { status: 200, contentType: textType, body: await report() }
    : { status: 200, contentType: expositionContentType, body: metrics };
}

async function logs(history: ProbeHistory, query: URLSearchParams): Promise<WebResponse> {
  const id = /^[+-]?\d+$/.test(query.get('id') ?? '') ? Number(query.get('id')) : undefined;
  const target = query.get('target') ?? '';
  const module = query.get('module') ?? '';
  if (id !== undefined && target !== '')
    return textResponse(400, 'Give either id or target, not both');
  if (id === undefined && target === '')
    return textResponse(400, 'The parameter id or target is missing');
  if (target === '' && module !== '') return textResponse(400, 'module goes together with target');
  const kept = id === undefined ? history.byTarget(target, module) : history.byId(id);
  if (kept === undefined) return textResponse(404, 'No such probe is kept');
  return { status: 200, contentType: textType, body: await kept.report() };
}
