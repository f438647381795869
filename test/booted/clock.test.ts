import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { bootGuest, guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { startTimeServer } from '../support/guest/time-server.ts';
import { executable } from '../support/tocsin.ts';

const lacking = lacksGuest();
const port = 11_123;

const files = {
  '/etc/agent.config.yaml': JSON.stringify({
    checks: [{ name: 'clock', type: 'clock' }],
    agent: { data_dir: '/tmp/tocsin' },
  }),
  '/etc/compared.yaml': JSON.stringify({
    checks: [{ name: 'clock', type: 'clock', unsynchronized: 'ignore', server: '127.0.0.1:11123' }],
    agent: { data_dir: '/tmp/tocsin' },
  }),
  '/etc/chrony/chrony.conf': 'server 127.0.0.1 port 11123 iburst minpoll 0 maxpoll 1\n',
  // In a guest it may not set the clock, and without that right it would not be started.
  '/etc/default/chrony': 'DAEMON_OPTS="-F 1 -x"\n',
  '/etc/systemd/system/chrony.service.d/guest.conf': '[Unit]\nConditionCapability=\n',
};

describe('the clock of a host with chrony', () => {
  test(
    'is judged by whom it follows, and how far it is from them',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using guest = await bootGuest({
        files,
        bind: { '/usr/local/bin/tocsin': executable },
      });
      /** What an agent without any right sees when it looks for the first time. */
      const seen = async (config = 'agent.config.yaml'): Promise<string> => {
        const words = ['tocsin', 'check', '-c', `/etc/${config}`];
        return (await guest.run(words, { user: 'nobody' })).stdout.replaceAll(/ {2,}/g, ' ').trim();
      };
      const until = async (pattern: RegExp): Promise<void> => {
        await eventually(async () => pattern.test(await seen()), `${pattern}`, 30_000);
      };
      await until(
        /^warning clock \S+ nothing keeps the clock right: chrony runs, but follows none of its time servers \(chronyc sources\)$/,
      );
      const right = await startTimeServer(guest, port, 0);
      await until(
        /^ok clock \S+ the clock follows a time server, \d\S*s (?:behind|ahead of) the time servers \(says chrony\); jumps/,
      );
      expect(await seen('compared.yaml')).toMatch(
        /s (?:behind|ahead of) 127\.0\.0\.1:11123; jumps/,
      );
      await right.end();
      const wrong = await startTimeServer(guest, port, 3000);
      await guest.say('systemctl', 'restart', 'chrony');
      await until(
        /^critical clock \S+ the clock is (?:2\.9|3|3\.1)s behind the time servers \(says chrony\), limit 2s$/,
      );
      await guest.say('systemctl', 'stop', 'chrony');
      expect(await seen()).toMatch(
        /^warning clock \S+ nothing keeps the clock right \(no time server is followed\)$/,
      );
      expect(await seen('compared.yaml')).toMatch(
        /^critical clock \S+ the clock is (?:2\.9|3|3\.1)s behind 127\.0\.0\.1:11123, limit 2s$/,
      );
      await guest.shell('rm /usr/bin/chronyc');
      expect(await seen()).toMatch(/^warning clock \S+ nothing keeps the clock right/);
      await wrong.end();
      expect(await seen('compared.yaml')).toMatch(/^unknown clock \S+ connect to .* refused$/);
    },
    guestTimeoutMs,
  );
});
