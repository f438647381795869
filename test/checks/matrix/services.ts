import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { openclawOf } from '../../../src/checks/openclaw.ts';
import type { CheckTypeName } from '../../../src/model/check.ts';
import { modelList, refusal, startLlm } from '../../support/llm-server.ts';
import { startGateway } from '../../support/openclaw-gateway.ts';
import { startSmtpServer, type SmtpFault } from '../../support/smtp-server.ts';
import { kept, type Case, type Scene, type TypeRows } from './case.ts';
import { emptyPipe, lockedFile, noise } from './servers.ts';
import { at, briefly, closedPlaces, pipeCase, withoutService, type Keys } from './service-rows.ts';

const toSmtp = (target: string): Keys => ({ target });
const ofSmtp = withoutService(toSmtp, { nonsense: /does not speak SMTP/ });

/** A small mail server that answers one command in its own way. */
const smtpCase = (
  rest: Omit<Case, 'set'> & { readonly fault?: SmtpFault; readonly keys?: Keys },
): Case => ({
  ...rest,
  set: async () => {
    const server = await kept(startSmtpServer());
    if (rest.fault !== undefined) server.script(rest.fault);
    return { keys: { target: server.smarthost, to: 'ops@lab.example', ...rest.keys } };
  },
});

const smtp: TypeRows = {
  healthy: [smtpCase({ with: 'a mail server', is: 'ok', says: /ops@lab\.example is accepted$/ })],
  failing: [
    smtpCase({
      with: 'a recipient that is put off',
      fault: { command: 'RCPT', action: { reply: '450 4.2.0 Greylisted' } },
      is: 'warning',
      because: 'status',
      says: /as greylisting does: 450 4\.2\.0 Greylisted$/,
    }),
    smtpCase({
      with: 'a recipient that nobody is',
      fault: { command: 'RCPT', action: { reply: '550 5.1.1 No such user' } },
      is: 'critical',
      because: 'status',
      says: /does not take mail for ops@lab\.example: 550 5\.1\.1 No such user$/,
    }),
  ],
  forbidden: [
    ...closedPlaces(toSmtp, { username: 'watch' }),
    smtpCase({
      with: 'a server that lets nobody in from here',
      fault: { command: 'greeting', action: { reply: '554 5.7.1 Client host rejected' } },
      is: 'unknown',
      because: 'permission',
      says: /554 5\.7\.1 Client host rejected; let the address of this host in/,
    }),
  ],
  ...ofSmtp,
  hanging: [...(ofSmtp.hanging as readonly Case[]), pipeCase(toSmtp, { username: 'watch' })],
};

const key = 'sk-test-0123456789abcdef';
const toLlm = (place: string): Keys => ({ base_url: `http://${place}/v1`, api_key: key });
const ofLlm = withoutService(toLlm, { nonsense: /does not speak HTTP/ });

const llm: TypeRows = {
  healthy: [
    {
      with: 'a provider that takes the key',
      set: async () => {
        const headers = {
          'x-ratelimit-limit-requests': '200',
          'x-ratelimit-remaining-requests': '50',
        };
        const provider = await startLlm({ list: () => ({ ...modelList('small'), headers }) });
        const call = { first_token: { warning: '30s' } };
        return { keys: { base_url: provider.url, api_key: key, model: 'small', call } };
      },
      is: 'ok',
      says: /accepts the key/,
    },
  ],
  failing: [
    {
      with: 'a key that is refused',
      set: async () => {
        const provider = await startLlm({ list: () => refusal(401, { message: 'no' }) });
        return { keys: { base_url: provider.url, api_key: key } };
      },
      is: 'critical',
      because: 'auth',
      says: /auth/,
    },
    {
      with: 'one of two profiles that fails',
      set: async () => {
        const list401 = await startLlm({ list: () => refusal(401, { message: 'no' }) });
        const good = await startLlm({});
        const profiles = [
          { name: 'main', base_url: good.url, api_key: key },
          { name: 'spare', base_url: list401.url, api_key: key },
        ];
        return { keys: { profiles } };
      },
      is: 'warning',
      because: 'auth',
      says: /spare/,
    },
  ],
  forbidden: [
    {
      with: 'a key that only others may read',
      set: async () => ({
        isPowerless: true,
        keys: { base_url: `http://${at(9)}/v1`, api_key_file: await lockedFile() },
      }),
      is: 'unknown',
      because: 'permission',
      says: /lacks the right to read .*locked\.txt.*: grant it/,
    },
  ],
  ...ofLlm,
  hanging: [
    ...(ofLlm.hanging as readonly Case[]),
    {
      with: 'a key file that is a pipe nobody writes into',
      set: async () => ({
        ...briefly,
        keys: { base_url: `http://${at(9)}/v1`, api_key_file: await emptyPipe() },
      }),
      is: 'unknown',
      because: 'missing',
      says: /is no regular file$/,
    },
  ],
};

/** A gateway that stands in for a real one, with what the case does to it. */
const gatewayCase = (
  rest: Omit<Case, 'set'> & {
    readonly make?: (gateway: Awaited<ReturnType<typeof startGateway>>) => unknown;
    readonly scene?: Scene;
  },
): Case => ({
  ...rest,
  set: async () => {
    const gateway = await startGateway();
    await rest.make?.(gateway);
    return {
      ...rest.scene,
      type: openclawOf,
      places: gateway.places,
      keys: { state_dir: gateway.stateFolder },
      // It is given a second look before it is called down.
      ...(rest.make === undefined ? {} : { between: () => undefined }),
    };
  },
});

const openclaw: TypeRows = {
  healthy: [gatewayCase({ with: 'a gateway', is: 'ok', says: /is well in all \d+ parts$/ })],
  failing: [
    gatewayCase({
      with: 'a gateway that does not listen',
      make: async (gateway) => gateway.stop(),
      is: 'critical',
      because: 'connect',
      says: /^health: the gateway is down: connect to 127\.0\.0\.1:\d+ refused/,
    }),
  ],
  forbidden: [
    {
      with: 'a state folder that the agent may not enter',
      set: async () => {
        const gateway = await startGateway();
        await chmod(join(gateway.stateFolder, '..'), 0);
        return { isPowerless: true, keys: { state_dir: gateway.stateFolder } };
      },
      is: 'unknown',
      because: 'permission',
      says: /run the agent as the user of the gateway, or grant it with an ACL/,
    },
  ],
  absent: [
    {
      with: 'no such state folder',
      set: () => ({ keys: { state_dir: '/nowhere/.openclaw' } }),
      is: 'unknown',
      because: 'missing',
      says: /^there is no state folder \/nowhere\/\.openclaw$/,
    },
  ],
  hanging: {
    file: 'test/checks/openclaw.test.ts',
    name: 'hangs if it takes connections and says nothing',
  },
  nonsense: [
    gatewayCase({
      with: 'a gateway that answers noise, with noise in its files',
      make: async (gateway) => {
        for (const path of ['/health', '/startupz', '/readyz']) {
          gateway.answer(path, { status: 200, body: noise.toString('latin1') });
        }
        await gateway.write('openclaw.json', noise.toString('latin1'));
      },
      is: 'critical',
      says: /./,
    }),
  ],
};

export const serviceRows = { smtp, llm, openclaw } satisfies Partial<
  Record<CheckTypeName, TypeRows>
>;
