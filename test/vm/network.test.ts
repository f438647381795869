import { describe, expect, test } from 'vitest';
import { headlines, startAgentVm } from '../support/vm/agent-vm.ts';
import { lacksVm, vmTimeoutMs } from '../support/vm/vm.ts';

const lacking = lacksVm();

describe('a host that boots without a network', () => {
  test(
    'is watched all the same, and what there is to tell is told once when the cable is in',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const checks = [{ name: 'flag', type: 'file', path: '/srv/flag' }];
      await using world = await startAgentVm(checks, {
        files: {
          '/srv/flag': '',
          // systemd waits two minutes for a network unless told.
          '/etc/systemd/system/systemd-networkd-wait-online.service.d/short.conf':
            '[Service]\nExecStart=\nExecStart=/lib/systemd/systemd-networkd-wait-online --timeout=5\n',
        },
      });
      const { vm, message, told, property } = world;
      await vm.plug(false);
      await vm.reboot();
      expect(await vm.say('networkctl', 'status', 'eth0')).toMatch(/State: \S*no-carrier/);
      expect(await property('ActiveState')).toBe('active');
      await vm.shell('rm /srv/flag');
      await vm.shell(
        'until curl -sS http://127.0.0.1:9860/metrics | grep "^tocsin_outbox_pending" | grep -qv " 0$"; do sleep 0.5; done',
      );
      expect(told()).toEqual([]);
      await vm.plug(true);
      await message(/^🔴 flag/);
      await vm.shell('touch /srv/flag');
      await message(/^✅ flag/);
      expect(headlines(told())).toEqual(['🔴 flag', '✅ flag']);
      expect(await property('NRestarts')).toBe('0');
    },
    vmTimeoutMs,
  );
});
