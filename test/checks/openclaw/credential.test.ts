import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openclawOf } from '../../../src/checks/openclaw.ts';
import { openedCheck } from '../../support/host-check.ts';
import { gatewayToken, startGateway, type StandInGateway } from '../../support/openclaw-gateway.ts';
import { watchGateway } from '../../support/openclaw-watch.ts';

const token = gatewayToken;

/** Settings of which only the way to let clients in is of interest. */
const settings = (gateway: StandInGateway, auth: object, rest: object = {}): object => ({
  gateway: { port: gateway.port, auth },
  ...rest,
});

async function handshakeWith(
  prepare: (gateway: StandInGateway) => Promise<unknown>,
  keys: Readonly<Record<string, unknown>> = {},
) {
  const gateway = await startGateway();
  await prepare(gateway);
  const watched = await watchGateway(['handshake'], keys, { gateway });
  const result = await watched.look();
  expect(JSON.stringify(result)).not.toContain(token);
  const [found] = result.findings ?? [];
  return { gateway, found };
}

const byVariable = { mode: 'token', token: '${GATEWAY_TOKEN}' };
const unit = 'my-gateway.service';
const inEtc = async (gateway: StandInGateway, name: string, text: string): Promise<void> => {
  const path = join(gateway.places.etc, 'systemd/system', name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
};

describe('the token is found', () => {
  test.each<[string, (gateway: StandInGateway) => Promise<unknown>]>([
    [
      'in the settings',
      async (gateway) => gateway.write('openclaw.json', settings(gateway, { token })),
    ],
    [
      'as a password',
      async (gateway) =>
        gateway.write('openclaw.json', settings(gateway, { mode: 'password', password: token })),
    ],
    [
      'in .env beside the settings, by its usual name',
      async (gateway) => {
        await gateway.write('openclaw.json', settings(gateway, { mode: 'token' }));
        await gateway.write('.env', `# a word\nOPENCLAW_GATEWAY_TOKEN="${token}"\n`);
      },
    ],
    [
      'by the name that the settings give, in the variables that they set',
      async (gateway) =>
        gateway.write(
          'openclaw.json',
          settings(gateway, byVariable, { env: { vars: { GATEWAY_TOKEN: token } } }),
        ),
    ],
    [
      'by a reference to a variable',
      async (gateway) => {
        const reference = { source: 'env', provider: 'default', id: 'GATEWAY_TOKEN' };
        await gateway.write('openclaw.json', settings(gateway, { token: reference }));
        await gateway.write('.env', `export GATEWAY_TOKEN=${token}`);
      },
    ],
    [
      'by a reference into a file with several',
      async (gateway) => {
        const path = join(gateway.stateFolder, 'secrets.json');
        await gateway.write('secrets.json', { gateway: { 'a/b': token } });
        const reference = { source: 'file', provider: 'mine', id: '/gateway/a~1b' };
        const secrets = { providers: { mine: { source: 'file', path, mode: 'json' } } };
        await gateway.write('openclaw.json', settings(gateway, { token: reference }, { secrets }));
      },
    ],
    [
      'by a reference to a file with nothing else',
      async (gateway) => {
        await gateway.write('only', `${token}\n`);
        const reference = { source: 'file', provider: 'mine', id: 'value' };
        const path = join(gateway.stateFolder, 'only');
        const secrets = { providers: { mine: { source: 'file', path, mode: 'singleValue' } } };
        await gateway.write('openclaw.json', settings(gateway, { token: reference }, { secrets }));
      },
    ],
    [
      'in the unit',
      async (gateway) => {
        await gateway.write('openclaw.json', settings(gateway, byVariable));
        await inEtc(gateway, unit, `[Service]\nEnvironment=A=b "GATEWAY_TOKEN=${token}"\n`);
      },
    ],
    [
      'in a file that was added to the unit, the last one first',
      async (gateway) => {
        await gateway.write('openclaw.json', settings(gateway, byVariable));
        await gateway.write('old.env', 'GATEWAY_TOKEN=an-older-one');
        await gateway.write('new.env', `GATEWAY_TOKEN='${token}'`);
        const of = (name: string): string =>
          `[Service]\nEnvironmentFile=-${gateway.stateFolder}/${name}\n`;
        await inEtc(gateway, unit, of('old.env'));
        await inEtc(gateway, `${unit}.d/token.conf`, of('new.env'));
      },
    ],
    [
      'in the unit that OpenClaw installs for its user',
      async (gateway) => {
        await gateway.write('openclaw.json', settings(gateway, byVariable));
        const home = dirname(gateway.stateFolder);
        await gateway.write('token.env', `GATEWAY_TOKEN=${token}`);
        const path = join(home, '.config/systemd/user', unit);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, `[Service]\nEnvironmentFile=%h/.openclaw/token.env\n`);
      },
    ],
    [
      'in the environment of the process, as the last resort',
      async (gateway) => {
        await gateway.write('openclaw.json', settings(gateway, byVariable));
        const own = join(gateway.places.proc, String(process.pid));
        await rm(own);
        await mkdir(own);
        for (const name of ['stat', 'status', 'cgroup', 'task']) {
          await symlink(`/proc/${process.pid}/${name}`, join(own, name));
        }
        await writeFile(join(own, 'environ'), `A=b\0GATEWAY_TOKEN=${token}\0`);
      },
    ],
  ])('%s', async (_, prepare) => {
    const { found } = await handshakeWith(prepare, { unit });
    expect(found?.summary).toMatch(/^let in by OpenClaw/);
  });
});

describe('the token is not found', () => {
  test('where only the gateway itself can ask for it, which is said', async () => {
    const { found } = await handshakeWith(async (gateway) => {
      const reference = { source: 'exec', provider: 'vault', id: 'gateway' };
      return gateway.write('openclaw.json', settings(gateway, { token: reference }));
    });
    expect(found).toMatchObject({ status: 'unknown', reason: 'auth' });
    expect(found?.summary).toContain('a source that only the gateway can ask (exec)');
  });

  test('where there is none: a gateway that lets in everybody is not shown one', async () => {
    const { gateway } = await handshakeWith(async (one) =>
      one.write('openclaw.json', settings(one, { mode: 'none' })),
    );
    const [login] = gateway.asked;
    expect(login?.method).toBe('connect');
    expect(login?.params.auth).toBeUndefined();
  });

  test('where a proxy has to vouch for whoever comes', async () => {
    const { found } = await handshakeWith(async (gateway) =>
      gateway.write('openclaw.json', settings(gateway, { mode: 'trusted-proxy' })),
    );
    expect(found?.summary).toContain('leave out handshake');
  });

  test('where it is nowhere: all places are named that were looked at', async () => {
    const { gateway, found } = await handshakeWith(async (one) =>
      one.write('openclaw.json', settings(one, byVariable)),
    );
    expect(found).toMatchObject({ status: 'unknown', reason: 'auth' });
    expect(found?.summary).toContain(`GATEWAY_TOKEN is in none of ${gateway.stateFolder}`);
    expect(found?.summary).toContain('token: ${file:/path}');
  });
});

/** Runs as a user who may do nothing but what everybody may. */
async function asNobody<Result>(run: () => Promise<Result>): Promise<Result> {
  process.seteuid?.(65_534);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}

describe('an agent that runs as another user', () => {
  const isRoot = process.geteuid?.() === 0;

  const watchedBy = async (close: (gateway: StandInGateway) => Promise<unknown>) => {
    const gateway = await startGateway();
    await chmod(dirname(gateway.stateFolder), 0o755);
    await close(gateway);
    const keys = { state_dir: gateway.stateFolder };
    const check = openedCheck(openclawOf(gateway.places), keys);
    const result = await asNobody(async () => check.run());
    return { gateway, result };
  };

  test('sees nothing of a folder that is closed to it, and says which right is lacking', async ({
    skip,
  }) => {
    skip(!isRoot, 'only root can become another user');
    const { gateway, result } = await watchedBy(async (one) => chmod(one.stateFolder, 0o700));
    expect(result).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(result.summary).toContain(`lacks the right to read ${gateway.stateFolder}`);
    expect(result.summary).toContain('setfacl');
  });

  test('sees what it may, and is not told down for what it may not', async ({ skip }) => {
    skip(!isRoot, 'only root can become another user');
    const { result } = await watchedBy(async (one) => {
      await chmod(join(one.stateFolder, 'openclaw.json'), 0o600);
      await chmod(join(one.stateFolder, 'state'), 0o700);
    });
    const statuses = new Map(result.findings?.map(({ part, status }) => [part, status]));
    for (const name of ['config', 'cron_jobs', 'boots', 'credentials', 'storage', 'handshake']) {
      expect([name, statuses.get(name)]).toEqual([name, 'unknown']);
    }
    for (const name of ['process', 'health', 'readiness']) {
      expect([name, statuses.get(name)]).toEqual([name, 'ok']);
    }
    expect(result.status).toBe('unknown');
    expect(result.findings?.find(({ part }) => part === 'handshake')).toMatchObject({
      reason: 'permission',
      summary: expect.stringMatching(/read .*openclaw\.json: .*token: \$\{file:\/path\}/),
    });
  });
});
