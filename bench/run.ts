/*
 * What tocsin costs, beside programs that do the same work in the same run on the same machine. Each bench
 * writes its tables into bench/README.md; with --quick it takes a shorter look and only prints them.
 *
 *   npm run bench              the whole agent beside its three peers
 *   npm run bench -- probes    /probe beside blackbox_exporter, prober by prober
 *   npm run bench -- scrapes   /metrics with ten checks to five thousand
 *   npm run bench -- alerts    ten thousand alerts and a thousand changes a second, beside Alertmanager
 *   npm run bench -- checks    each check type by itself, and what init writes for a host, beside exporters and Monit
 *   npm run bench -- install   installing and upgrading on a booted Debian, beside Debian's packages
 *   npm run bench -- watchdog  `tocsin watchdog` beside a loop of shell that does the same
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executable } from './agent.ts';
import { killChildren } from './child.ts';
import { measureAlerts } from './measure-alerts.ts';
import { measureChecks } from './measure-checks.ts';
import { measureInstall } from './measure-install.ts';
import { measureProbes } from './measure-probes.ts';
import { measureScrapes } from './measure-scrapes.ts';
import { loopPrograms, measureWatchdog } from './measure-watchdog.ts';
import { measureWork } from './measure-work.ts';
import { missingPrograms, peerPrograms } from './peers.ts';
import { keepTables, type Section } from './readme.ts';
import { tell } from './tell.ts';

interface Bench {
  /** The part of `README.md` that it writes. */
  readonly section: Section;
  /** Programs it measures beside; its tables are not kept where one is missing. */
  readonly peers: readonly string[];
  /** Uses the directory; all processes have ended when it resolves. */
  readonly measure: (directory: string, quick: boolean, withPeers: boolean) => Promise<string>;
}

const benches: Readonly<Record<string, Bench>> = {
  '': { section: 'results', peers: Object.values(peerPrograms), measure: measureWork },
  probes: { section: 'probes', peers: [peerPrograms.blackbox], measure: measureProbes },
  scrapes: { section: 'scrapes', peers: [], measure: measureScrapes },
  checks: { section: 'checks', peers: [], measure: measureChecks },
  alerts: { section: 'alerts', peers: [peerPrograms.alertmanager], measure: measureAlerts },
  install: { section: 'install', peers: [], measure: measureInstall },
  watchdog: { section: 'watchdog', peers: loopPrograms, measure: measureWatchdog },
};

async function main(): Promise<number> {
  const words = process.argv.slice(2).filter((word) => word !== '--quick');
  const quick = process.argv.includes('--quick');
  const bench = benches[words.join(' ')];
  if (bench === undefined) {
    tell(
      `there is no bench ${words.join(' ')}; there are ${Object.keys(benches).filter(Boolean).join(', ')} and the one without a word`,
    );
    return 1;
  }
  if (!existsSync(executable)) {
    tell(`${executable} is missing; npm run build makes it`);
    return 1;
  }
  const missing = missingPrograms(bench.peers);
  if (missing.length > 0) tell(`measuring without what is not installed: ${missing.join(', ')}`);
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-bench-'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      killChildren();
      rmSync(directory, { recursive: true, force: true });
      process.kill(process.pid, signal);
    });
  }
  try {
    const tables = await bench.measure(directory, quick, missing.length === 0);
    process.stdout.write(`${tables}\n`);
    if (!quick && missing.length === 0) keepTables(bench.section, tables);
    return 0;
  } finally {
    // Those of a bench that failed while it started them.
    killChildren();
    rmSync(directory, { recursive: true, force: true });
  }
}

process.exitCode = await main();
