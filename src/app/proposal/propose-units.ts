import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isUnreadable } from '../../checks/host/host-file.ts';
import type { HostPlaces } from '../../checks/host/places.ts';
import { parseUnitNames, parseUnits, type UnitProperties } from '../../checks/host/systemd-unit.ts';
import { askTool } from '../../checks/host/system-tool.ts';
import type { Clock } from '../../lib/clock.ts';
import { proposedUnitsMax } from '../../model/command-limits.ts';
import type { Findings, Proposal } from './proposal.ts';

/** What each distribution runs for itself: when it fails, `failed units` tells. */
const noise =
  /^(?:systemd-|dbus|(?:serial-|console-|container-)?getty|autovt@|user@|user-runtime-dir@|session-|polkit|networking|networkd-dispatcher|NetworkManager|wpa_supplicant|dhcpcd|ifup@|accounts-daemon|udisks2|upower|ModemManager|packagekit|rtkit|avahi-|colord|bluetooth|cups|rsyslog|syslog|klogd|unattended-upgrades|apt-|dnf-|snapd|snap\.|multipathd|irqbalance|thermald|lvm2-|dm-event|mdmonitor|qemu-guest-agent|open-vm-tools|vmtoolsd|vgauth|spice-vdagent|google-|amazon-|cloud-|walinuxagent|acpid|auditd|smartmontools|smartd|rpcbind|rpc-|rngd|haveged|nscd|nslcd|sssd|tuned|firewalld|gssproxy|abrt|gdm|lightdm|sddm|display-manager|run-|emergency|rescue|plymouth|e2scrub|fstrim|logrotate|man-db|dpkg-db|tocsin)/;

/** Where whoever looks after a host puts units of his own. */
const ownFolders = ['/etc/systemd/system/', '/usr/local/lib/systemd/system/'];

/** Of services those that run, have failed or keep failing; of timers those that wait. */
const states = 'running,failed,auto-restart,waiting';

const properties = ['Id', 'FragmentPath', 'ActiveState', 'SubState'];

/**
 * Units that somebody misses when they do not run: whatever runs or has failed and is no part of the
 * distribution itself, and timers of the host's own.
 */
export async function proposeUnits(
  places: HostPlaces,
  limits: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Findings> {
  if (!existsSync(join(places.run, 'systemd/system'))) return { proposals: [], remarks: [] };
  const failed: Proposal = {
    section: 'units',
    check: { name: 'failed units', type: 'systemd' },
    because: 'systemd runs here: any unit that fails is told',
  };
  const list = ['systemctl', 'list-units', '--type=service,timer'] as const;
  const quiet = ['--plain', '--no-legend', '--no-pager', '--full'];
  const listed = await askTool([...list, `--state=${states}`, ...quiet], places, limits);
  if (isUnreadable(listed)) return seenOnly(failed, listed.unreadable);
  const names = parseUnitNames(listed.output).filter((name) => !noise.test(name));
  if (names.length === 0) return { proposals: [failed], remarks: [] };
  const show = ['systemctl', 'show', `--property=${properties.join(',')}`, '--'] as const;
  const shown = await askTool([...show, ...names], places, limits);
  if (isUnreadable(shown)) return seenOnly(failed, shown.unreadable);
  const found = parseUnits(shown.output).filter(isMissed);
  const proposals = found.slice(0, proposedUnitsMax).map(proposalFor);
  const left = found.slice(proposedUnitsMax).map((unit) => unit.get('Id') ?? '');
  const remarks =
    left.length === 0
      ? []
      : [`${left.length} more units are only watched by "failed units": ${left.join(', ')}`];
  // What is named is not told a second time.
  const exclude = proposals.map(({ check }) => check['unit']);
  const rest = exclude.length === 0 ? failed : { ...failed, check: { ...failed.check, exclude } };
  return { proposals: [rest, ...proposals], remarks };
}

function seenOnly(proposal: Proposal, why: string): Findings {
  return { proposals: [proposal], remarks: [`units could not be listed: ${why}`] };
}

function isMissed(unit: UnitProperties): boolean {
  const id = unit.get('Id') ?? '';
  const path = unit.get('FragmentPath') ?? '';
  if (path.startsWith('/run/systemd/transient/')) return false;
  const isOwn = ownFolders.some((folder) => path.startsWith(folder));
  if (id.endsWith('.timer')) return isOwn;
  return isRunning(unit) || isFailing(unit);
}

function isRunning(unit: UnitProperties): boolean {
  return unit.get('SubState') === 'running';
}

function isFailing(unit: UnitProperties): boolean {
  return unit.get('ActiveState') === 'failed' || unit.get('SubState') === 'auto-restart';
}

function proposalFor(properties: UnitProperties): Proposal {
  const unit = properties.get('Id') ?? '';
  const [, name = unit, kind] = /^(.*)\.(service|timer)$/.exec(unit) ?? [];
  if (kind === 'timer') {
    const check = { name: `timer ${name}`, type: 'systemd', unit };
    return { section: 'units', check, because: 'a timer of this host: a run it misses is told' };
  }
  return {
    section: 'units',
    check: { name: `unit ${name}`, type: 'systemd', unit },
    because: isFailing(properties)
      ? 'it should run: its failures and restarts are told'
      : 'it runs now: its failures, restarts and its end are told',
  };
}
