import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { maskSecrets, urlSecrets } from '../../src/notify/mask.ts';
import type { Outcome } from '../../src/model/delivery.ts';
import { startScriptedHttpServer } from '../support/scripted-http-server.ts';
import { startSmtpServer } from '../support/smtp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { sendThrough } from '../support/send-through.ts';

const token = 'Tr0ub4dor+and/3=';
const encoded = encodeURIComponent(token);
const base64 = Buffer.from(token).toString('base64');

/** Ways in which a server may say a secret back. */
const echoes = [token, encoded, base64, token.toLowerCase(), `/hook/${encoded}?k=${encoded}`];

function expectNoLeak(outcome: Outcome): void {
  const text = JSON.stringify(outcome).toLowerCase();
  for (const echo of [token, encoded, base64]) expect(text).not.toContain(echo.toLowerCase());
}

/** Every integration that speaks HTTP, with the secret where it belongs. */
const overHttp = {
  slack: ['slack', (origin: string) => ({ api_url: `${origin}/hook/${encoded}?k=${encoded}` })],
  'slack as a bot': [
    'slack',
    (origin: string) => ({ app_token: token, app_url: origin, channel: '#ops' }),
  ],
  webhook: [
    'webhook',
    (origin: string) => ({
      url: `${origin.replace('//', `//user:${encoded}@`)}/hook/${encoded}?k=${encoded}`,
    }),
  ],
  alertmanager: [
    'alertmanager',
    (origin: string) => ({ urls: [`${origin.replace('//', `//user:${encoded}@`)}/${encoded}`] }),
  ],
  pagerduty: ['pagerduty', (origin: string) => ({ routing_key: token, url: origin })],
} as const;

type Name = keyof typeof overHttp;
const names = Object.keys(overHttp) as readonly Name[];

function send(name: Name, origin: string): Promise<Outcome> {
  const [integration, optionsOf] = overHttp[name];
  return sendThrough(integration, optionsOf(origin));
}

test.for(names)('%s tells nothing of its secret, whatever the server says', async (name) => {
  for (const status of [200, 302, 400, 401, 404, 429, 500]) {
    for (const echo of echoes) {
      await using server = await startScriptedHttpServer(({ path }) => ({
        status,
        headers: { location: `/hook/${encoded}`, 'x-echo': encoded },
        body: `${echo} is wrong, you asked for ${path}`,
      }));
      expectNoLeak(await send(name, server.origin));
    }
  }
});

test.for(names)('%s tells nothing of its secret when the network fails', async (name) => {
  for (const fault of ['reset', 'half a body'] as const) {
    await using server = await startScriptedHttpServer(() => ({ status: 200 }));
    server.script(fault);
    expectNoLeak(await send(name, server.origin));
  }
  const server = await startScriptedHttpServer(() => ({ status: 200 }));
  await server[Symbol.asyncDispose]();
  expectNoLeak(await send(name, server.origin));
});

test.for([
  ['slack', 'api_url_file'],
  ['webhook', 'url_file'],
] as const)('%s does not repeat an address it cannot use', async ([name, key]) => {
  const file = join(temporaryFolder(), 'address');
  await writeFile(file, `htp:/${token}`);
  const options = { [key]: file };
  const outcome = await sendThrough(name, options);
  expect(outcome).toMatchObject({ kind: 'passing', reason: 'secret' });
  expectNoLeak(outcome);
});

test('email tells nothing of its password, whatever the server says', async () => {
  const plain = Buffer.from(`\0tocsin\0${token}`).toString('base64');
  for (const command of ['greeting', 'EHLO', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'message'] as const) {
    for (const echo of [...echoes, plain]) {
      await using server = await startSmtpServer({ login: { user: 'tocsin', password: token } });
      server.script({ command, action: { reply: `554 5.7.8 you sent ${echo}` } });
      const outcome = await sendThrough('email', {
        to: 'ops@example.com',
        from: 'tocsin@example.com',
        smarthost: server.smarthost,
        require_tls: false,
        auth_username: 'tocsin',
        auth_password: token,
      });
      expectNoLeak(outcome);
      expect(outcome.kind).not.toBe('delivered');
      expect(JSON.stringify(outcome)).not.toContain(plain);
    }
  }
});

test('every part of an address that could be a secret is masked, and nothing else', () => {
  const secrets = urlSecrets('https://user:swordfish@example.com/T0123ABCD/a?key=open-sesame');
  const said = 'swordfish, T0123ABCD and open-sesame are no good here';
  expect(maskSecrets(said, secrets)).toBe('<secret>, <secret> and <secret> are no good here');
});
