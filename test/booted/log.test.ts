import { describe, expect, test } from 'vitest';
import { bootAgent } from '../support/guest/agent.ts';
import { guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { eventually } from '../support/eventually.ts';

const lacking = lacksGuest();

/** A service that writes into its log what comes through a pipe. */
const talker = [
  '[Service]',
  'ExecStart=/bin/sh -c "mkfifo /run/talk; echo listening; while :; do cat /run/talk; done"',
].join('\n');

const files = { '/etc/systemd/system/web.service': talker };

/** A check that fires once the log of the service has this word, and goes on firing. */
const watching = (word: string, more: object = {}): object => ({
  name: word,
  type: 'log',
  unit: 'web.service',
  rules: [{ pattern: `ERROR ${word}`, within: '10m', ...more }],
});

describe('the log of a unit', () => {
  test(
    'is followed over a restart of the agent, a rotation of the journal, and its loss',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      const words = ['running', 'restarted', 'rotated', 'vacuumed', 'lost'];
      const often = watching('often', { count: 3, within: '1m' });
      const checks = [...words.map((word) => watching(word)), often];
      await using world = await bootAgent(checks, { files, grants: ['journal'] });
      const { guest, message, told } = world;
      const log = (text: string): Promise<string> => guest.shell(`echo '${text}' > /run/talk`);
      const away = async (line: string): Promise<void> => {
        await guest.shell('systemctl stop tocsin');
        await guest.shell(line);
      };
      const back = (): Promise<string> => guest.say('systemctl', 'start', 'tocsin');
      await guest.shell('systemctl start web; until test -p /run/talk; do sleep 0.1; done');

      await log('ERROR running');
      expect(await message(/^🔴 running/)).toMatch(
        /web\.service has a line that matches \/ERROR running\/, (?:just now|\d\S* ago): ERROR running\n/,
      );

      for (const text of ['ERROR often 1', 'ERROR often 2']) await log(text);
      await away('true');
      await log('ERROR restarted');
      await log('ERROR often 3');
      await back();
      await message(/^🔴 restarted/);
      expect(await message(/^🔴 often/)).toMatch(
        /3 lines or more that match \/ERROR often\/ within 1m, the last .*: ERROR often 3\n/,
      );

      const throwAway = 'journalctl --rotate; journalctl --vacuum-files=1';
      await guest.shell(throwAway);
      await log('ERROR rotated');
      await message(/^🔴 rotated/);

      await away(throwAway);
      await log('ERROR vacuumed');
      await back();
      await message(/^🔴 vacuumed/);

      await away('rm -r /var/log/journal/*; systemctl restart systemd-journald');
      await log('ERROR lost');
      await back();
      await message(/^🔴 lost/);
      expect(told().filter((text) => text.startsWith('🔴'))).toHaveLength(checks.length);
    },
    guestTimeoutMs,
  );

  test(
    'that may not be read is unknown, and one command away from being read',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using world = await bootAgent([watching('secret')], { files });
      const { guest, message, told } = world;
      await guest.shell('systemctl start web; until test -p /run/talk; do sleep 0.1; done');
      const status = (): Promise<string> =>
        guest.shell('cd /etc/tocsin && tocsin status | grep secret');
      await eventually(async () => (await status()).includes('unknown'), 'the check is unknown');
      expect(await status()).toMatch(
        /lacks the right to read the journal: put it into the group systemd-journal \(usermod -aG systemd-journal tocsin, then restart the agent\)$/,
      );
      expect(told()).toEqual([]);
      await guest.shell('usermod -aG systemd-journal tocsin && systemctl restart tocsin');
      await eventually(async () => (await status()).startsWith('ok'), 'the log is read');
      await guest.shell("echo 'ERROR secret' > /run/talk");
      await message(/^🔴 secret/);
    },
    guestTimeoutMs,
  );
});
