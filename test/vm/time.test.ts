import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startTimeServer } from '../support/guest/time-server.ts';
import { drops, headlines, startAgentVm } from '../support/vm/agent-vm.ts';
import { lacksVm, lender, vmTimeoutMs } from '../support/vm/vm.ts';

const lacking = lacksVm();

const checks = [
  { name: 'flag', type: 'file', path: '/srv/flag' },
  { name: 'job', type: 'heartbeat', every: '40s', grace: '5s' },
  { name: 'backup', type: 'heartbeat', every: '1d' },
  { name: 'clock', type: 'clock', unsynchronized: 'ignore', interval: '10s', step_hold: '30m' },
];

const port = 11_123;

/** What an agent is asked that looks for the first time. */
const compared = {
  checks: [
    { name: 'compared', type: 'clock', unsynchronized: 'ignore', server: `${lender}:${port}` },
  ],
  agent: { data_dir: '/tmp/tocsin' },
};

describe('time that is not as it should be', () => {
  test(
    'fires nothing, repeats nothing and ends no agent: sleep, a host that stood still, a date that is set',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using world = await startAgentVm(checks, {
        files: {
          [`${drops}/quick.conf`]: '[Service]\nWatchdogSec=10s\n',
          '/srv/flag': '',
          '/etc/compared.yaml': JSON.stringify(compared),
        },
      });
      const { vm, message, told, property } = world;
      const ping = async (name: string): Promise<string> =>
        vm.say('curl', '-sSf', '-X', 'POST', `http://127.0.0.1:9860/ping/${name}`);
      const lagMs = async (): Promise<number> =>
        Date.now() - Number(await vm.say('date', '+%s')) * 1000;
      const pid = await property('MainPID');
      /** Until signs of life have come for longer than systemd waits for one. */
      const outlive = async (): Promise<void> => {
        const signOfLife = async (): Promise<number> =>
          Number(await property('WatchdogTimestampMonotonic'));
        const enough = (await signOfLife()) + 12e6;
        await eventually(async () => (await signOfLife()) > enough, 'it shows life', 90_000);
        expect([await property('MainPID'), await property('NRestarts')]).toEqual([pid, '0']);
      };

      await ping('backup');
      await ping('job');
      await vm.sleep(46_000);
      await ping('job');
      expect(await lagMs()).toBeLessThan(10_000);
      await outlive();
      expect(told()).toEqual([]);

      await startTimeServer(vm, port, 0);
      await vm.pause(15_000);
      await ping('job');
      expect((await vm.run(['tocsin', 'check', '-c', '/etc/compared.yaml'])).stdout).toMatch(
        /critical\s+compared\s.*the clock is 1\ds behind 10\.0\.2\.2:11123, limit 2s/,
      );
      await outlive();

      await vm.shell('rm /srv/flag');
      await message(/^🔴 flag/);
      await vm.say('date', '--set', '+3 days');
      expect(await message(/^🔴 clock/)).toMatch(/the date jumped 3d forward/);
      await outlive();
      await vm.say('date', '--set', '-3 days');
      await outlive();
      await vm.shell('touch /srv/flag');
      await message(/^✅ flag/);
      // It has been left alone for too long by then.
      const ofOthers = headlines(told()).filter((headline) => !headline.endsWith('job'));
      expect(ofOthers).toEqual(['🔴 flag', '🔴 clock', '✅ flag']);
    },
    vmTimeoutMs,
  );
});
