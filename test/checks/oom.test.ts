import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { oom, oomOf } from '../../src/checks/oom.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import {
  hostWith,
  openedCheck,
  rememberingChecks,
  valuesOf,
  writeInto,
} from '../support/host-check.ts';

const vmstat = (kills: number) => `nr_free_pages 12\noom_kill ${kills}\nswap_ra 1\n`;

const killLines = (pid: number, name: string, group: string) =>
  `6,900,1000,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=x,mems_allowed=0,global_oom,task_memcg=${group},task=${name},pid=${pid},uid=1000\n` +
  `3,901,1001,-;Out of memory: Killed process ${pid} (${name}) total-vm:9000kB, anon-rss:1900000kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:80kB oom_score_adj:0\n`;

async function host(files: Readonly<Record<string, string>> = {}) {
  const places = await hostWith({
    'proc/sys/kernel/random/boot_id': 'boot-1\n',
    'proc/vmstat': vmstat(4),
    ...files,
  });
  const folder = join(places.proc, '..');
  const clock = createFakeClock();
  const memory = rememberingChecks();
  return {
    clock,
    put: async (name: string, text: string) => writeInto(folder, name, text),
    remove: async (name: string) => rm(join(folder, name), { recursive: true }),
    makeFolder: async (name: string) => mkdir(join(folder, name), { recursive: true }),
    opened: (keys: Readonly<Record<string, unknown>> = {}) =>
      openedCheck(oomOf(places), keys, { clock, memory }),
  };
}

describe('a kill for lack of memory', () => {
  test('before the first look is no news; one after it is told for a while, with its victim', async () => {
    const { opened, put, clock } = await host();
    expect(await opened().run()).toMatchObject({ status: 'ok' });
    await put('proc/vmstat', vmstat(5));
    await put(
      'dev/kmsg',
      killLines(7, 'old', '/x') + killLines(42, 'node', '/system.slice/web.service'),
    );
    const check = opened();
    const result = await check.run();
    expect(result).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary:
        'the kernel killed node (pid 42, 1.9 GB, in system.slice/web.service) for lack of memory, just now',
    });
    expect(valuesOf(result)).toEqual({ oom_kills: 5 });
    await clock.advance(14 * 60_000);
    expect((await opened().run()).summary).toContain('14m ago');
    await clock.advance(60_000);
    expect((await check.run()).status).toBe('ok');
  });

  test('is told without its victim where the messages of the kernel may not be read', async () => {
    const { opened, put } = await host();
    await opened().run();
    await put('proc/vmstat', vmstat(6));
    expect((await opened().run()).summary).toBe(
      'the kernel killed 2 processes for lack of memory, just now; which, dmesg tells (for the agent: AmbientCapabilities=CAP_SYSLOG)',
    );
  });

  test('is counted from nothing after a boot', async () => {
    const { opened, put } = await host();
    await opened().run();
    await put('proc/sys/kernel/random/boot_id', 'boot-2\n');
    await put('proc/vmstat', vmstat(0));
    const check = opened();
    expect((await check.run()).status).toBe('ok');
    await put('proc/vmstat', vmstat(1));
    expect((await check.run()).summary).toContain('killed a process');
    await put('proc/sys/kernel/random/boot_id', 'boot-3\n');
    await put('proc/vmstat', vmstat(2));
    expect((await opened().run()).summary).toContain('killed 3 processes');
  });
});

describe('a kill in a unit', () => {
  const systemctl = (lines: string) => `#!/bin/sh\nprintf '%b' '${lines}'\n`;
  const running =
    'Id=web.service\\nLoadState=loaded\\nControlGroup=/system.slice/web.service\\nResult=success\\n';
  const events = 'sys/fs/cgroup/system.slice/web.service/memory.events';
  const count = (kills: number) => `low 0\noom 1\noom_kill ${kills}\n`;

  test('is told, kills elsewhere are not', async () => {
    const { opened, put } = await host({ 'bin/systemctl': systemctl(running), [events]: count(1) });
    const check = opened({ unit: 'web.service' });
    expect((await check.run()).status).toBe('ok');
    await put('proc/vmstat', vmstat(5));
    await put('dev/kmsg', killLines(7, 'other', '/system.slice/db.service'));
    expect((await check.run()).status).toBe('ok');
    await put('proc/vmstat', vmstat(6));
    await put(events, count(2));
    await put('dev/kmsg', killLines(42, 'node', '/system.slice/web.service'));
    const result = await check.run();
    expect(result.summary).toContain('killed node (pid 42');
    expect(valuesOf(result)).toEqual({ oom_kills: 6, 'oom_kills web.service': 2 });
  });

  test('that took its control group along is told by the messages, or by systemd', async () => {
    const { opened, put, remove } = await host({
      'bin/systemctl': systemctl(running),
      [events]: count(0),
    });
    const check = opened({ unit: ['web.service'] });
    await check.run();
    await remove('sys/fs/cgroup');
    await put('proc/vmstat', vmstat(5));
    await put(
      'bin/systemctl',
      systemctl('Id=web.service\\nLoadState=loaded\\nControlGroup=\\nResult=oom-kill\\n'),
    );
    expect((await check.run()).summary).toBe(
      'web.service ended because the kernel killed it for lack of memory',
    );
    await put('proc/vmstat', vmstat(6));
    await put('dev/kmsg', killLines(42, 'node', '/system.slice/web.service'));
    expect((await check.run()).summary).toContain('killed node (pid 42');
  });

  test('that does not exist leaves it unknown, as does a systemd that does not answer', async () => {
    const { opened, put } = await host({
      'bin/systemctl': systemctl('Id=no.service\\nLoadState=not-found\\n'),
    });
    expect(await opened({ unit: 'no.service' }).run()).toMatchObject({
      status: 'unknown',
      reason: 'missing',
      summary: 'there is no unit no.service on this host',
    });
    await put('bin/systemctl', '#!/bin/sh\nexit 1');
    expect((await opened({ unit: 'no.service' }).run()).status).toBe('unknown');
  });
});

test('A kernel that does not count them leaves kills unknown; this one does', async () => {
  const { opened, put } = await host();
  await put('proc/vmstat', 'nr_free_pages 1\n');
  expect(await opened().run()).toMatchObject({ status: 'unknown', reason: 'protocol' });
  expect((await openedCheck(oom).run()).status).toBe('ok');
});
