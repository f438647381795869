import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { executable } from './agent.ts';
import { peerPrograms } from './peers.ts';

const programs = {
  tocsin: () => versionOf(executable, 'version'),
  blackbox_exporter: () => versionOf(peerPrograms.blackbox, '--version'),
  prometheus: () => versionOf(peerPrograms.prometheus, '--version'),
  alertmanager: () => versionOf(peerPrograms.alertmanager, '--version'),
};

/** A name and a value, as the tables show them. */
export type Fact = readonly [name: string, value: string];

/** What the numbers depend on besides the work: the day, the machine, the versions of these programs. */
export function machineFacts(
  measured: readonly (keyof typeof programs)[] = Object.keys(programs) as (keyof typeof programs)[],
): Fact[] {
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
    ...measured.map((name): Fact => [name, programs[name]()]),
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
