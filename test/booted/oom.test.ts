import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { bootAgent } from '../support/guest/agent.ts';
import { guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';

const memory = '/sys/fs/cgroup/memory';

/** A control group of this machine in which little memory may be used: a guest has no limits of its own. */
function smallGroup(): string {
  const group = `${memory}/tocsin-oom-${process.pid}`;
  mkdirSync(group, { recursive: true });
  onTestFinished(() => eventually(() => removed(group), `${group} is empty`));
  writeFileSync(`${group}/memory.limit_in_bytes`, '16000000');
  return `${group}/cgroup.procs`;
}

function removed(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch {
    return !existsSync(group);
  }
}

test(
  'a kill for lack of memory is told, and its victim with the grant for the log of the kernel',
  async ({ skip }) => {
    const lacking = lacksGuest();
    if (lacking !== undefined) skip(lacking);
    if (!existsSync(`${memory}/memory.limit_in_bytes`))
      skip('memory is not limited by groups here');
    const groups = [smallGroup()];
    const checks = [{ name: 'memory', type: 'oom' }];
    {
      await using world = await bootAgent(checks);
      await world.guest.run(['tail', '/dev/zero'], { groups });
      expect(await world.message(/^🔴 memory is critical/)).toMatch(
        /\nthe kernel killed a process for lack of memory, just now; this is a container, and/,
      );
    }
    await using world = await bootAgent(checks, {
      grants: ['kernel-log'],
      bind: { '/dev/kmsg': '/dev/kmsg' },
      capabilities: ['CAP_SYSLOG'],
    });
    await world.guest.run(['tail', '/dev/zero'], { groups });
    expect(await world.message(/^🔴 memory is critical/)).toMatch(
      /\nthe kernel killed tail \(pid \d+, 1\d MB, in .*tocsin-oom-\d+\) for lack of memory, just now\n/,
    );
  },
  guestTimeoutMs,
);
