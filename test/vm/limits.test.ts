import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { headlines, startAgentVm } from '../support/vm/agent-vm.ts';
import { lacksVm, vmTimeoutMs } from '../support/vm/vm.ts';

const lacking = lacksVm();

/** Once it is asked to, starts as many processes as it may, and holds on to them. */
const storm = `#!/usr/bin/perl
unless (-e '/srv/storm') { print "calm\\n"; exit 0 }
for (1 .. 500) { my $pid = fork; last unless defined $pid; next if $pid; sleep 300; exit }
sleep 300;
`;

describe('what the unit allows the service', () => {
  test(
    'is in force: a plugin that starts all it may takes nothing from the host, and is no reason to call a file unreadable',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const checks = [
        { name: 'flag', type: 'file', path: '/srv/flag' },
        { name: 'room', type: 'disk', path: '/' },
        { name: 'storm', type: 'command', command: ['/usr/local/bin/storm'] },
      ];
      await using world = await startAgentVm(checks, {
        quota: true,
        files: { '/usr/local/bin/storm': storm, '/srv/flag': '' },
      });
      const { vm, message, told, property } = world;
      const folder = `/sys/fs/cgroup${await property('ControlGroup')}`;
      const group = async (name: string): Promise<string> =>
        (await vm.read(`${folder}/${name}`)).trim();
      expect(await group('memory.max')).toBe(`${400 * 1024 * 1024}`);
      expect(await group('memory.swap.max')).toBe(`${100 * 1024 * 1024}`);
      expect(await group('cpu.max')).toBe('50000 100000');
      expect(await group('pids.max')).toBe('128');
      const pid = await property('MainPID');
      await vm.shell('touch /srv/storm');
      const refused = async (): Promise<boolean> =>
        Number(/^max (\d+)/.exec(await group('pids.events'))?.[1]) > 0;
      await eventually(refused, 'processes were refused', 60_000);
      expect(await message(/^🟠 storm stalled/)).toContain(
        'the latest run says: /usr/local/bin/storm did not end within 10s and was stopped',
      );
      await vm.shell('rm /srv/storm');
      await message(/^✅ storm/);
      await vm.shell('rm /srv/flag');
      await message(/^🔴 flag/);
      // With half of an emulated processor the agent may give up on an answer, and sends again.
      expect([...new Set(headlines(told()))]).toEqual(['🟠 storm', '✅ storm', '🔴 flag']);
      expect(await group('cpu.stat')).toMatch(/^nr_throttled [1-9]/m);
      expect([await property('MainPID'), await property('NRestarts')]).toEqual([pid, '0']);
    },
    vmTimeoutMs,
  );
});
