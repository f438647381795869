import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('validate tells by line what is probably not meant, and lets it pass', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'agent.config.yaml');
  const route = 'route: { receiver: a, repeat_interval: 30s }\nreceivers: [{ name: a }]\n';
  await writeFile(file, route);
  const warning = `${file}:1:40: route.repeat_interval: a repeat_interval of 30s is below the group_interval of 5m: reminders come every 5m`;
  const said = await runCommand(['validate'], { cwd: folder });
  expect(said).toEqual({
    code: 0,
    stdout: `${file}: 1 check, 1 receiver, 1 warning\n`,
    stderr: `${warning} (warning)\n`,
  });
  const json = await runCommand(['validate', '--json'], { cwd: folder });
  expect(JSON.parse(json.stdout)).toEqual({
    apiVersion: 1,
    ok: true,
    problems: [],
    warnings: [warning],
  });
});
