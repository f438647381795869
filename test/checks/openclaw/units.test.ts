import { chmod, chown, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startGateway } from '../../support/openclaw-gateway.ts';
import { watchGateway } from '../../support/openclaw-watch.ts';

const unit = 'openclaw-gateway.service';

/** A gateway on a host with systemd, whose `systemctl` says what is in a file and writes down who asked. */
async function withSystemd({ ofUser = false, owner = 0 } = {}) {
  const gateway = await startGateway();
  const home = dirname(gateway.stateFolder);
  const programs = join(home, 'bin');
  await mkdir(programs);
  await mkdir(join(gateway.places.run, 'systemd/system'), { recursive: true });
  const asked = join(home, 'asked');
  await writeFile(asked, '');
  const script = `#!/bin/sh
echo "$(/usr/bin/id -u) $XDG_RUNTIME_DIR $*" >> ${asked}
while read line; do echo "$line"; done < ${home}/says
`;
  await writeFile(join(programs, 'systemctl'), script);
  await chmod(join(programs, 'systemctl'), 0o755);
  if (ofUser) {
    const path = join(home, '.config/systemd/user', unit);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(
      path,
      '[Service]\nExecStart=/usr/bin/node /opt/openclaw/dist/index.js gateway\n',
    );
    await chown(gateway.stateFolder, owner, owner);
    await mkdir(join(gateway.places.run, 'user', String(owner)), { recursive: true });
    await chown(join(gateway.places.run, 'user', String(owner)), owner, owner);
    for (const folder of [home, programs]) await chmod(folder, 0o755);
    await chmod(asked, 0o666);
  }
  const says = async (properties: Readonly<Record<string, string>>): Promise<void> =>
    writeFile(
      join(home, 'says'),
      Object.entries({ Id: unit, ActiveState: 'active', ...properties })
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
  await says({ NRestarts: '0', ExecMainStatus: '0' });
  const places = { ...gateway.places, programs };
  const keys = ofUser ? {} : { unit };
  const watched = await watchGateway(['boots'], keys, { gateway: { ...gateway, places } });
  return { ...watched, says, asked: async () => readFile(asked, 'utf8') };
}

describe('the unit of a gateway', () => {
  test('that ended with exit code 78 asks for a person, not for another start', async () => {
    const { gateway, look, part, says } = await withSystemd();
    await gateway.stop();
    await gateway.remove('tmp');
    await says({
      ActiveState: 'failed',
      Result: 'exit-code',
      ExecMainStatus: '78',
      NRestarts: '0',
    });
    expect(await part('boots')).toMatchObject({
      status: 'critical',
      summary: expect.stringContaining(`${unit} ended with exit code 78: do not restart it`),
    });
    // For the end of its log, which goes with the message.
    expect((await look()).units).toEqual([unit]);
    await says({ ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '1', NRestarts: '0' });
    expect((await part('boots'))?.status).toBe('ok');
  });

  test('that systemd restarts again and again is a warning at two times, critical at three', async () => {
    const { part, says } = await withSystemd();
    expect((await part('boots'))?.status).toBe('ok');
    await says({ NRestarts: '2', ExecMainStatus: '0' });
    expect(await part('boots')).toMatchObject({
      status: 'warning',
      summary: expect.stringContaining(`systemd restarted ${unit} 2 times within 5m`),
    });
    await says({ NRestarts: '3', ExecMainStatus: '0' });
    expect((await part('boots'))?.status).toBe('critical');
    expect((await part('boots', 300_000))?.status).toBe('ok');
  });

  test('of a user is asked for at his own manager, by root as that user', async ({ skip }) => {
    skip(process.geteuid?.() !== 0, 'only root can become another user');
    const { part, asked, gateway } = await withSystemd({ ofUser: true, owner: 65_534 });
    expect((await part('boots'))?.values).toContainEqual(
      expect.objectContaining({ metric: 'unit_restarts', value: 0 }),
    );
    const [first] = (await asked()).split('\n');
    expect(first).toBe(
      `65534 ${gateway.places.run}/user/65534 --user show --property=Id,NRestarts,Result,ExecMainStatus,ActiveState -- ${unit}`,
    );
  });

  test('of a user whose manager does not run says so, and is no outage', async ({ skip }) => {
    skip(process.geteuid?.() !== 0, 'only root can give files away');
    const { part, gateway } = await withSystemd({ ofUser: true, owner: 65_534 });
    await chown(gateway.stateFolder, 65_533, 65_533);
    expect(await part('boots')).toMatchObject({
      status: 'ok',
      summary: expect.stringContaining('no manager of user 65533 runs'),
    });
  });
});

test('starts of a version that keeps no list of them are told by its lock', async () => {
  const { gateway, part } = await watchGateway(['boots']);
  gateway.database.exec('DROP TABLE gateway_boot_lifecycle');
  for (const agoMs of [90_000, 60_000]) {
    await gateway.lock({ createdAt: new Date(Date.now() - agoMs).toISOString() });
    expect((await part('boots', 15_000))?.status).toBe('ok');
  }
  await gateway.lock();
  expect(await part('boots', 15_000)).toMatchObject({
    status: 'warning',
    summary: 'started 3 times within 5m',
  });
});

test('an update on disk that waits for a restart is said, and is no trouble', async () => {
  const { gateway, part } = await watchGateway(['handshake', 'plugins']);
  const prefix = join(dirname(gateway.stateFolder), 'prefix');
  const path = join(prefix, 'lib/node_modules/openclaw/package.json');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify({ name: 'openclaw', version: '2026.9.7' }));
  await mkdir(join(gateway.places.etc, 'systemd/system'), { recursive: true });
  const text = `[Service]\nExecStart=/usr/bin/node ${dirname(path)}/dist/index.js gateway --port 1\n`;
  await writeFile(join(gateway.places.etc, 'systemd/system', unit), text);
  await symlink(path, join(prefix, 'unused'));
  const watched = await watchGateway(['handshake', 'plugins'], { unit }, { gateway });
  expect((await part('plugins'))?.summary).toBe('plugins and tasks are well');
  const found = await watched.part('plugins');
  expect(found).toMatchObject({
    status: 'ok',
    summary:
      'plugins and tasks are well; 2026.9.6 runs, and 2026.9.7 is on disk and waits for a restart',
  });
  expect(found?.values).toContainEqual({ metric: 'other_version_on_disk', value: 1 });
});
