import { constants } from 'node:os';
import type { UnitProperties } from './systemd-unit.ts';

/** The cause of the end of a unit, behind a colon; empty where it ended well, or nothing is known. */
export function whyItEnded(properties: UnitProperties): string {
  const result = properties.get('Result') ?? 'success';
  const cause = causes[result] ?? result;
  const how = result in endings ? howItEnded(properties) : undefined;
  const said = how ?? cause;
  return said === '' ? '' : `: ${said}`;
}

/** Results of a unit (systemd.service(5), `$SERVICE_RESULT`, and systemctl(1) for other kinds of units). */
const causes: Readonly<Record<string, string>> = {
  success: '',
  'start-limit-hit': '',
  watchdog: 'it did not report in time and was killed by the watchdog',
  'oom-kill': 'it was killed because it ran out of memory',
  timeout: 'it did not start or stop in time',
  protocol: 'it ended before it had said that it was ready',
  resources: 'systemd could not start it',
  'exit-code': 'one of its commands ended with an error',
};

/** Results of which the main process tells more. */
const endings: Readonly<Record<string, true>> = {
  'exit-code': true,
  signal: true,
  'core-dump': true,
};

/** How the main process ended, `si_code` of waitid(2): 1 by itself, 2 by a signal, 3 with a core. */
function howItEnded(properties: UnitProperties): string | undefined {
  const code = properties.get('ExecMainCode');
  const status = Number(properties.get('ExecMainStatus') ?? 0);
  if (code === '1' && status !== 0) {
    const meaning = systemdCodes[status];
    return `exit code ${status}${meaning === undefined ? '' : ` (${meaning})`}`;
  }
  if (code === '2') return `killed by ${signalName(status)}`;
  return code === '3' ? `crashed by ${signalName(status)}, with a core dump` : undefined;
}

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}

/** What systemd itself could not do before the program began (systemd.exec(5), "Process Exit Codes"). */
const systemdCodes: Readonly<Record<number, string>> = {
  200: 'systemd could not enter its WorkingDirectory=',
  203: 'systemd could not start its program: is it there, and executable?',
  208: 'systemd could not set up its standard input',
  209: 'systemd could not set up its standard output',
  214: 'systemd could not set its scheduling',
  216: 'its Group= is not on this host',
  217: 'its User= is not on this host',
  226: 'systemd could not set up its namespaces: a path of its unit may be missing',
  238: 'systemd could not make its StateDirectory=',
  239: 'systemd could not make its CacheDirectory=',
  240: 'systemd could not make its LogsDirectory=',
  243: 'systemd could not read its credentials',
};
