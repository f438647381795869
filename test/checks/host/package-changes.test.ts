import { expect, test } from 'vitest';
import { lastPackageChange } from '../../../src/checks/host/package-changes.ts';
import { hostWith } from '../../support/host-check.ts';

const local = new Date('2026-11-28T09:30:14').getTime();

test.each([
  [
    'dpkg.log',
    '2026-11-28 09:30:12 install curl:amd64 <none> 7.88\n2026-11-28 09:30:14 upgrade nginx:amd64 1.22 1.24\n2026-11-28 09:30:15 status installed nginx:amd64 1.24\n',
    local,
    'upgrade nginx:amd64 from 1.22 to 1.24',
  ],
  [
    'dnf.rpm.log',
    '2026-11-28T09:30:12+0000 SUBDEBUG Upgrade: nginx-1:1.24.0-1.el9.x86_64\n2026-11-28T09:30:14+0000 SUBDEBUG Upgraded: nginx-1:1.22.1-4.el9.x86_64\n2026-11-28T09:31:00+0000 INFO --- logging initialized ---\n',
    Date.UTC(2026, 10, 28, 9, 30, 12),
    'upgrade to nginx-1:1.24.0-1.el9.x86_64',
  ],
  [
    'zypp/history',
    '# 2026-11-28 09:00:00 nginx output\n2026-11-28 09:30:14|install|nginx|1.24-1|x86_64|root@web|main|abc|\n2026-11-28 10:00:00|command|root@web|zypper up|\n',
    local,
    'install nginx 1.24-1',
  ],
  [
    'pacman.log',
    '[2026-11-28T09:30:14+0200] [ALPM] upgraded nginx (1.22-1 -> 1.24-1)\n[2026-11-28T09:30:15+0200] [ALPM] running hook\n',
    Date.UTC(2026, 10, 28, 7, 30, 14),
    'upgraded nginx from 1.22-1 to 1.24-1',
  ],
  [
    'apk.log',
    '\nRunning `apk upgrade` at 2026-11-28 09:30:14\n(1/2) Upgrading musl (1.2.5-r0 -> 1.2.5-r1)\n(2/2) Installing nginx (1.24.0-r0)\nExecuting busybox-1.36.1-r29.trigger\n',
    Date.UTC(2026, 10, 28, 9, 30, 14),
    'installing nginx 1.24.0-r0',
  ],
])('the last change in %s is found', async (name, text, atMs, sentence) => {
  expect(await lastPackageChange(await hostWith({ [`var/log/${name}`]: text }))).toEqual({
    atMs,
    sentence,
  });
});

test('the latest of several logs counts, of a long one its end, and of nonsense nothing', async () => {
  const places = await hostWith({
    'var/log/dpkg.log': `${'x'.repeat(200_000)}\n2026-11-28 09:30:14 remove old:amd64 1 <none>\n`,
    'var/log/pacman.log':
      '[2026-11-27T09:30:14+0000] [ALPM] installed new (1-1)\n[never] [ALPM] installed z (1)\n',
    'var/log/dnf.rpm.log': 'SUBDEBUG Upgrade\n\u0000\u0001',
  });
  expect((await lastPackageChange(places))?.sentence).toBe('remove old:amd64');
  expect(await lastPackageChange(await hostWith({ 'var/': '' }))).toBeUndefined();
});
