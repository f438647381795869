import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { proposeOpenClaw } from '../../../src/app/proposal/propose-openclaw.ts';
import { folderWith } from '../../support/host-check.ts';
import { foundIn, initialise, socketTable } from '../../support/initialised.ts';
import { startGateway } from '../../support/openclaw-gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function passwd(...homes: readonly string[]): string {
  return homes
    .map((home, at) => `user${at}:x:${2000 + at}:${2000 + at}::${home}:/bin/sh\n`)
    .join('');
}

test('a gateway in the home of another user is found, and its port gets no other check', async () => {
  const gateway = await startGateway();
  const home = dirname(gateway.stateFolder);
  const folder = temporaryFolder();
  const said = await initialise(
    { 'etc/passwd': passwd('/nonexistent', home), 'proc/net/tcp': socketTable([gateway.port]) },
    folder,
  );
  expect(said.code).toBe(0);
  expect(await foundIn(folder)).toEqual([
    { name: 'openclaw', type: 'openclaw', state_dir: gateway.stateFolder },
  ]);
  // One that somebody has written by hand finds it without being told where.
  await writeFile(
    join(folder, 'agent.config.yaml'),
    'checks: [{ name: assistant, type: openclaw }]\n',
  );
  const again = await initialise(
    { 'etc/passwd': passwd(home), 'proc/net/tcp': socketTable([gateway.port]) },
    folder,
  );
  expect(again.stdout).not.toContain('openclaw');
});

test('each of several installations is named; a folder without settings is none', async () => {
  const [first, second, third] = [
    await folderWith({ '.openclaw/openclaw.json': '{}' }),
    await folderWith({ '.openclaw/openclaw.json': '{}' }),
    await folderWith({ '.openclaw/workspace/notes.md': '' }),
  ];
  const etc = await folderWith({ passwd: passwd(first, second, third) });
  const places = { proc: '/nonexistent', sys: '', run: '', etc, var: '', dev: '', programs: '' };
  const { proposals } = await proposeOpenClaw(places, AbortSignal.timeout(5000));
  expect(proposals.map(({ check }) => check.name)).toEqual([
    `openclaw ${first}/.openclaw`,
    `openclaw ${second}/.openclaw`,
  ]);
});
