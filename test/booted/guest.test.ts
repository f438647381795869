import { describe, expect, test } from 'vitest';
import { bootGuest, guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

const lacking = lacksGuest();

describe('a guest', () => {
  test(
    'is a Debian of its own, which a reboot keeps and which reaches nothing outside',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using webhook = await startWebhookServer();
      const port = Number(new URL(webhook.origin).port);
      await using guest = await bootGuest({
        hostname: 'front-1',
        files: { '/usr/local/bin/greet': '#!/bin/sh\necho hello' },
      });
      expect(await guest.say('greet')).toBe('hello');
      expect(await guest.say('hostname')).toBe('front-1');
      expect(await guest.say('systemctl', 'is-system-running')).toBe('running');
      const date = await guest.run(['date', '-s', '2001-01-01']);
      expect(date.stderr).toContain('Operation not permitted');
      expect(new Date().getFullYear()).toBeGreaterThan(2001);
      const post = [
        'curl',
        '-sS',
        '-H',
        'content-type: application/json',
        '-d',
        '{}',
        webhook.origin,
      ];
      expect((await guest.run(post)).stderr).toContain('Failed to connect');
      await guest.lend(port);
      const boot = await guest.read('/proc/sys/kernel/random/boot_id');
      const machine = await guest.read('/etc/machine-id');
      await guest.write('/srv/kept', 'text');
      await guest.reboot();
      expect(await guest.read('/srv/kept')).toBe('text');
      await guest.say(...post);
      expect(webhook.accepted.map(({ body }) => body)).toEqual(['{}']);
      await guest.cutPower();
      await guest.boot();
      await guest.halt();
      await guest.boot();
      expect(await guest.read('/srv/kept')).toBe('text');
      expect(await guest.read('/etc/machine-id')).toBe(machine);
      expect(await guest.read('/proc/sys/kernel/random/boot_id')).not.toBe(boot);
    },
    guestTimeoutMs,
  );

  test(
    'stands still while it is frozen',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using guest = await bootGuest();
      guest.freeze(true);
      const said = guest.run(['echo', 'awake']);
      const first = await Promise.race([
        said,
        new Promise((resolve) => setTimeout(resolve, 300, 'silent')),
      ]);
      expect(first).toBe('silent');
      guest.freeze(false);
      expect((await said).stdout).toBe('awake\n');
    },
    guestTimeoutMs,
  );

  test(
    'waits for no command beyond its time, even if that has left something behind with its output open',
    async ({ skip }) => {
      if (lacking !== undefined) skip(lacking);
      await using guest = await bootGuest();
      const line = 'sleep 300 & echo begun; sleep 300';
      const said = await guest.run(['sh', '-c', line], { timeoutMs: 1000 });
      expect(said).toEqual({ code: null, stdout: 'begun\n', stderr: '' });
    },
    guestTimeoutMs,
  );
});
