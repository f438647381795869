import { describe, expect, test } from 'vitest';
import { bootAgent } from '../support/guest/agent.ts';
import { guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';

const lacking = lacksGuest();

const checks = [{ name: 'boots', type: 'reboot', announced: 'warning' }];

/** What tells of an orderly shutdown, best first: what is removed, and the rights that the agent has. */
const sources: readonly (readonly [string, string, readonly string[], string])[] = [
  ['the records of logins', 'true', [], '/var/log/wtmp'],
  ['the journal', 'rm /var/log/wtmp', ['journal'], 'the journal of the boot before'],
  ['the end of the agent itself', 'rm /var/log/wtmp', [], 'tocsin'],
];

describe('a host that comes back', () => {
  test.for(sources)(
    'tells a reboot from a lost supply, by %s',
    { timeout: guestTimeoutMs },
    async ([, line, grants, by], { skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using world = await bootAgent(checks, { grants });
      const { guest, told, message } = world;
      await guest.shell(line);
      await guest.reboot();
      const asked = await message(/^🟠 boots/);
      expect(asked).toMatch(/the host came back after an announced reboot, up \d+(?:\.\d)?m?s\n/);
      expect(asked).toContain(`so says ${by}`);
      await guest.cutPower();
      await guest.boot();
      const lost = await message(/^🔴 boots/);
      expect(lost).toMatch(
        /the host came back after an unannounced reboot \(a crash, or a lost supply\), up \d+(?:\.\d)?m?s\n/,
      );
      expect(lost).toMatch(
        /so says .*\nthe agent had last been there \d\S*(?: \d+s)? before the boot/,
      );
      expect(told()[0]).toBe(asked);
    },
  );
});
