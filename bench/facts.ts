import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { executable } from './agent.ts';
import { peerPrograms } from './peers.ts';

/** What the numbers depend on besides the programs: the machine, the versions, the day. */
export function machineFacts(): [name: string, value: string][] {
  const processors = cpus();
  return [
    ['date', new Date().toISOString().slice(0, 10)],
    ['processor', `${processors.length} × ${processors[0]?.model ?? 'unknown'}`],
    ['memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ['kernel', release()],
    [
      'load average of 1, 5 and 15 min at the end',
      loadavg()
        .map((load) => load.toFixed(1))
        .join(', '),
    ],
    ['tocsin', versionOf(executable, 'version')],
    ['blackbox_exporter', versionOf(peerPrograms.blackbox, '--version')],
    ['prometheus', versionOf(peerPrograms.prometheus, '--version')],
    ['alertmanager', versionOf(peerPrograms.alertmanager, '--version')],
  ];
}

function versionOf(program: string, argument: string): string {
  try {
    const output = execFileSync(program, [argument], { encoding: 'utf8', stdio: 'pipe' });
    return output.split('\n')[0]?.replace(/^\w+,? (?:version )?| \(branch.*/g, '') ?? 'unknown';
  } catch {
    return 'not installed';
  }
}
