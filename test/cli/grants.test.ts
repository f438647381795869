import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folderOfGrants = join(import.meta.dirname, '../../deploy/systemd/grants');

const checks = `checks:
  - { name: containers, type: docker }
  - { name: uplink, type: icmp, target: 192.0.2.1 }
  - { name: errors, type: log, unit: app.service, rules: [{ pattern: x }] }
  - { name: lines, type: log, file: /var/log/app.log, rules: [{ pattern: x }] }
  - { name: killed, type: oom }
  - { name: web, type: port, port: 80, process: nginx }
  - { name: any, type: port, port: 81 }
  - { name: app, type: process, process: app }
  - { name: units, type: systemd }
  - { name: plugin, type: command, command: [/bin/true], user: nobody }
  - { name: plain, type: command, command: [/bin/true] }
`;

async function grants(config: string, ...words: string[]): Promise<string> {
  const folder = temporaryFolder();
  const file = join(folder, 'agent.config.yaml');
  writeFileSync(file, config);
  const around = { cwd: folder, environment: {} };
  return (await runCommand(['grants', '-c', file, ...words], around)).stdout;
}

test('each right is named with the checks that need it', async () => {
  expect(await grants(checks)).toMatchInlineSnapshot(`
    "docker       powerful  containers
    journal      harmless  errors, units
    kernel-log   powerful  killed
    listeners    powerful  web
    other-users  powerful  plugin
    ping         harmless  uplink
    processes    harmless  app
    "
  `);
});

test('a configuration that needs none has nothing to say', async () => {
  expect(await grants('checks: [https://example.com/]\n')).toBe('');
});

test('there is a drop-in for each right, and no other', async () => {
  const named = JSON.parse(await grants(checks, '--json')) as { grants: { grant: string }[] };
  const files = readdirSync(folderOfGrants).toSorted();
  expect(files).toEqual(named.grants.map(({ grant }) => `${grant}.conf`));
  for (const file of files) {
    expect(readFileSync(join(folderOfGrants, file), 'utf8')).toMatch(
      /^# .+\n(?:# .+\n)*\n\[Service\]\n/,
    );
  }
});

test('docs/service.md says of each right what it is and whether it reaches far', async () => {
  const page = readFileSync(join(folderOfGrants, '../../../docs/service.md'), 'utf8');
  const { grants: named } = JSON.parse(await grants(checks, '--json')) as {
    grants: { grant: string; powerful: boolean }[];
  };
  const rows = named.map(({ grant }) =>
    new RegExp(`^\\| \`${grant}\` \\|.*\\| ?(yes)?.*\\|$`, 'm').exec(page),
  );
  expect(rows.map((row) => row?.[1] === 'yes')).toEqual(named.map(({ powerful }) => powerful));
});
