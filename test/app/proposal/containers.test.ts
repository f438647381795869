import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { proposeContainers } from '../../../src/app/proposal/propose-containers.ts';
import { hostWith } from '../../support/host-check.ts';
import { lacksDocker, startDocker } from '../../support/docker-engine.ts';
import { foundIn, initialise } from '../../support/initialised.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('a real Docker is found by its socket, and all its containers are watched', async (context) => {
  const lacking = lacksDocker();
  context.skip(lacking !== undefined, lacking);
  const docker = await startDocker();
  onTestFinished(docker.remove);
  docker.start('shop', [], 'sleep 600');
  const folder = temporaryFolder();
  const run = dirname(docker.path);
  const said = await initialise({}, folder, { places: { run } });
  expect(said.stdout).not.toMatch(/(?:fails|switched off).*containers/);
  expect(await foundIn(folder)).toEqual([
    { name: 'containers', type: 'docker', host: `unix://${docker.path}` },
  ]);
  const again = await initialise({}, folder, { places: { run } });
  expect(again.stdout).toBe('');
}, 60_000);

test('an engine with two names counts once, and one of a user beside it is named', async () => {
  const places = await hostWith({ 'run/podman/podman.sock': '', 'run/user/1000/docker.sock': '' });
  await mkdir(places.run, { recursive: true });
  await symlink(join(places.run, 'podman/podman.sock'), join(places.run, 'docker.sock'));
  const found = await proposeContainers(places);
  expect(found.map(({ check }) => check)).toEqual([
    { name: 'containers', type: 'docker', host: `unix://${places.run}/docker.sock` },
    {
      name: `containers of ${places.run}/user/1000/docker.sock`,
      type: 'docker',
      host: `unix://${places.run}/user/1000/docker.sock`,
    },
  ]);
});
