import { hostOf, portOf } from '../../lib/http-url.ts';
import { ownAddresses } from '../../lib/own-addresses.ts';
import { isUnreadable } from '../host/host-file.ts';
import { isLoopback, readListeners } from '../host/listeners.ts';
import type { Asked } from '../service/through-proxy.ts';
import { broken, failed, seconds, sound, type Layer } from './layer.ts';

/** Ports of this host that upstreams listen on. */
export function portsHere(upstreams: readonly URL[]): readonly number[] {
  const own = new Set(ownAddresses());
  const here = upstreams.filter((url) => {
    const host = hostOf(url);
    return host === 'localhost' || isLoopback(host) || own.has(host);
  });
  return [...new Set(here.map(portOf))];
}

/** Whether anybody listens where the upstreams of this host should; one of several is enough. */
export async function judgeSockets(ports: readonly number[], proc: string): Promise<Layer> {
  const listeners = await readListeners(proc, 'tcp');
  if (isUnreadable(listeners)) {
    return failed('socket', {
      reason: listeners.reason,
      summary: listeners.unreadable,
      unknown: true,
    });
  }
  const open = new Set(listeners.map(({ port }) => port));
  const missing = ports.filter((port) => !open.has(port));
  const named = (list: readonly number[]): string =>
    `port${list.length === 1 ? '' : 's'} ${list.join(', ')}`;
  if (missing.length === ports.length) {
    return broken('socket', 'missing', `nobody listens on ${named(ports)} of this host`);
  }
  if (missing.length === 0) return sound('socket', `${named(ports)} listened on`);
  return sound('socket', `nobody listens on ${named(missing)}, but others do`);
}

/** Whether the upstreams answer as they should; one of several is enough to serve. */
export function judgeUpstreams(behind: readonly Asked[]): Layer {
  const failing = behind.filter(({ isSound }) => !isSound);
  const told = failing.map((one) => one.told).join('; ');
  const took = behind.flatMap(({ answer, isSound }) =>
    isSound && 'tookMs' in answer ? [answer.tookMs] : [],
  );
  if (failing.length === behind.length) {
    const [first] = failing;
    const reason = first !== undefined && 'reason' in first.answer ? first.answer.reason : 'status';
    const who = behind.length === 1 ? 'the upstream does not answer' : 'no upstream answers';
    return broken('upstream', reason, `${who} as it should: ${told}`);
  }
  const values = seconds(Math.max(...took));
  const all =
    behind.length === 1 ? 'the upstream answers' : `all ${behind.length} upstreams answer`;
  if (failing.length === 0) return sound('upstream', all, values);
  return sound(
    'upstream',
    `of ${behind.length} upstreams ${failing.length} fail${failing.length === 1 ? 's' : ''}: ${told}`,
    values,
  );
}
