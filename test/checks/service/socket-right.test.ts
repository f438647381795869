import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CheckType } from '../../../src/checks/check-type.ts';
import { docker } from '../../../src/checks/docker.ts';
import { postgres } from '../../../src/checks/postgres.ts';
import { redis } from '../../../src/checks/redis.ts';
import { folderWith, openedCheck } from '../../support/host-check.ts';

/** A group that every system has. */
const group = 'daemon';

function numberOfGroup(): number {
  const lines = readFileSync('/etc/group', 'utf8').split('\n');
  return Number(lines.find((line) => line.startsWith(`${group}:`))?.split(':')[2]);
}

const kinds: readonly (readonly [string, CheckType, string])[] = [
  ['docker', docker, 'host'],
  ['redis', redis, 'target'],
  ['postgres', postgres, 'target'],
];

/** Root may do everything: the look is taken as the user nobody. */
describe.skipIf(process.getuid?.() !== 0)('a socket that the agent may not use', () => {
  async function socket(mode: number): Promise<string> {
    const path = join(await folderWith(), 'service.sock');
    const server = createServer();
    server.listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    chmodSync(dirname(path), 0o755);
    chownSync(path, 0, numberOfGroup());
    chmodSync(path, mode);
    return path;
  }

  async function lookAsNobody(type: CheckType, keys: object): Promise<object> {
    const check = openedCheck(type, { ...keys });
    process.seteuid?.(65_534);
    return check.run().finally(() => process.seteuid?.(0));
  }

  test.each(kinds)('leaves %s unknown, and the group that may is named', async (_, type, key) => {
    const path = await socket(0o660);
    expect(await lookAsNobody(type, { [key]: path })).toMatchObject({
      status: 'unknown',
      reason: 'permission',
      summary:
        `the user of the agent may not use ${path}: its group ${group} may ` +
        `(usermod -aG ${group} USER, then restart the agent)`,
    });
  });

  test('is told as such where no group may, or its folder is closed', async () => {
    const path = await socket(0o600);
    expect(await lookAsNobody(redis, { target: path })).toMatchObject({
      status: 'unknown',
      summary: `the user of the agent may not use ${path}: only its owner may; let a group write to it`,
    });
    chmodSync(dirname(path), 0o700);
    expect(await lookAsNobody(redis, { target: path })).toMatchObject({
      status: 'unknown',
      reason: 'permission',
      summary:
        `the user of the agent may not use ${path}: it may not enter the folder of that socket ` +
        '(grant it with chmod, or setfacl -m u:USER:x)',
    });
  });
});
