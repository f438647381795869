import { expect, test } from 'vitest';
import { gatewayCommand } from '../../../src/checks/openclaw/gateway-command.ts';

const home = '/home/claw';

function seen(line: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return gatewayCommand(line, { HOME: home, ...environment }, '/root');
}

test.each([
  ['openclaw gateway'],
  ['/usr/bin/openclaw gateway run --verbose'],
  ['openclaw --no-color --log-level debug gateway --port 18789 run'],
  ['/usr/bin/node /opt/openclaw/openclaw.mjs gateway run'],
  ['node --max-old-space-size=2048 /usr/lib/node_modules/openclaw/dist/index.js gateway'],
  ['npx openclaw gateway'],
  ['env OPENCLAW_LOG_LEVEL=debug openclaw gateway run'],
])('%s runs a gateway', (line) => {
  expect(seen(line.split(' '))).toMatchObject({
    stateFolder: '/home/claw/.openclaw',
    configPath: '/home/claw/.openclaw/openclaw.json',
    portDefault: 18_789,
  });
});

test.each([
  ['openclaw status'],
  ['openclaw gateway status'],
  ['openclaw gateway install --force'],
  ['openclaw channels --filter gateway'],
  ['node /opt/gateway/server.js'],
  ['docker run openclaw gateway'],
  ['ssh front openclaw gateway'],
  ['/usr/bin/openclawd gateway'],
])('%s does not', (line) => {
  expect(seen(line.split(' '))).toBeUndefined();
});

test('a shell is looked through', () => {
  const script =
    'cd /srv && OPENCLAW_GATEWAY_PORT=19777 exec "openclaw" gateway run; echo --port 1';
  expect(seen(['/bin/bash', '-lc', script])).toMatchObject({
    port: 19_777,
    portSource: 'OPENCLAW_GATEWAY_PORT',
  });
  expect(seen(['sh', '-c', 'openclaw status && echo gateway'])).toBeUndefined();
});

test('the option goes before the variable, and the last option counts', () => {
  const variable = { OPENCLAW_GATEWAY_PORT: '19001' };
  expect(seen(['openclaw', 'gateway', '--port', '1'], variable)?.port).toBe(1);
  expect(seen(['openclaw', 'gateway', '--port=1', '--port=2'])?.port).toBe(2);
  expect(seen(['openclaw', 'gateway'], variable)?.port).toBe(19_001);
  expect(seen(['openclaw', 'gateway'], { OPENCLAW_PORT: '1' })?.port).toBeUndefined();
  expect(seen(['openclaw', 'gateway', '--port', 'x'])?.port).toBeUndefined();
  expect(seen(['openclaw', 'gateway', '--port', '65536'])?.port).toBeUndefined();
});

test.each([
  [['openclaw', '--profile', 'work', 'gateway'], {}, '/home/claw/.openclaw-work'],
  [['openclaw', 'gateway'], { OPENCLAW_PROFILE: 'work' }, '/home/claw/.openclaw-work'],
  [['openclaw', '--profile', 'default', 'gateway'], {}, '/home/claw/.openclaw'],
  [['openclaw', '--dev', 'gateway'], {}, '/home/claw/.openclaw-dev'],
  [['openclaw', 'gateway'], { OPENCLAW_HOME: '/srv/claw' }, '/srv/claw/.openclaw'],
  [['openclaw', 'gateway'], { OPENCLAW_HOME: ' null ' }, '/home/claw/.openclaw'],
  [['openclaw', 'gateway'], { OPENCLAW_STATE_DIR: '~/state' }, '/home/claw/state'],
  [['openclaw', 'gateway'], { HOME: '' }, '/root/.openclaw'],
])('%j with %j keeps its state in %s', (line, environment, folder) => {
  expect(seen(line, environment)?.stateFolder).toBe(folder);
});

test('a gateway for development has another port', () => {
  expect(seen(['openclaw', '--dev', 'gateway'])?.portDefault).toBe(19_001);
});

test('the settings may be elsewhere than the state, and a token of the command is kept secret', () => {
  const found = seen(['openclaw', 'gateway', '--token', 'word-4711'], {
    OPENCLAW_CONFIG_PATH: '~/claw.json',
  });
  expect(found?.configPath).toBe('/home/claw/claw.json');
  expect(found?.token?.reveal()).toBe('word-4711');
  expect(JSON.stringify(found)).not.toContain('word-4711');
});
