import { execFileSync } from 'node:child_process';
import { readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHostEvidence } from '../../src/app/host-evidence.ts';
import type { HostPlaces } from '../../src/checks/host/places.ts';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import type { CheckSpec } from '../../src/model/check.ts';
import { comparedAfterMs, evidenceGatherMs } from '../../src/model/command-limits.ts';
import { notOk, ok, type CheckResult, type RecordedResult } from '../../src/model/result.ts';
import { instant } from '../../src/model/time.ts';
import { eventually } from '../support/eventually.ts';
import { hostWith, rememberingChecks } from '../support/host-check.ts';
import { socketTable } from '../support/initialised.ts';
import { spec } from '../support/policy.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const gateway = spec({ name: 'gateway', type: 'http', target: 'http://localhost:8080/health' });

function recorded(result: CheckResult): RecordedResult {
  return { ...result, check: 'x', startedAt: instant(0, Date.now()), durationMs: 1 };
}

const sound = recorded(ok('fine'));
const down = recorded(notOk('critical', 'connect', 'refused'));

/** A host on which `shop.service` listens on 8080, and notes how often its journal was read. */
async function hostOfShop(): Promise<HostPlaces> {
  const places = await hostWith({
    'proc/net/tcp': socketTable([8080]),
    'proc/1/stat': '1 (systemd) S 0 1 1 0 -1 0 0 0 0 0 5 1 0 0 20 0 1 0 1 0 100\n',
    'proc/31/comm': 'shop\n',
    'proc/31/cmdline': 'shop\0',
    'proc/31/cgroup': '0::/system.slice/shop.service\n',
    'proc/31/stat': '31 (shop) S 1 31 31 0 -1 0 0 0 0 0 50 10 0 0 20 0 1 0 100 0 500\n',
    'proc/31/status': 'Uid:\t7\t7\t7\t7\nVmRSS:\t10 kB\n',
    'proc/31/fd/': '',
    'proc/uptime': '5000.00 1.00\n',
    'bin/journalctl':
      '#!/bin/sh\necho read >> "${0%/bin/*}/reads"\nfor word; do case $word in _SYSTEMD_UNIT=*) echo "$(/bin/date -u +%FT03:00:01)+0000 ${word#*=}: no such table";; esac; done\n',
    'bin/systemctl':
      '#!/bin/sh\nfor unit; do :; done\nprintf "Id=$unit\\nActiveState=failed\\nSubState=failed\\nResult=exit-code\\nExecMainCode=1\\nExecMainStatus=3\\n"\n',
  });
  await symlink('socket:[7000]', join(places.proc, '31/fd/3'));
  return places;
}

const told = [
  'shop.service has failed: exit code 3',
  'log of shop.service:',
  // Of today: then the time is enough.
  '  03:00:01Z shop.service: no such table',
];

/** The real clock, on which checks are not gathered before their units are looked up, and the time may jump. */
function clockWith(): Clock & { jumpMs: number } {
  const real = systemClock();
  return {
    jumpMs: 0,
    now() {
      const { steadyMs, wallMs } = real.now();
      return instant(steadyMs + this.jumpMs, wallMs + this.jumpMs);
    },
    after: (delayMs, run) => real.after(delayMs === evidenceGatherMs ? 0 : delayMs, run),
  };
}

test('the log of the unit that listened is told, although nobody listens any more', async () => {
  const places = await hostOfShop();
  const source = createHostEvidence({ clock: clockWith(), memory: rememberingChecks() }, places);
  // Read by whoever has found the process: once that is done, it ends.
  const cgroup = join(places.proc, '31/cgroup');
  const text = await readFile(cgroup, 'utf8');
  await rm(cgroup);
  execFileSync('mkfifo', [cgroup]);
  source.note?.(gateway, sound);
  await writeFile(cgroup, text);
  await writeFile(join(places.proc, 'net/tcp'), socketTable([]));
  expect((await source.collect(gateway, down)).slice(0, 3)).toEqual(told);
});

test.each<[Partial<CheckSpec>]>([
  [{ type: 'tcp', target: '127.0.0.1:8080' }],
  [{ type: 'redis', target: 'localhost:8080' }],
])('the unit behind %j is found while it hangs', async (changes) => {
  const source = createHostEvidence(
    { clock: systemClock(), memory: rememberingChecks() },
    await hostOfShop(),
  );
  expect((await source.collect(spec(changes), down)).slice(0, 3)).toEqual(told);
});

test.each<[Partial<CheckSpec>, string]>([
  [
    { type: 'systemd', options: { unit: ['shop.service'], journal: true } },
    'tells its journal itself',
  ],
  [{ type: 'tcp', target: '127.0.0.1:9999' }, 'has nobody behind it'],
  [{ type: 'tcp', target: '203.0.113.7:8080' }, 'looks elsewhere'],
])('no log is told with a check %j, which %s', async (changes) => {
  const places = await hostOfShop();
  const source = createHostEvidence({ clock: systemClock(), memory: rememberingChecks() }, places);
  expect((await source.collect(spec(changes), down)).join('\n')).not.toContain('no such table');
  await expect(readFile(join(places.proc, '../reads'), 'utf8')).rejects.toThrow('ENOENT');
});

test('the units that a check names itself are those whose log is told', async () => {
  const source = createHostEvidence(
    { clock: systemClock(), memory: rememberingChecks() },
    await hostOfShop(),
  );
  const gone = recorded(notOk('critical', 'missing', 'no process', { units: ['shop.service'] }));
  expect((await source.collect(spec({ type: 'process' }), gone)).slice(0, 3)).toEqual(told);
});

test('a systemd check that does not tell the journal gets it as evidence', async () => {
  const source = createHostEvidence(
    { clock: systemClock(), memory: rememberingChecks() },
    await hostOfShop(),
  );
  const options = { unit: ['shop.service'], journal: false };
  expect((await source.collect(spec({ type: 'systemd', options }), down)).slice(0, 3)).toEqual(
    told,
  );
});

test('forty checks that fail at the same time cost one look at what they share', async () => {
  const places = await hostOfShop();
  const source = createHostEvidence({ clock: systemClock(), memory: rememberingChecks() }, places);
  const all = await Promise.all(
    Array.from({ length: 40 }, async (_, number) =>
      source.collect({ ...gateway, name: `gateway ${number}` }, down),
    ),
  );
  expect(new Set(all.map((lines) => lines.join('\n'))).size).toBe(1);
  expect(await readFile(join(places.proc, '../reads'), 'utf8')).toBe('read\n');
});

test('a disk that fills is compared with what it held while it was well, also over a restart', async () => {
  const folder = temporaryFolder();
  const log = join(folder, 'shop.log');
  await writeFile(log, '');
  await truncate(log, 50e6);
  const places = { ...(await hostOfShop()), programs: '/usr/bin:/bin' };
  const memory = rememberingChecks();
  const clock = clockWith();
  const { target: _none, ...disk } = spec({ name: 'disk', type: 'disk' });
  const full = (percent: number) => [{ metric: `used_percent ${folder}`, value: percent }];
  const start = () => createHostEvidence({ clock, memory }, places);
  const first = start();
  const well = recorded(ok('fine', { values: full(60) }));
  first.note?.(disk, well);
  expect(memory.recall('disk')).toBeUndefined();
  clock.jumpMs = comparedAfterMs;
  first.note?.(disk, well);
  await eventually(() => memory.recall('disk') !== undefined, 'the files are looked at');
  await truncate(log, 950e6);
  clock.jumpMs += 5 * 3_600_000;
  const tooFull = recorded(notOk('critical', 'threshold', 'full', { values: full(97) }));
  expect(await start().collect(disk, tooFull)).toContain(
    `grown most within 5h: ${log} by 900 MB (now 950 MB)`,
  );
});
