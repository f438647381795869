import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { drops, headlines, startAgentVm } from '../support/vm/agent-vm.ts';
import { lacksVm, vmTimeoutMs } from '../support/vm/vm.ts';

const lacking = lacksVm();

/** Takes more memory than the service may, once it is asked to. */
const eater = `#!/bin/sh
[ -e /srv/eat ] || { echo well; exit 0; }
exec perl -e 'my $eaten = "x" x 300_000_000; sleep 60'
`;

describe('where memory runs out', () => {
  test(
    'in another unit, or in a plugin, who was killed is named and the agent goes on; the agent itself comes back and tells nothing twice',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const checks = [
        { name: 'units', type: 'systemd', exclude: ['tocsin.service'] },
        { name: 'memory', type: 'oom' },
        { name: 'eater', type: 'command', command: ['/usr/local/bin/eat'] },
      ];
      await using world = await startAgentVm(checks, {
        grants: ['kernel-log', 'journal'],
        files: {
          '/usr/local/bin/eat': eater,
          // To eat 400 MB takes long where the processor is emulated.
          [`${drops}/less.conf`]: '[Service]\nMemoryMax=150M\nRestartSec=1s\n',
        },
      });
      const { vm, message, told, property } = world;
      await vm.say(
        ...'systemd-run --quiet --unit=hungry --property=MemoryMax=32M tail /dev/zero'.split(' '),
      );
      expect(await message(/^🔴 units/)).toContain(
        'hungry.service has failed: it was killed because it ran out of memory',
      );
      expect(await message(/^🔴 memory/)).toMatch(
        /the kernel killed tail \(pid \d+, \d\d MB, in system\.slice\/hungry\.service\) for lack of memory/,
      );

      const pid = await property('MainPID');
      await vm.shell('touch /srv/eat');
      expect(await message(/^🟠 eater stalled/)).toContain(
        'the latest run says: /usr/local/bin/eat was killed by the kernel: the service of the agent may take no more memory',
      );
      expect([await property('MainPID'), await property('NRestarts')]).toEqual([pid, '0']);

      await vm.say('systemctl', 'reset-failed', 'hungry');
      // Less than the agent itself needs.
      await vm.say('systemctl', 'set-property', '--runtime', 'tocsin', 'MemoryMax=16M');
      await eventually(async () => (await property('NRestarts')) !== '0', 'it was killed', 90_000);
      await vm.say('systemctl', 'set-property', '--runtime', 'tocsin', 'MemoryMax=150M');
      await vm.shell('rm /srv/eat');
      await message(/^✅ eater/);
      await message(/^✅ units/);
      expect(await property('ActiveState')).toBe('active');
      expect(headlines(told()).toSorted()).toEqual(
        ['🔴 units', '🔴 memory', '🟠 eater', '✅ eater', '✅ units'].toSorted(),
      );
    },
    vmTimeoutMs,
  );
});
