import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { parseUnits, type UnitProperties } from '../../checks/host/systemd-unit.ts';
import { hostPlaces } from '../../checks/host/places.ts';
import { askTool } from '../../checks/host/system-tool.ts';
import type { Clock } from '../../lib/clock.ts';
import { initLookMs } from '../../model/command-limits.ts';
import type { Symptom } from './symptom.ts';

const area = 'service';
const unit = 'tocsin.service';

const asked = [
  'Id',
  'LoadState',
  'UnitFileState',
  'ActiveState',
  'SubState',
  'Result',
  'NRestarts',
  'ExecMainStatus',
  'NeedDaemonReload',
  'WatchdogUSec',
  'MemoryCurrent',
  'MemoryMax',
];

/** What systemd knows of the agent's unit: the user's own, if there is one, or the system's. Nothing without systemd. */
export async function lookAtUnit(clock: Clock): Promise<readonly Symptom[]> {
  if (process.getuid?.() !== 0) {
    const own = await unitOf(['--user'], clock);
    if (own?.get('LoadState') === 'loaded') {
      return [...judge(own).map(ofUserManager), ...lingering(userInfo().username)];
    }
  }
  const properties = await unitOf([], clock);
  return properties === undefined ? [] : judge(properties);
}

async function unitOf(
  manager: readonly string[],
  clock: Clock,
): Promise<UnitProperties | undefined> {
  const properties = `--property=${asked.join(',')}`;
  const command = ['systemctl', ...manager, 'show', unit, properties] as const;
  const signal = AbortSignal.timeout(initLookMs);
  // Without a session, as under su, nothing names the place where the user's manager listens.
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? `/run/user/${process.getuid?.()}`;
  const environment = { XDG_RUNTIME_DIR: runtime };
  const answer = await askTool(command, hostPlaces, { signal, clock }, { environment });
  return 'output' in answer ? parseUnits(answer.output)[0] : undefined;
}

function ofUserManager({ remedy, ...symptom }: Symptom): Symptom {
  if (remedy === undefined) return symptom;
  const own = remedy.replaceAll(/\b(systemctl|journalctl) /g, '$1 --user ');
  return { ...symptom, remedy: own };
}

function lingering(username: string): readonly Symptom[] {
  if (existsSync(`/var/lib/systemd/linger/${username}`)) return [];
  const sentence = `${unit} belongs to ${username}, and ends when ${username} logs out`;
  return [{ area, status: 'warning', sentence, remedy: `loginctl enable-linger ${username}` }];
}

/** Judges the properties that `systemctl show` prints of the unit. */
export function judge(properties: UnitProperties): readonly Symptom[] {
  const get = (name: string): string => properties.get(name) ?? '';
  if (get('LoadState') === 'not-found') {
    const sentence = `systemd has no ${unit}: nobody starts the agent again after a reboot`;
    return [{ area, status: 'warning', sentence, remedy: 'install the service with install.sh' }];
  }
  return [state(get), ...enabled(get), ...edited(get), ...restarts(get), ...watchdog(get)];
}

type Get = (name: string) => string;

function state(get: Get): Symptom {
  const active = get('ActiveState');
  const result = get('Result');
  if (active === 'active') return { area, status: 'ok', sentence: `${unit} is active` };
  if (active === 'reloading' || active === 'activating' || active === 'deactivating') {
    const sentence = `${unit} is ${active} (${get('SubState')})`;
    return { area, status: 'warning', sentence, remedy: `journalctl -u tocsin -n 30` };
  }
  if (get('ExecMainStatus') === '78') {
    return {
      area,
      status: 'critical',
      sentence: `${unit} ended because the configuration cannot be used, and is not started again`,
      remedy: 'tocsin validate, mend what it names, then: systemctl restart tocsin',
    };
  }
  if (result === 'start-limit-hit') {
    return {
      area,
      status: 'critical',
      sentence: `systemd has stopped trying to start ${unit}: it ended too often`,
      remedy:
        'journalctl -u tocsin -n 50, then: systemctl reset-failed tocsin; systemctl start tocsin',
    };
  }
  const how = result === 'success' ? 'was stopped' : `failed (${result})`;
  const sentence = `${unit} ${how}: nothing is watched on this host`;
  return { area, status: 'critical', sentence, remedy: 'systemctl start tocsin' };
}

function enabled(get: Get): readonly Symptom[] {
  if (get('UnitFileState') !== 'disabled') return [];
  const sentence = `${unit} is not enabled: a reboot ends the watch`;
  return [{ area, status: 'warning', sentence, remedy: 'systemctl enable tocsin' }];
}

function edited(get: Get): readonly Symptom[] {
  if (get('NeedDaemonReload') !== 'yes') return [];
  const sentence = `${unit} was changed on disk since systemd read it`;
  const remedy = 'systemctl daemon-reload; systemctl restart tocsin';
  return [{ area, status: 'warning', sentence, remedy }];
}

function restarts(get: Get): readonly Symptom[] {
  const count = Number(get('NRestarts'));
  if (!(count > 0)) return [];
  const times = count === 1 ? 'once' : `${count} times`;
  const sentence = `systemd had to restart ${unit} ${times} since it was started by hand or at boot`;
  const remedy = 'journalctl -u tocsin -p warning';
  return [{ area, status: 'warning', sentence, remedy }];
}

function watchdog(get: Get): readonly Symptom[] {
  if (!['0', '', 'infinity'].includes(get('WatchdogUSec'))) return [];
  const sentence = `${unit} has no WatchdogSec: an agent that hangs would not be restarted`;
  return [{ area, status: 'warning', sentence, remedy: 'take the unit of the release' }];
}
