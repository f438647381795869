import { describe, expect, test } from 'vitest';
import { bootAgent } from '../support/guest/agent.ts';
import { eventually } from '../support/eventually.ts';
import { guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';

const lacking = lacksGuest();

const flag = { name: 'flag', type: 'file', path: '/srv/flag' };

describe('the service', () => {
  test(
    'that hangs is killed by its watchdog, comes back, and tells nothing twice',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const drop = '/etc/systemd/system/tocsin.service.d/quick.conf';
      await using world = await bootAgent([flag], {
        files: { [drop]: '[Service]\nWatchdogSec=3s\nRestartSec=1s\n', '/srv/flag': '' },
      });
      const { guest, message, told } = world;
      const show = (property: string): Promise<string> =>
        guest.say('systemctl', 'show', '--value', '-p', property, 'tocsin');
      expect(await show('StatusText')).toMatch(/^watching 2 checks/);
      await guest.shell('rm /srv/flag');
      expect(await message(/^🔴 flag/)).toContain('/srv/flag does not exist');
      const before = await show('MainPID');
      await guest.shell(`kill -STOP ${before}`);
      await eventually(async () => (await show('NRestarts')) === '1', 'it was restarted', 20_000);
      await eventually(async () => (await show('ActiveState')) === 'active', 'it runs', 20_000);
      expect(await show('MainPID')).not.toBe(before);
      expect(await guest.shell('journalctl -u tocsin -p warning')).toContain('Watchdog timeout');
      await guest.shell('touch /srv/flag');
      await message(/^✅ flag is fine again/);
      expect(told().map((text) => text.split(' ')[0])).toEqual(['🔴', '✅']);
    },
    guestTimeoutMs,
  );

  test(
    'on a host that stood still neither fires nor resolves anything',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const job = { name: 'job', type: 'heartbeat', every: '4s', grace: '1s' };
      await using world = await bootAgent([flag, job], { files: { '/srv/flag': '' } });
      const { guest, told } = world;
      const beat = (): Promise<string> =>
        guest.say('curl', '-sSf', '-X', 'POST', 'http://127.0.0.1:9860/ping/job');
      await beat();
      guest.freeze(true);
      await new Promise((resolve) => setTimeout(resolve, 6500));
      guest.freeze(false);
      await beat();
      await guest.shell('rm /srv/flag');
      await world.message(/^🔴 flag/);
      expect(told()).toHaveLength(1);
    },
    guestTimeoutMs,
  );
});
