import { parseHostPort } from '../../checks/net/host-port.ts';
import type { CheckSpec } from '../../model/check.ts';
import type { Config } from '../../model/config.ts';
import { localPort, ownName } from '../local-port.ts';

/** Types of which a host needs one check, whatever its keys. */
const once = new Set(['disk', 'memory', 'load', 'clock', 'oom', 'reboot', 'docker', 'agent']);

/** Types that ask a site by its URL: any of them will do. */
const ofSites = new Set(['http', 'websocket', 'layers']);

/**
 * Tells whether a configuration has a check already for what another one looks at, or, where a port of this
 * host is given, for that port. Checks that are switched off count: somebody has decided on them.
 */
export function alreadyWatched(
  present: Pick<Config, 'checks' | 'switchedOff'>,
): (spec: CheckSpec, port: number | undefined) => boolean {
  const specs = [...present.checks, ...(present.switchedOff ?? [])];
  const known = new Set(specs.flatMap(identities));
  const ports = new Set(specs.flatMap((spec) => localPort(spec) ?? []));
  // Without a state folder it watches whatever OpenClaw there is.
  const isAnyOpenclaw = specs.some(({ type, target }) => type === 'openclaw' && !target);
  return (spec, port) =>
    (spec.type === 'openclaw' && isAnyOpenclaw) ||
    (port !== undefined && ports.has(port)) ||
    identities(spec).some((one) => known.has(one));
}

/** What a check looks at, in words that are equal for checks of the same thing. */
function identities({ type, target, name, options }: CheckSpec): readonly string[] {
  const named = `${type} named ${name}`;
  if (once.has(type)) return [type];
  if (type === 'systemd') {
    const units = target === undefined ? ['failed units'] : target.split(', ');
    return [named, ...units.map((unit) => `unit ${unit}`)];
  }
  if (type === 'certificate') return [named, certificate(target, options as CertificateKeys)];
  if (ofSites.has(type)) return [named, site(target)];
  const { through } = options as { readonly through?: URL };
  const front = through === undefined ? [] : [site(through.href)];
  return [named, `${type} ${place(target)}`, ...front];
}

interface CertificateKeys {
  readonly file?: string;
  readonly server_name?: string;
}

function certificate(target: string | undefined, { file, server_name: name }: CertificateKeys) {
  return `certificate ${file ?? `${place(target)} ${name ?? ''}`}`;
}

/** Whatever the path: a site is one thing. */
function site(target = ''): string {
  const url = URL.parse(target);
  if (url === null) return `site ${target}`;
  const { protocol, port } = url;
  const scheme = protocol.replace('ws', 'http');
  const usual = scheme === 'https:' ? 443 : 80;
  return `site ${scheme}//${ownName(url.hostname)}:${port === '' ? usual : port}`;
}

function place(target = ''): string {
  const url = target.includes('://') ? URL.parse(target) : null;
  if (url !== null) return `${ownName(url.hostname)}:${url.port}${url.pathname}`;
  const found = target.startsWith('/') ? undefined : parseHostPort(target);
  return found === undefined ? target : `${ownName(found.host)}:${found.port}`;
}
