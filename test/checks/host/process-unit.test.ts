import { expect, test } from 'vitest';
import { unitInCgroups } from '../../../src/checks/host/process-unit.ts';

test.each([
  ['0::/system.slice/nginx.service', 'nginx.service'],
  [
    '0::/system.slice/system-postgresql.slice/postgresql@15-main.service',
    'postgresql@15-main.service',
  ],
  ['12:memory:/x\n1:name=systemd:/system.slice/cron.service\n0::/', 'cron.service'],
  [
    '0::/user.slice/user-1000.slice/user@1000.service/app.slice/openclaw-gateway.service',
    'openclaw-gateway.service',
  ],
  ['0::/user.slice/user-1000.slice/user@1000.service/init.scope', undefined],
  ['0::/user.slice/user-0.slice/session-3.scope', undefined],
  ['0::/system.slice/docker-4f5e.scope', undefined],
  ['0::/', undefined],
  ['', undefined],
])('the unit in %j', (text, unit) => {
  expect(unitInCgroups(text)).toEqual(unit);
});
