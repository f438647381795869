import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isUnreadable } from '../../checks/host/host-file.ts';
import type { HostPlaces } from '../../checks/host/places.ts';
import { parseUnitNames } from '../../checks/host/systemd-unit.ts';
import { askTool } from '../../checks/host/system-tool.ts';
import { checkTypes } from '../../checks/table.ts';
import type { Clock } from '../../lib/clock.ts';
import { siteFilesMax } from '../../model/command-limits.ts';
import type { Proposal } from './proposal.ts';

type Limits = { readonly clock: Clock; readonly signal: AbortSignal };

/** What every host has. */
const always = ['disk', 'memory', 'load', 'clock', 'oom', 'reboot'] as const;

export function proposeHost(): readonly Proposal[] {
  return always.map((type) => ({ check: { name: type, type }, because: 'every host has it' }));
}

/** Services that somebody misses when they do not run; the rest is in `failed units`. */
const missed =
  /^(?:nginx|caddy|apache2|httpd|haproxy|traefik|postgresql(?:@.*)?|mysql|mariadb|redis(?:-server)?|valkey(?:-server)?|mongod|rabbitmq-server|docker|podman|containerd|ssh|sshd|postfix|exim4|cron|crond|chrony|chronyd|systemd-timesyncd|fail2ban|openclaw.*|prometheus.*|grafana-server|tailscaled|wg-quick@.*)\.service$/;

export async function proposeUnits(
  places: HostPlaces,
  limits: Limits,
): Promise<readonly Proposal[]> {
  if (!existsSync(join(places.run, 'systemd/system'))) return [];
  const failed: Proposal = {
    check: { name: 'failed units', type: 'systemd' },
    because: 'systemd runs here: any unit that fails is told',
  };
  const words = ['systemctl', 'list-units', '--type=service', '--state=running'] as const;
  const listed = await askTool(
    [...words, '--plain', '--no-legend', '--no-pager', '--full'],
    places,
    limits,
  );
  if (isUnreadable(listed)) return [failed];
  const units = parseUnitNames(listed.output).filter((unit) => missed.test(unit));
  const because = 'it runs now: its failures, restarts and its end are told';
  const named = units.map((unit) => ({
    check: { name: `unit ${unit.replace(/\.service$/, '')}`, type: 'systemd', unit },
    because,
  }));
  return [failed, ...named];
}

export function proposeContainers({ run }: HostPlaces): readonly Proposal[] {
  const socket = ['docker.sock', 'podman/podman.sock'].find((name) => existsSync(join(run, name)));
  if (socket === undefined) return [];
  const because = `there is ${join('/run', socket)}: every container is watched`;
  return [{ check: { name: 'containers', type: 'docker' }, because }];
}

/** An installation of OpenClaw, by its state folder. */
export async function proposeOpenClaw(
  homes: readonly string[],
  port: number,
): Promise<readonly Proposal[]> {
  const folder = homes
    .map((home) => join(home, '.openclaw'))
    .find((one) => existsSync(join(one, 'openclaw.json')));
  if (folder === undefined) return [];
  const because = `OpenClaw has its state in ${folder}`;
  return 'openclaw' in checkTypes
    ? [{ check: { name: 'openclaw', type: 'openclaw' }, because }]
    : [
        {
          check: { name: 'openclaw', type: 'http', target: `http://127.0.0.1:${port}/health` },
          because,
        },
      ];
}

/** Certificates on disk, compared with what is served where the web server runs here. */
export async function proposeCertificates(
  { etc }: HostPlaces,
  isServed: boolean,
): Promise<readonly Proposal[]> {
  const files = await filesOf(join(etc, 'letsencrypt/live/*/fullchain.pem'));
  return files.map((file) => {
    const domain = basename(dirname(file));
    const served = isServed ? { target: '127.0.0.1:443', server_name: domain } : {};
    return {
      check: { name: `certificate ${domain}`, type: 'certificate', file, ...served },
      because: isServed ? `${domain}: on disk, and as it is served` : `${domain}: on disk`,
    };
  });
}

/** Public names that nginx or Caddy serve: asked as the world asks them. */
export async function proposeSites({ etc }: HostPlaces): Promise<readonly Proposal[]> {
  const nginx = await textsOf([
    join(etc, 'nginx/sites-enabled/*'),
    join(etc, 'nginx/conf.d/*.conf'),
  ]);
  const caddy = await textsOf([join(etc, 'caddy/Caddyfile')]);
  const names = new Map<string, string>();
  for (const text of nginx) {
    for (const [, list = ''] of text.matchAll(/^[^#\n]*\bserver_name\s+([^;#]+);/gm)) {
      for (const name of list.trim().split(/\s+/)) names.set(name, 'nginx');
    }
  }
  for (const text of caddy) {
    for (const [, list = ''] of text.matchAll(/^([a-z0-9][^\s{][^{\n]*)\{/gim)) {
      for (const name of list.split(/[\s,]+/)) names.set(name.replace(/^https?:\/\//, ''), 'Caddy');
    }
  }
  return [...names]
    .filter(([name]) => /^(?:[a-z0-9-]+\.)+[a-z]{2,}$/i.test(name) && !name.endsWith('.local'))
    .map(([name, server]) => ({
      check: { name: `site ${name}`, type: 'http', target: `https://${name}/` },
      because: `${server} serves ${name}`,
    }));
}

async function textsOf(patterns: readonly string[]): Promise<readonly string[]> {
  const files = (await Promise.all(patterns.map(filesOf))).flat();
  const texts = await Promise.all(
    files.map(async (file) => readFile(file, 'utf8').catch(() => '')),
  );
  return texts;
}

/** Files that match; none where the folder may not be read. */
async function filesOf(pattern: string): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    for await (const file of glob(pattern)) {
      found.push(file);
      if (found.length >= siteFilesMax) break;
    }
  } catch {
    // What may not be seen cannot be proposed.
  }
  return found.toSorted();
}
