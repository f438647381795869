import { describe, expect, test } from 'vitest';
import { bootAgent } from '../support/guest/agent.ts';
import { nothingAllowed, triedIn, triesCheck, triesForbidden } from '../support/guest/forbidden.ts';
import { guestTimeoutMs, lacksGuest, type Guest } from '../support/guest/guest.ts';

const lacking = lacksGuest();
const timeoutMs = guestTimeoutMs;

async function property(guest: Guest, name: string): Promise<string> {
  return guest.say('systemctl', 'show', '-P', name, 'tocsin');
}

/** Waits until systemd says so of the unit. */
async function until(guest: Guest, condition: string): Promise<void> {
  await guest.shell(`for i in $(seq 300); do ${condition} && exit 0; sleep 0.1; done; exit 1`);
}

describe('the service', () => {
  test(
    'validates before a reload, and is not started again with a configuration that cannot be used',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using running = await bootAgent([{ name: 'disk', type: 'disk' }], {
        prepare: 'install -d -o tocsin -g tocsin /etc/tocsin/conf.d',
      });
      const { guest } = running;
      const pid = await property(guest, 'MainPID');
      await guest.write('/etc/tocsin/conf.d/bad.yaml', 'checks: [{ type: htp }]\n');
      expect((await guest.run(['systemctl', 'reload', 'tocsin'])).code).not.toBe(0);
      expect(await guest.say('journalctl', '-u', 'tocsin', '-o', 'cat')).toContain('"htp"');
      expect(await property(guest, 'MainPID')).toBe(pid);
      expect(await guest.say('systemctl', 'is-active', 'tocsin')).toBe('active');

      expect((await guest.run(['systemctl', 'restart', 'tocsin'])).code).not.toBe(0);
      await until(guest, '[ "$(systemctl show -P ActiveState tocsin)" = failed ]');
      expect(await property(guest, 'ExecMainStatus')).toBe('78');
      expect(await property(guest, 'NRestarts')).toBe('0');
      const doctor = await guest.run(['tocsin', 'doctor']);
      expect(doctor.code).toBe(2);
      expect(doctor.stdout).toMatch(/critical +configuration .*bad\.yaml:1:\d+: .*htp/);
      expect(doctor.stdout).toMatch(/critical +service +.*configuration cannot be used/);

      await guest.write('/etc/tocsin/conf.d/bad.yaml', 'checks: [{ type: oom, name: killed }]\n');
      await guest.say('systemctl', 'start', 'tocsin');
      await guest.say('systemctl', 'reload', 'tocsin');
      expect(await guest.say('tocsin', 'status')).toContain('killed');
    },
    timeoutMs,
  );

  test(
    'cannot do what it has no business with, and hands secrets to nobody',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using running = await bootAgent(
        [triesCheck, { name: 'state', type: 'file', path: '/var/lib/tocsin/tocsin.db' }],
        {
          files: {
            '/usr/local/bin/tries': triesForbidden,
            '/etc/tocsin/credentials/hook': 'hush-hush-hush\n',
            '/etc/systemd/system/tocsin.service.d/10-credentials.conf':
              '[Service]\nLoadCredential=hook:/etc/tocsin/credentials/hook\n',
            '/etc/tocsin/conf.d/hook.yaml':
              'checks: [{ name: door, type: http, target: http://127.0.0.1:9860/-/healthy, http: { bearer_token: "${credential:hook}" } }]\n',
          },
          prepare: 'chmod 0700 /etc/tocsin/credentials; chmod 0600 /etc/tocsin/credentials/hook',
        },
      );
      const { guest } = running;
      expect(await triedIn(guest)).toBe(nothingAllowed);
      const pid = await property(guest, 'MainPID');
      const leaks = await guest.shell(
        `for f in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do tr '\\0' '\\n' < "$f"; done 2>/dev/null | grep -c hush-[h]ush || true;` +
          ' journalctl -o cat | grep -c hush-[h]ush || true; systemctl show tocsin | grep -c hush-[h]ush || true',
      );
      expect(leaks.trim().split(/\s+/)).toEqual(['0', '0', '0']);
      const other = await guest.run(
        ['sh', '-c', `cat /run/credentials/tocsin.service/hook /proc/${pid}/environ`],
        {
          user: 'nobody',
        },
      );
      expect(other.code).not.toBe(0);
      expect(other.stdout).toBe('');
      expect(
        await guest.shell(
          'ulimit -c unlimited; kill -SEGV ' +
            pid +
            '; sleep 1; find / -xdev -name "core*" -size +1M 2>/dev/null | grep -v /proc || true',
        ),
      ).toBe('');
    },
    timeoutMs,
  );
});
