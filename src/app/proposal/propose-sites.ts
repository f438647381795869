import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isIP } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { HostPlaces } from '../../checks/host/places.ts';
import { parseHostPort } from '../../checks/net/host-port.ts';
import type { RecordedResult } from '../../model/result.ts';
import { ownName } from '../local-port.ts';
import { readCaddyConfig, type CaddySite } from './caddy-config.ts';
import { filesOf } from './files-of.ts';
import { nginxServers, readNginxConfig, type NginxServer } from './nginx-config.ts';
import type { Findings, Proposal } from './proposal.ts';

/**
 * Public names that nginx or Caddy serve, asked as the world asks them; the certificates on disk beside
 * those that are served; and stub_status of an nginx that listens.
 */
export async function proposeSites(
  { etc }: HostPlaces,
  listening: ReadonlySet<number>,
): Promise<Findings> {
  const [config, caddy, live] = await Promise.all([
    readNginxConfig(join(etc, 'nginx/nginx.conf')),
    readCaddyConfig(join(etc, 'caddy/Caddyfile')),
    filesOf(join(etc, 'letsencrypt/live/*/fullchain.pem')),
  ]);
  const servers = nginxServers(config);
  const certificates = [
    ...servedCertificates(servers),
    ...live.map((file) => ({ file, name: basename(dirname(file)) })),
  ];
  const named = new Set(servedCertificates(servers).flatMap(({ name = '' }) => name));
  const sites = [
    ...nginxSites(servers, named, listening),
    ...caddy.sites.flatMap((site) => caddySite(site, listening)),
  ];
  const folder = join(etc, 'letsencrypt/live');
  return {
    proposals: [
      ...nginxStatus(servers, listening),
      ...distinct(sites),
      ...distinctFiles(certificates).map((one) => certificateProposal(one, listening)),
    ],
    remarks: (await isHidden(folder))
      ? [`the certificates in ${folder} could not be listed: run it as root`]
      : [],
  };
}

async function isHidden(folder: string): Promise<boolean> {
  return access(folder, constants.R_OK | constants.X_OK).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'EACCES',
  );
}

function nginxStatus(
  servers: readonly NginxServer[],
  listening: ReadonlySet<number>,
): readonly Proposal[] {
  const plain = servers.flatMap(({ listens, statusPath }) =>
    listens
      .filter(({ tls, port }) => !tls && listening.has(port))
      .map((at) => ({ ...at, statusPath })),
  );
  const found = plain.find(({ statusPath }) => statusPath !== undefined) ?? plain[0];
  if (found === undefined) return [];
  const { host, port, statusPath = '/nginx_status' } = found;
  const target = `http://${host}${port === 80 ? '' : `:${port}`}${statusPath}`;
  const because =
    found.statusPath === undefined
      ? 'nginx listens here, and says how it is once it has a location with stub_status'
      : `nginx has stub_status at ${statusPath}`;
  return [{ section: 'web', check: { name: 'nginx', type: 'nginx', target }, because }];
}

/** One check a name; over TLS where it is served so, and from where people are sent on to. */
function nginxSites(
  servers: readonly NginxServer[],
  withCertificate: ReadonlySet<string>,
  listening: ReadonlySet<number>,
): readonly Proposal[] {
  const found = new Map<string, Site>();
  for (const { names, listens, upstreams, isRedirect } of servers) {
    const listen = listens.find(({ tls }) => tls) ?? listens[0];
    if (listen === undefined) continue;
    for (const name of names.filter(isPublicName)) {
      const known = found.get(name);
      if (known !== undefined && (!listen.tls || known.tls || isRedirect)) continue;
      const hasCertificate = withCertificate.has(name);
      found.set(name, {
        name,
        ...listen,
        hasCertificate,
        upstreams: ownOnes(upstreams, listening),
      });
    }
  }
  return [...found.values()].map((site) => siteProposal('nginx', site, listening));
}

/** Reads `example.com`, `https://example.com:8443` or `http://example.com`; others are no public names. */
function caddySite(
  { address, upstreams }: CaddySite,
  listening: ReadonlySet<number>,
): readonly Proposal[] {
  const [, scheme, name = '', port] =
    /^(?:(https?):\/\/)?([^/:]+)(?::(\d+))?(?:\/|$)/.exec(address) ?? [];
  if (!isPublicName(name)) return [];
  const tls = scheme === undefined ? port !== '80' : scheme === 'https';
  const usual = tls ? 443 : 80;
  const site = {
    name,
    tls,
    host: '127.0.0.1',
    port: port === undefined ? usual : Number(port),
    hasCertificate: false,
    upstreams: ownOnes(upstreams, listening),
  };
  return [siteProposal('Caddy', site, listening)];
}

/** The upstreams as URLs, if all of them listen on this host: only then it is known how they are reached. */
function ownOnes(places: readonly string[], listening: ReadonlySet<number>): readonly string[] {
  const urls = places.flatMap((place) => {
    const found = parseHostPort(place.replace(/^http:\/\//, ''));
    const isHere = found !== undefined && ownName(found.host) === '127.0.0.1';
    return isHere && listening.has(found.port) ? [`http://127.0.0.1:${found.port}/`] : [];
  });
  return urls.length === places.length ? urls : [];
}

function isPublicName(name: string): boolean {
  const isName = /^(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]+$/i.test(name) && isIP(name) === 0;
  return isName && !/\.(?:local|localhost|localdomain|internal|lan|home\.arpa)$/i.test(name);
}

interface Site {
  readonly name: string;
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** Whether another check looks at its certificate. */
  readonly hasCertificate: boolean;
  readonly upstreams: readonly string[];
}

/** The whole way from the service to its users where it is known; else, or if that does not pass, the site. */
function siteProposal(server: string, site: Site, listening: ReadonlySet<number>): Proposal {
  const plain = plainSite(server, site);
  const { name, host, port, upstreams } = site;
  if (upstreams.length === 0) return plain;
  const proxy = listening.has(port) ? { proxy: `${host}:${port}` } : {};
  const check = { name: `site ${name}`, type: 'layers', public: urlOf(site), upstreams, ...proxy };
  const behind = upstreams.map((url) => new URL(url).host).join(' and ');
  const because = `${server} serves ${name} from ${behind}: the broken layer is named`;
  // A service that lets no stranger in is well, which only the plain check can be told.
  return { ...plain, check, because, otherwise: () => plain };
}

function urlOf({ name, tls, port }: Site): string {
  const isUsual = port === (tls ? 443 : 80);
  return `${tls ? 'https' : 'http'}://${name}${isUsual ? '' : `:${port}`}/`;
}

function plainSite(server: string, site: Site): Proposal {
  const { name, tls, port, hasCertificate } = site;
  // What has a check of its own is not told twice.
  const life = tls && !hasCertificate ? { certificate: { warning: '14d', critical: '3d' } } : {};
  const check = { name: `site ${name}`, type: 'http', target: urlOf(site), ...life };
  return {
    section: 'web',
    check,
    because: `${server} serves ${name}`,
    covers: [port],
    otherwise: (result) => {
      const status = statusOf(result);
      // It answers, and refuses those who have no name here: that is how it should be.
      if (result.reason !== 'status' || status < 400 || status > 499) return undefined;
      const because = `${server} serves ${name}, and answers strangers with ${status}`;
      return { check: { ...check, http: { valid_status_codes: [status] } }, because };
    },
  };
}

function statusOf({ families }: RecordedResult): number {
  const family = families.find(({ name }) => name === 'probe_http_status_code');
  return family?.samples[0]?.value ?? 0;
}

interface CertificateFile {
  readonly file: string;
  readonly name?: string;
  /** Where nginx shows it. */
  readonly place?: { readonly host: string; readonly port: number };
}

function servedCertificates(servers: readonly NginxServer[]): readonly CertificateFile[] {
  return servers.flatMap(({ names, listens, certificates }) => {
    const name = names.find(isPublicName);
    const place = listens.find(({ tls }) => tls);
    const files = certificates.filter((file) => file.startsWith('/') && !file.includes('$'));
    return files.map((file) => ({
      file,
      ...(name === undefined ? {} : { name }),
      ...(place === undefined ? {} : { place }),
    }));
  });
}

/** Each file once: as it is served, where that is known. */
function distinctFiles(files: readonly CertificateFile[]): readonly CertificateFile[] {
  const byFile = new Map<string, CertificateFile>();
  for (const one of files) if (!byFile.has(one.file)) byFile.set(one.file, one);
  return [...byFile.values()];
}

function certificateProposal(
  { file, name, place }: CertificateFile,
  listening: ReadonlySet<number>,
): Proposal {
  const section = 'web';
  if (name === undefined) {
    const check = { name: `certificate ${file}`, type: 'certificate', file, verify: false };
    return { section, check, because: `nginx uses ${file} for whoever names nobody` };
  }
  const onDisk = { name: `certificate ${name}`, type: 'certificate', file };
  const { host, port } = place ?? { host: '127.0.0.1', port: 443 };
  if (!listening.has(port)) return { section, check: onDisk, because: `${name}: on disk` };
  const check = { ...onDisk, target: `${host}:${port}`, server_name: name };
  const because = `${name}: on disk, and as it is served`;
  // That it is served on the usual port was a guess: it may be that of a mail server.
  const otherwise = (): Omit<Proposal, 'section'> => ({
    check: onDisk,
    because: `${name}: on disk; the server on port ${port} shows another one`,
  });
  return { section, check, because, ...(place === undefined ? { otherwise } : {}) };
}

/** The first of several proposals of one name. */
function distinct(proposals: readonly Proposal[]): readonly Proposal[] {
  const byName = new Map<string, Proposal>();
  for (const one of proposals) if (!byName.has(one.check.name)) byName.set(one.check.name, one);
  return [...byName.values()];
}
