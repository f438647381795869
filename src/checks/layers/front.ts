import { isIP } from 'node:net';
import { hostOf, isSecure, portOf, shownUrl } from '../../lib/http-url.ts';
import { isFailure } from '../net/failure.ts';
import { formatHostPort } from '../net/host-port.ts';
import type { ProbeContext } from '../net/probe.ts';
import { addressesOf } from '../net/resolve.ts';
import { outageOf, wayFrom } from '../service/through-proxy-finding.ts';
import { askedOf, type Asked, type ThroughOptions } from '../service/through-proxy.ts';
import { knock, type Knock } from './door.ts';
import { broken, failed, seconds, sound, type Layer, type LayerName } from './layer.ts';

export interface FrontOptions {
  readonly public: URL;
  /** Where the proxy listens; undefined where it is on another host. */
  readonly proxy?: string | undefined;
  readonly public_reachable: boolean;
  readonly resolve_to?: readonly string[] | undefined;
  readonly expect_body?: ThroughOptions['expect_body'];
  readonly tls_config?: ThroughOptions['tls_config'];
}

/**
 * Asks for the public URL at one address: whether it takes connections, shows a good certificate, and
 * answers. `first` is the layer that the connection belongs to.
 */
export async function judgeDoor(
  first: LayerName,
  at: string,
  options: FrontOptions,
  behind: readonly Asked[],
  context: ProbeContext,
): Promise<readonly Layer[]> {
  const { public: url, tls_config: tls, expect_body: wanted } = options;
  const found = await knock(url, { target: at, defaultPort: portOf(url) }, tls, context);
  if (found.connected !== true) return [failed(first, found.connected)];
  const layers = [sound(first, `takes connections at ${at}`, seconds(found.connectMs ?? 0))];
  if (found.secured !== undefined) {
    if (found.secured !== true) {
      const summary = `${found.secured.summary} (asked as ${hostOf(url)})`;
      return [...layers, failed('certificate', { ...found.secured, summary })];
    }
    const well = `the certificate for ${hostOf(url)} is good`;
    layers.push(sound('certificate', well, seconds(found.secureMs ?? 0)));
  }
  return [...layers, judgeAnswer(url, found, wanted, behind)];
}

function judgeAnswer(
  url: URL,
  { answer }: Knock,
  wanted: FrontOptions['expect_body'],
  behind: readonly Asked[],
): Layer {
  if (answer === undefined) return broken('through', 'internal', 'no answer was waited for');
  const front = askedOf(url, answer, wanted);
  if (front.isSound && !isFailure(answer)) {
    return sound('through', `${front.told} through the proxy`, seconds(answer.tookMs));
  }
  const { reason, layer, told } = outageOf('the proxy', front, behind);
  // That it is this very layer need not be said twice.
  const isThis = layer === undefined || layer === wayFrom('the proxy');
  return broken('through', reason, isThis ? told : `${layer}: ${told}`);
}

/** Whether the public name leads anywhere, and where it should. */
export async function judgeName(
  { public: url, resolve_to: wanted }: FrontOptions,
  context: ProbeContext,
): Promise<Layer> {
  const host = hostOf(url);
  const startMs = context.clock.now().steadyMs;
  const addresses = await addressesOf(host, context);
  if (isFailure(addresses)) return failed('name', addresses);
  const values = seconds(context.clock.now().steadyMs - startMs);
  const leads = `${host} leads to ${addresses.join(', ')}`;
  const strange = addresses.filter((one) => wanted?.includes(one) === false);
  if (strange.length > 0 || addresses.length === 0) {
    return broken(
      'name',
      'resolve',
      `${leads}, wanted ${wanted?.join(', ') ?? 'an address'}`,
      values,
    );
  }
  return sound('name', leads, values);
}

/** Whether the service answers by its public name; `proxy` has shown that it answers at its own address. */
export async function judgePublic(
  options: FrontOptions & { readonly proxy: string },
  context: ProbeContext,
): Promise<Layer> {
  const { public: url, proxy, tls_config: tls, expect_body: wanted } = options;
  const at = formatHostPort(hostOf(url), portOf(url));
  const {
    connected,
    connectMs = 0,
    secured,
    answer,
  } = await knock(url, { target: at, defaultPort: portOf(url) }, tls, context);
  const but = `though the proxy answers at ${proxy}`;
  if (connected !== true) {
    const summary = `${connected.summary}, ${but}: a firewall, a missing port forwarding, or no way from inside to the own public address (hairpin NAT; then say public_reachable: false)`;
    return failed('public', { ...connected, summary });
  }
  if (secured !== undefined && secured !== true) {
    const summary = `${secured.summary}, ${but} with a good one: something else answers there`;
    return failed('public', { ...secured, summary });
  }
  const asked = answer === undefined ? undefined : askedOf(url, answer, wanted);
  if (asked === undefined || !asked.isSound || answer === undefined || isFailure(answer)) {
    const reason = answer !== undefined && isFailure(answer) ? answer.reason : 'status';
    const told = asked?.told ?? `${shownUrl(url)} does not answer`;
    return broken(
      'public',
      reason,
      `${told} by its public address, ${but}: something else answers there`,
    );
  }
  return sound('public', `${asked.told} by its public address`, seconds(connectMs + answer.tookMs));
}

/** Layers of the front in the order in which they are looked at. */
export function frontLayers({
  public: url,
  proxy,
  public_reachable: isReachable,
}: FrontOptions): readonly LayerName[] {
  const certificate: readonly LayerName[] = isSecure(url) ? ['certificate'] : [];
  const name: readonly LayerName[] = isIP(hostOf(url)) === 0 ? ['name'] : [];
  if (proxy === undefined) return [...name, 'public', ...certificate, 'through'];
  const last: readonly LayerName[] = isReachable ? ['public'] : [];
  return ['proxy', ...certificate, 'through', ...name, ...last];
}
