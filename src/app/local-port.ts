import { hostname } from 'node:os';
import { parseHostPort } from '../checks/net/host-port.ts';
import { leadsOutside } from '../lib/outside-host.ts';
import type { CheckSpec } from '../model/check.ts';

/** One name for all that this host calls itself. */
export function ownName(host: string): string {
  const bare = host.replaceAll(/[[\]]/g, '').toLowerCase();
  const isOwn = /^(?:localhost|127\..*|::1|0\.0\.0\.0|::)$/.test(bare) || bare === hostname();
  return isOwn ? '127.0.0.1' : bare;
}

/** The TCP port of this host that a check looks at; undefined if it looks at none, or elsewhere. */
export function localPort({
  type,
  target = '',
}: Pick<CheckSpec, 'type' | 'target'>): number | undefined {
  if (type === 'port') return target.endsWith('/tcp') ? Number.parseInt(target, 10) : undefined;
  const url = target.includes('://') ? URL.parse(target) : null;
  const usual = /^(?:http|ws)s:/.test(url?.protocol ?? '') ? 443 : 80;
  const found =
    url === null
      ? parseHostPort(target)
      : { host: url.hostname, port: url.port === '' ? usual : Number(url.port) };
  if (found === undefined || (leadsOutside(found.host) && found.host !== hostname()))
    return undefined;
  return ownName(found.host) === '127.0.0.1' ? found.port : undefined;
}
