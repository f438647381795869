import { isIP } from 'node:net';
import * as v from 'valibot';
import { hostOf, portOf, shownUrl } from '../lib/http-url.ts';
import { defaultedKey, flag, optionalKey, type OutputOf } from '../lib/schema-atoms.ts';
import {
  failing,
  notOk,
  ok,
  type CheckResult,
  type MeasuredValue,
  type PartFinding,
} from '../model/result.ts';
import { checkType } from './check-type.ts';
import { judgeSockets, judgeUpstreams, portsHere } from './layers/behind.ts';
import { frontLayers, judgeDoor, judgeName, judgePublic } from './layers/front.ts';
import { layerWords, type Layer, type LayerName } from './layers/layer.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { formatHostPort, parseHostPort } from './net/host-port.ts';
import type { ProbeContext } from './net/probe.ts';
import { httpAddress } from './service/http-address.ts';
import { askThrough, throughEntries, throughValues, type Asked } from './service/through-proxy.ts';
import { within } from './within.ts';

const entries = {
  public: v.pipe(
    httpAddress,
    v.description('The URL that users ask, such as https://gateway.example.com/health.'),
  ),
  proxy: optionalKey(
    'Where the proxy listens on this host or beside it, such as 127.0.0.1:443.',
    v.pipe(
      v.string('host or host:port'),
      v.check((text) => parseHostPort(text, 443) !== undefined, 'host or host:port'),
    ),
  ),
  upstreams: throughEntries.upstreams,
  resolve_to: optionalKey(
    'Addresses that the public name must lead to, and to no others.',
    v.array(
      v.pipe(
        v.string('an IP address'),
        v.check((text) => isIP(text) !== 0, 'an IP address'),
      ),
      'a list of IP addresses',
    ),
  ),
  public_reachable: defaultedKey(
    'false where the public address cannot be reached from here (no hairpin NAT): only its name is looked up.',
    flag,
    true,
  ),
  expect_body: throughEntries.expect_body,
  tls_config: throughEntries.tls_config,
};

type Options = OutputOf<typeof entries>;

/** Finds the layer at which the way from a service to its users is broken, from the service on. */
export const layersOf = (places: HostPlaces) =>
  checkType({
    entries,
    refuse({ upstreams, proxy, public_reachable: isReachable }) {
      if (proxy === undefined && upstreams.length === 0) {
        return 'at least one of upstreams and proxy, to be looked at beside public';
      }
      return proxy === undefined && !isReachable
        ? 'public_reachable: false leaves nothing to ask without proxy'
        : undefined;
    },
    target: (options) => shownUrl(options.public),
    defaults: { timeoutMs: 12_000 },
    open({ options }, { clock }) {
      return {
        run: async (run) => look(options, places, { ...run, clock, log: (line) => run.log(line) }),
      };
    },
  });

export const layers = layersOf(hostPlaces);

/** Looks from the service on, and no further than the first layer that is broken. */
async function look(
  options: Options,
  places: HostPlaces,
  context: ProbeContext,
): Promise<CheckResult> {
  const ports = portsHere(options.upstreams);
  let behind: readonly Asked[] = [];
  const askBehind: Step = async (part) => {
    ({ behind } = await askThrough(
      { ...options, through: undefined, through_host: undefined },
      part,
    ));
    return [judgeUpstreams(behind)];
  };
  const steps: readonly Step[] = [
    ...(ports.length > 0 ? [async () => [await judgeSockets(ports, places.proc)]] : []),
    ...(options.upstreams.length > 0 ? [askBehind] : []),
    ...frontSteps(options, () => behind),
  ];
  const found: Layer[] = [];
  for (const step of steps) {
    found.push(...(await underShare(context, step)));
    if (found.some(({ status }) => status === 'critical')) break;
  }
  const wanted: readonly LayerName[] = [
    ...(ports.length > 0 ? (['socket'] as const) : []),
    ...(options.upstreams.length > 0 ? (['upstream'] as const) : []),
    ...frontLayers(options),
  ];
  return judge(options, found, wanted, throughValues({ front: undefined, behind }));
}

type Step = (context: ProbeContext) => Promise<readonly Layer[]>;

function frontSteps(options: Options, behind: () => readonly Asked[]): readonly Step[] {
  const { public: url, proxy, public_reachable: isReachable } = options;
  const name: readonly Step[] =
    isIP(hostOf(url)) === 0 ? [async (part) => [await judgeName(options, part)]] : [];
  if (proxy === undefined) {
    const at = formatHostPort(hostOf(url), portOf(url));
    return [...name, async (part) => judgeDoor('public', at, options, behind(), part)];
  }
  const last: Step = async (part) => [await judgePublic({ ...options, proxy }, part)];
  return [
    async (part) => judgeDoor('proxy', proxy, options, behind(), part),
    ...name,
    ...(isReachable ? [last] : []),
  ];
}

/** At most so many steps wait for somebody: each has its share of the time, so that the one that hangs is named. */
const waitingSteps = 4;

async function underShare(context: ProbeContext, step: Step): Promise<readonly Layer[]> {
  const timeoutMs = Math.floor(context.timeoutMs / waitingSteps);
  return within(timeoutMs, context, async (signal) => step({ ...context, signal, timeoutMs }));
}

function judge(
  options: Options,
  found: readonly Layer[],
  wanted: readonly LayerName[],
  values: readonly MeasuredValue[],
): CheckResult {
  const reached = new Set(found.map(({ part }) => part));
  const beyond = wanted.filter((part) => !reached.has(part));
  const worst = failing(found)[0];
  const isBroken = worst?.status === 'critical';
  const findings: readonly PartFinding[] = [
    ...found,
    ...beyond.map((part): PartFinding => {
      const summary = `not looked at: the way is broken at the ${layerWords[worst?.part ?? 'public']}`;
      return { part, status: 'unknown', reason: 'missing', summary, values: [], notSeen: true };
    }),
  ];
  const extras = {
    findings,
    values: [
      ...values,
      ...found.flatMap((layer) =>
        layer.values.map((value) => ({ ...value, metric: `${layer.part}.${value.metric}` })),
      ),
    ],
  };
  if (worst === undefined || worst.status === 'ok') {
    return ok(`${shownUrl(options.public)} is open: ${open(found)}`, extras);
  }
  if (!isBroken) return notOk('unknown', worst.reason ?? 'internal', worst.summary, extras);
  const listed = (what: string, parts: readonly LayerName[]): string =>
    parts.length === 0 ? '' : `; ${what}: ${parts.map((part) => layerWords[part]).join(', ')}`;
  const well = found.filter(({ status }) => status === 'ok').map(({ part }) => part);
  const asides = `${listed('in order', well)}${listed('not looked at', beyond)}`;
  const summary = `broken at the ${layerWords[worst.part]}: ${worst.summary}${asides}`;
  const detail = found.map(({ part, status, summary: said }) => `${status} ${part}: ${said}`);
  return notOk('critical', worst.reason ?? 'internal', summary, { ...extras, detail });
}

/** What is worth saying of layers that are all in order. */
function open(found: readonly Layer[]): string {
  const upstream = found.find(({ part }) => part === 'upstream');
  const last = found.at(-1);
  return [upstream, last === upstream ? undefined : last]
    .flatMap((layer) => layer?.summary ?? [])
    .join('; ');
}
