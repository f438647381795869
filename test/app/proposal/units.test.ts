import { expect, test } from 'vitest';
import { proposeUnits } from '../../../src/app/proposal/propose-units.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { hostWith } from '../../support/host-check.ts';

const limits = () => ({ clock: systemClock(), signal: AbortSignal.timeout(5000) });

interface Unit {
  readonly active?: string;
  readonly sub: string;
  readonly path: string;
}

/** A systemctl that has these units. */
function systemctl(units: Readonly<Record<string, Unit>>): string {
  const list = Object.entries(units).map(([name, { active = 'active', sub }]) => {
    return `${name} loaded ${active} ${sub} Some words`;
  });
  const blocks = Object.entries(units).map(([name, { active = 'active', sub, path }]) => {
    return `'${name}') printf 'Id=${name}\\nFragmentPath=${path}\\nActiveState=${active}\\nSubState=${sub}\\n\\n' ;;`;
  });
  return `#!/bin/sh
if [ "$1" = list-units ]; then
cat <<'END'
${list.join('\n')}
END
else for unit; do case $unit in ${blocks.join('\n')} esac; done; fi
`;
}

const vendor = '/lib/systemd/system/';
const own = '/etc/systemd/system/';

test('what runs, fails or is run by a timer of the host is proposed, the rest of the distribution is not', async () => {
  const places = await hostWith({
    'run/systemd/system/': '',
    'bin/cat': '#!/bin/sh\nexec /bin/cat\n',
    'bin/systemctl': systemctl({
      'nginx.service': { sub: 'running', path: `${vendor}nginx.service` },
      'grafana-server.service': { sub: 'running', path: `${vendor}grafana-server.service` },
      'postgresql@15-main.service': { sub: 'running', path: `${vendor}postgresql@.service` },
      'shop.service': { active: 'failed', sub: 'failed', path: `${own}shop.service` },
      'worker@2.service': {
        active: 'activating',
        sub: 'auto-restart',
        path: `${own}worker@.service`,
      },
      'backup.timer': { sub: 'waiting', path: `${own}backup.timer` },
      'apt-daily.timer': { sub: 'waiting', path: `${vendor}apt-daily.timer` },
      'certbot.timer': { sub: 'waiting', path: `${vendor}certbot.timer` },
      'systemd-journald.service': { sub: 'running', path: `${vendor}systemd-journald.service` },
      'getty@tty1.service': { sub: 'running', path: `${vendor}getty@.service` },
      'user@0.service': { sub: 'running', path: `${vendor}user@.service` },
      'polkit.service': { active: 'failed', sub: 'failed', path: `${vendor}polkit.service` },
      'one-off.service': { sub: 'running', path: '/run/systemd/transient/one-off.service' },
      'tocsin.service': { sub: 'running', path: `${own}tocsin.service` },
    }),
  });
  const { proposals, remarks } = await proposeUnits(places, limits());
  expect(remarks).toEqual([]);
  const units = proposals.flatMap(({ check: { unit } }) => unit ?? []);
  expect(proposals[0]?.check).toMatchObject({ name: 'failed units', exclude: units });
  expect(proposals.map(({ check: { name, unit } }) => [name, unit])).toEqual([
    ['failed units', undefined],
    ['unit nginx', 'nginx.service'],
    ['unit grafana-server', 'grafana-server.service'],
    ['unit postgresql@15-main', 'postgresql@15-main.service'],
    ['unit shop', 'shop.service'],
    ['unit worker@2', 'worker@2.service'],
    ['timer backup', 'backup.timer'],
  ]);
});

test('a host without systemd has no units, and a systemctl that fails leaves the general check and a remark', async () => {
  const without = await hostWith({ 'run/': '' });
  expect(await proposeUnits(without, limits())).toEqual({ proposals: [], remarks: [] });
  const broken = await hostWith({
    'run/systemd/system/': '',
    'bin/systemctl': '#!/bin/sh\necho "Access denied" >&2\nexit 1\n',
  });
  const { proposals, remarks } = await proposeUnits(broken, limits());
  expect(proposals.map(({ check }) => check.name)).toEqual(['failed units']);
  expect(remarks).toEqual([
    expect.stringMatching(/^units could not be listed: systemctl .*Access denied/),
  ]);
});
