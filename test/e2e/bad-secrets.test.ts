import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { eventually } from '../support/eventually.ts';
import { startHttpServer } from '../support/http-server.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

/** Every secret of the configuration, by the way it gets there. */
const secrets = {
  SLACK_WEBHOOK_SECRET: 'slack-Pae9quooThoo',
  WEBHOOK_PASSWORD: 'hook-ieV1Loh5eiph',
  ROUTING_KEY: 'pager0Ohx7Sohx7Sohx7Sohx7Sohx7So',
  SMTP_PASSWORD: 'smtp-Xei5quaer0Ie',
  BEARER_TOKEN: 'bearer-ooTh4Eiqu9ei',
  HEADER_TOKEN: 'header-Go2aeng3Uth8',
  QUERY_TOKEN: 'query-eiCh7eexoP1a',
  PATH_TOKEN: 'path-Shai7aiquoo2',
  BODY_SECRET: 'body-Ahc2Ooxah7ch',
  COMMAND_PASSWORD: 'command-de5Ahmeexa4U',
  ARGUMENT_TOKEN: 'argument-Beif7aiY2oob',
  REDIS_PASSWORD: 'redis-Ohng0Aedah3i',
  PING_TOKEN: 'ping-quaeSh9ohSh4',
  DEAD_MAN_TOKEN: 'dead-aiGh1Ohboo4s',
} as const;
const urlPassword = 'url-aiNg8phieK6v';
const all: readonly string[] = [...Object.values(secrets), urlPassword];

interface Places {
  readonly echo: string;
  readonly hangUp: number;
  readonly nobody: string;
  readonly team: string;
}

/** A configuration full of secrets, in which everything fails and tells what it got. */
function configuration({ echo, hangUp, nobody, team }: Places, directory: string): object {
  const reference = (name: keyof typeof secrets): string => `\${${name}}`;
  const expecting = { fail_if_body_not_matches_regexp: ['never there'] };
  const http = (name: string, target: string, block: object) => ({
    name,
    type: 'http',
    target,
    http: { ...expecting, ...block },
  });
  return {
    agent: { heartbeat: { url: `${nobody}/${reference('DEAD_MAN_TOKEN')}`, interval: '1s' } },
    defaults: { interval: '500ms', timeout: '400ms', debounce: { fail_after: 1 } },
    route: { receiver: 'team', group_by: ['...'], group_wait: '0s', group_interval: '1s' },
    receivers: [
      {
        name: 'team',
        webhook_configs: [
          { url: team },
          { url: `http://hook:${reference('WEBHOOK_PASSWORD')}@${new URL(echo).host}/refuse` },
        ],
        slack_configs: [{ api_url: `${echo}/refuse/${reference('SLACK_WEBHOOK_SECRET')}` }],
        pagerduty_configs: [
          { routing_key: `\${file:${join(directory, 'key')}}`, url: `${echo}/refuse` },
        ],
        email_configs: [
          {
            to: 'ops@example.com',
            from: 'tocsin@example.com',
            smarthost: new URL(nobody).host,
            auth_username: 'tocsin',
            auth_password: '${credential:smtp}',
            require_tls: false,
          },
        ],
      },
    ],
    checks: [
      http('password in the URL', `${echo.replace('//', `//user:${urlPassword}@`)}/`, {}),
      http('password of nobody', `${nobody.replace('//', `//user:${urlPassword}@`)}/`, {}),
      http('token in the URL', `${echo}/?token=${reference('QUERY_TOKEN')}`, {}),
      `${echo}/${reference('PATH_TOKEN')}/refuse`,
      http('bearer token', echo, { bearer_token: reference('BEARER_TOKEN') }),
      http('header', echo, { headers: { 'X-Token': reference('HEADER_TOKEN') } }),
      http('body', echo, { method: 'POST', body: `secret=${reference('BODY_SECRET')}` }),
      {
        name: 'environment',
        type: 'command',
        command: ['/bin/sh', '-c', 'echo "login with $PASSWORD failed | $PASSWORD=1"; exit 2'],
        env: { PASSWORD: reference('COMMAND_PASSWORD') },
      },
      { name: 'argument', type: 'command', command: ['/bin/ls', reference('ARGUMENT_TOKEN')] },
      {
        name: 'dialogue',
        type: 'tcp',
        target: `127.0.0.1:${hangUp}`,
        tcp: {
          query_response: [{ send: `AUTH ${reference('REDIS_PASSWORD')}` }, { expect: '^never' }],
        },
      },
      { name: 'job', type: 'heartbeat', every: '1s', grace: '0s', token: reference('PING_TOKEN') },
    ],
  };
}

/** Everything the agent and its commands say, by where it was said. */
async function everythingSaid(agent: TestAgent): Promise<ReadonlyMap<string, string>> {
  const said = new Map<string, string>();
  const { checks } = JSON.parse((await agent.get('/api/v1/status')).body) as {
    checks: { name: string }[];
  };
  const names = checks.map(({ name }) => encodeURIComponent(name));
  const paths = [
    '/',
    '/metrics',
    '/config',
    '/api/v1/status',
    '/api/v1/checks',
    '/api/v1/notifications',
    ...names.flatMap((name) => [
      `/api/v1/checks/${name}`,
      `/api/v1/why/${name}`,
      `/health/${name}`,
    ]),
  ];
  for (const path of paths) said.set(path, (await agent.get(path)).body);
  said.set('ping with a wrong token', (await agent.post('/ping/job?token=wrong')).body);
  const commands = [
    ['validate'],
    ['status'],
    ['status', '--json'],
    ['routes', 'show'],
    ['notify', 'test'],
    ['check'],
    ['check', '--verbose'],
    ['check', '--json'],
    ...checks.map(({ name }) => ['why', name]),
  ];
  for (const words of commands) {
    const { stdout, stderr } = await agent.cli(...words);
    said.set(`tocsin ${words.join(' ')}`, stdout + stderr);
  }
  return said;
}

test('no secret appears in anything the agent says, keeps or sends, whatever fails', async () => {
  await using echo = await startHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.statusCode = request.url?.includes('refuse') === true ? 403 : 200;
      const heard = `${request.url} ${request.rawHeaders.join(' ')} ${Buffer.concat(chunks).toString()}`;
      const basic = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64');
      response.end(`you sent ${heard} ${basic.toString()}`);
    });
  });
  await using hangUp = await startTcpServer((socket) => {
    socket.once('data', (heard) => socket.end(`ERR unknown user ${heard.toString()}\r\n`));
  });
  await using team = await startWebhookServer();
  const nobody = `http://127.0.0.1:${await closedPort()}`;
  const directory = temporaryFolder();
  const places = { echo: echo.url, hangUp: hangUp.port, nobody, team: team.origin };
  await using agent = await startAgent({
    config: configuration(places, directory),
    directory,
    files: { key: secrets.ROUTING_KEY, smtp: secrets.SMTP_PASSWORD },
    env: { ...secrets, CREDENTIALS_DIRECTORY: directory },
    args: ['--log-level', 'debug'],
  });
  await eventually(() => team.accepted.length >= 10, 'every check has been told');
  await eventually(
    async () => (await agent.get('/api/v1/notifications')).body.includes('"failed"'),
    'a receiver has refused',
  );
  await agent.rewrite('checks: [{ name: broken, type: ${COMMAND_PASSWORD} }]');
  const reload = await agent.post('/-/reload');
  expect(reload.status).toBe(500);
  await agent.rewrite(configuration(places, directory));
  const said = new Map(await everythingSaid(agent));
  said.set('answer to a reload', reload.body);
  agent.kill('SIGTERM');
  await agent.exited;
  said.set('standard output', agent.stdout()).set('the log', agent.stderr());
  for (const name of await readdir(agent.dataDir)) {
    said.set(name, await readFile(join(agent.dataDir, name), 'latin1').catch(() => ''));
  }
  said.set('messages', team.requests.map(({ body }) => body).join('\n'));
  const leaks = [...said].flatMap(([where, text]) =>
    all.filter((secret) => text.includes(secret)).map((secret) => `${where}: ${secret}`),
  );
  expect(leaks).toEqual([]);
  expect(said.get('/api/v1/status')).toContain('login with <secret> failed');
});
