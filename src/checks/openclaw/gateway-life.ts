import { dirname, join } from 'node:path';
import * as v from 'valibot';
import type { Clock } from '../../lib/clock.ts';
import { notOk, ok, type CheckResult } from '../../model/result.ts';
import type { Secret } from '../../model/secret.ts';
import { hostPlaces } from '../host/places.ts';
import { isFailure } from '../net/failure.ts';
import { findCredential } from './credential.ts';
import { valueIn } from './environment-file.ts';
import { portOf, type GatewayCommand } from './gateway-command.ts';
import { openLine } from './gateway-line.ts';
import { askPath, isLive, type ProbeAnswer } from './http-probes.ts';
import { readSettings, type GatewaySettings } from './settings.ts';
import { readSmallFile, type SmallFile } from './small-file.ts';

/** Where a gateway is to be, found anew each time: its settings may change while it runs. */
interface GatewayPlace {
  readonly port: number;
  /** What `port` was taken from, for people. */
  readonly source: string;
  readonly configFile: SmallFile;
  readonly settings: GatewaySettings | undefined;
}

/** Finds the address by the precedence of OpenClaw: option, variable, `.env`, settings, the usual one. */
export async function gatewayPlace(command: GatewayCommand): Promise<GatewayPlace> {
  const { configPath, stateFolder, port, portSource, portDefault } = command;
  const configFile = await readSmallFile(configPath);
  const settings = configFile.kind === 'text' ? readSettings(configFile.text) : undefined;
  const known = { configFile, settings };
  if (port !== undefined) return { port, source: portSource ?? 'its command', ...known };
  const dotEnv = await readSmallFile(join(stateFolder, '.env'));
  const written =
    dotEnv.kind === 'text' ? valueIn(dotEnv.text, 'OPENCLAW_GATEWAY_PORT') : undefined;
  const ofFile = portOf(written);
  if (ofFile !== undefined) return { port: ofFile, source: join(stateFolder, '.env'), ...known };
  return settings?.port === undefined
    ? { port: portDefault, source: 'the usual one', ...known }
    : { port: settings.port, source: configPath, ...known };
}

interface Asking {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

const startup = v.object({
  ok: v.boolean(),
  status: v.string(),
  version: v.optional(v.string()),
  pendingReason: v.optional(v.string()),
});

/**
 * Whether a gateway has started: by `/startupz`, or by `/health` where its version does not offer that. The
 * JSON decides, since an unknown path gives a page with status 200.
 */
export async function judgeGatewayStart(
  command: GatewayCommand,
  asking: Asking,
): Promise<CheckResult> {
  const place = await gatewayPlace(command);
  const answer = await askGateway('/startupz', place, asking);
  if (isFailure(answer)) return notOk('critical', answer.reason, answer.summary);
  const parsed = v.safeParse(startup, answer.json);
  if (!parsed.success) return judgeGatewayLife(command, asking);
  const { ok: isOk, status, version, pendingReason } = parsed.output;
  if (isOk && status === 'started') {
    return ok(`OpenClaw ${version ?? ''} has started on port ${place.port}`.replace('  ', ' '));
  }
  const why = pendingReason === undefined ? '' : ` (${pendingReason})`;
  return notOk('critical', 'status', `/startupz on port ${place.port} says ${status}${why}`);
}

const suppressed = v.object({ suppressed: v.array(v.string()) });

/**
 * Whether a gateway lives: its event loop answers `/health` with the JSON of a gateway. Nothing else ends
 * one: it mends channels and credentials itself. Channels that its restart breaker has switched off are a
 * warning.
 */
export async function judgeGatewayLife(
  command: GatewayCommand,
  asking: Asking,
): Promise<CheckResult> {
  const place = await gatewayPlace(command);
  const [health, ready] = await Promise.all([
    askGateway('/health', place, asking),
    askGateway('/readyz', place, asking),
  ]);
  if (isFailure(health)) return notOk('critical', health.reason, health.summary);
  if (!isLive(health)) {
    const what = `GET /health on port ${place.port} gives HTTP ${health.status}, but not the JSON of an OpenClaw gateway`;
    return notOk('critical', 'body', what);
  }
  const off = isFailure(ready) ? undefined : v.safeParse(suppressed, ready.json);
  const names = off?.success === true ? off.output.suppressed : [];
  if (names.length > 0) {
    const what = `the restart breaker of the gateway has switched off ${names.join(', ')} after repeated unclean starts: restart it once, cleanly`;
    return notOk('warning', 'status', what);
  }
  return ok(`OpenClaw answers on port ${place.port}`);
}

async function askGateway(
  path: string,
  { port, settings }: GatewayPlace,
  { clock, timeoutMs }: Asking,
): Promise<ProbeAnswer> {
  const signal = new AbortController().signal;
  const tls = settings?.isTls === true;
  return askPath(path, { port, tls }, { clock, timeoutMs, signal, log: () => undefined });
}

/**
 * Work that a restart would interrupt. Its message is left out: it may hold what somebody wrote to an agent.
 * Source: `gateway.restart.preflight` of OpenClaw 2026.9.6.
 */
const preflight = v.object({
  blockers: v.array(
    v.object({
      kind: v.optional(v.fallback(v.pipe(v.string(), v.regex(/^[a-z-]{1,40}$/)), 'work'), 'work'),
      count: v.optional(v.fallback(v.pipe(v.number(), v.integer()), 1), 1),
    }),
  ),
});

/**
 * Asks a gateway what a restart would interrupt, with the right to read; nothing if it cannot be asked. `pid`
 * is the number of its process, whose environment may hold its token.
 */
export async function gatewayBlockers(
  command: GatewayCommand,
  pid: number | undefined,
  { clock, timeoutMs }: Asking,
): Promise<readonly string[]> {
  const { port, configFile, settings } = await gatewayPlace(command);
  const { configPath, stateFolder } = command;
  const wanted: Secret | undefined = command.token;
  const around = { wanted, settings, configPath, configFile, stateFolder, unit: undefined, pid };
  const credential = await findCredential({ ...around, places: hostPlaces });
  if (credential.kind === 'missing') return [];
  const certificatePath =
    settings?.certificatePath?.replace(/^~(?=\/)/, dirname(stateFolder)) ??
    join(stateFolder, 'gateway', 'tls', 'gateway-cert.pem');
  const tls = settings?.isTls === true ? { config: undefined, certificatePath } : undefined;
  const line = await openLine(
    { port, tls, credential, scope: 'operator.read', deadlineMs: timeoutMs },
    clock,
  );
  if ('code' in line || 'reason' in line) return [];
  try {
    const answer = await line.ask('gateway.restart.preflight');
    const parsed = v.safeParse(preflight, 'payload' in answer ? answer.payload : undefined);
    return parsed.success
      ? parsed.output.blockers.map(({ kind, count }) => `${count} × ${kind}`)
      : [];
  } finally {
    line.close();
  }
}
