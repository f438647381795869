import { join } from 'node:path';
import { utimes } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { collectEvidence } from '../../src/checks/host/evidence.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { hostWith } from '../support/host-check.ts';

const clock = systemClock();

/** `/proc/PID/stat` of a process with this many pages of memory. */
function stat(pid: number, name: string, pages: number): Record<string, string> {
  const fields = ['S', 1, pid, pid, 0, -1, 0, 0, 0, 0, 0, 50, 10, 0, 0, 20, 0, 1, 0, 100, 0, pages];
  return { [`proc/${pid}/stat`]: `${pid} (${name}) ${fields.join(' ')} 0 0\n` };
}

const processes = {
  ...stat(1, 'systemd', 40),
  ...stat(10, 'postgres', 500_000),
  ...stat(11, 'openclaw-gatewa', 250_000),
  ...stat(12, 'sh', 100),
  ...stat(13, 'cron', 50),
};

/** As dpkg writes its dates: local time. */
function dpkgTime(agoMs: number): string {
  const at = new Date(Date.now() - agoMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`;
}

test('the end of the log, the largest processes and what changed last are told, secrets masked', async () => {
  const places = await hostWith({
    ...processes,
    'bin/journalctl':
      '#!/bin/sh\nprintf "2020-11-28T03:00:01+0000 nginx[7]: called as $5\\n2020-11-28T03:00:02+0000 nginx[7]: token=abc123def url https://me:pw@db/ password: hunter2\\n"\n',
    'var/log/dpkg.log': [
      `${dpkgTime(90_000_000)} upgrade old:amd64 1 2`,
      `${dpkgTime(7_200_000)} upgrade nginx:amd64 1.22 1.24`,
      `${dpkgTime(7_200_000)} status installed nginx:amd64 1.24`,
      '',
    ].join('\n'),
    'etc/systemd/system/gateway.service': '[Service]\n',
    'etc/systemd/system/older.service': '[Service]\n',
  });
  const yesterday = Date.now() / 1000 - 90_000;
  await utimes(join(places.etc, 'systemd/system/older.service'), yesterday, yesterday);
  const found = await collectEvidence(
    { units: Promise.resolve(['nginx.service']) },
    { places, clock },
  );
  expect(found).toEqual([
    'log of nginx.service:',
    '  2020-11-28T03:00:01Z nginx[7]: called as _SYSTEMD_UNIT=nginx.service',
    '  2020-11-28T03:00:02Z nginx[7]: token=<secret> url https://me:<secret>@db/ password: <secret>',
    'most memory: postgres (10) 2 GB, openclaw-gatewa (11) 1 GB, sh (12) 410 kB',
    expect.stringMatching(
      /^last package change, 2h.* ago: upgrade nginx:amd64 from 1\.22 to 1\.24$/,
    ),
    expect.stringMatching(/^last change of a unit, .* ago: gateway\.service$/),
  ]);
});

test('processes are called by program, script and unit, and nothing else of their command line', async () => {
  const places = await hostWith({
    ...stat(1, 'systemd', 40),
    ...stat(20, 'MainThread', 9000),
    'proc/20/cmdline': '/usr/bin/node\0--max-old-space-size=99\0/opt/shop/gateway.mjs\0--token=x\0',
    'proc/20/cgroup': '0::/system.slice/shop.service\n',
    ...stat(21, 'nginx', 8000),
    'proc/21/cmdline': 'nginx: worker process\0',
    ...stat(22, 'mysql', 7000),
    'proc/22/cmdline': '/usr/bin/mysql\0-uroot\0-phunter2\0',
    'etc/': '',
  });
  const [memory] = await collectEvidence({ units: Promise.resolve([]) }, { places, clock });
  expect(memory).toBe(
    'most memory: node gateway.mjs of shop.service (20) 37 MB, nginx (21) 33 MB, mysql (22) 29 MB',
  );
});

test('a program that hangs costs its own part and two seconds, nothing else', async () => {
  const places = await hostWith({
    ...processes,
    'bin/journalctl': '#!/bin/sh\nwhile :; do :; done & wait\n',
  });
  const startedMs = performance.now();
  const found = await collectEvidence({ units: Promise.resolve(['a.service']) }, { places, clock });
  expect(performance.now() - startedMs).toBeLessThan(4000);
  expect(found).toEqual([expect.stringMatching(/^most memory: postgres/)]);
});

test('a full disk tells the large files of the last day, those found in time', async () => {
  const places = await hostWith({
    ...processes,
    'bin/find':
      '#!/bin/sh\nnow=$(/bin/date +%s)\necho "20000000 $now.5 /var/log/small.log"\necho "9000000000 $now.0 /var/log/big one.log"\nexec /bin/sleep 30\n',
  });
  const found = await collectEvidence(
    { units: Promise.resolve([]), disk: { path: '/', earlier: undefined } },
    { places, clock },
  );
  expect(found).toContain(
    'large files written within a day: /var/log/big one.log 9 GB, /var/log/small.log 20 MB',
  );
});

test('where the processes of others are hidden, those of the agent are not called the largest', async () => {
  const places = await hostWith(stat(60, 'tocsin', 100));
  expect(await collectEvidence({ units: Promise.resolve([]) }, { places, clock })).toEqual([
    'processes of other users are hidden from the agent (ProtectProc= of its unit, or hidepid of /proc)',
  ]);
});

test('a host that shows nothing gives no evidence, and no error', async () => {
  const places = await hostWith({ 'etc/': '' });
  const found = await collectEvidence(
    { units: Promise.resolve(['a.service']), disk: { path: '/', earlier: undefined } },
    { places, clock },
  );
  expect(found).toEqual([]);
});
