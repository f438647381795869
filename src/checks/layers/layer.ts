import type { FailureReason, MeasuredValue, PartFinding } from '../../model/result.ts';
import type { Failure } from '../net/failure.ts';

/**
 * What stands between a service and its users, from the service on: a socket that listens, the answer past
 * the proxy, the proxy that takes connections, its certificate, the answer through it, the name, and the
 * address that the name leads to.
 */
export const layerNames = [
  'socket',
  'upstream',
  'proxy',
  'certificate',
  'through',
  'name',
  'public',
] as const;
export type LayerName = (typeof layerNames)[number];

/** How people are told of each. */
export const layerWords: Readonly<Record<LayerName, string>> = {
  socket: 'socket',
  upstream: 'upstreams',
  proxy: 'proxy',
  certificate: 'certificate',
  through: 'way through the proxy',
  name: 'name (DNS)',
  public: 'public address',
};

/** What was found out about one layer. */
export type Layer = Omit<PartFinding, 'part'> & { readonly part: LayerName };

export function sound(
  part: LayerName,
  summary: string,
  values: readonly MeasuredValue[] = [],
): Layer {
  return { part, status: 'ok', summary, values };
}

export function broken(
  part: LayerName,
  reason: FailureReason,
  summary: string,
  values: readonly MeasuredValue[] = [],
): Layer {
  return { part, status: 'critical', reason, summary, values };
}

/** A layer that failed, or that could not be looked at. */
export function failed(part: LayerName, { reason, summary, unknown }: Failure): Layer {
  return { part, status: unknown ? 'unknown' : 'critical', reason, summary, values: [] };
}

export function seconds(ms: number): readonly MeasuredValue[] {
  return [{ metric: 'seconds', value: ms / 1000, unit: 's' }];
}
