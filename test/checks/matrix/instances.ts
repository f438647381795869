import { layersOf } from '../../../src/checks/layers.ts';
import type { CheckTypeName } from '../../../src/model/check.ts';
import { notOk, ok, type CheckResult } from '../../../src/model/result.ts';
import { hostWith } from '../../support/host-check.ts';
import { startUpstream } from '../../support/proxies.ts';
import { agentSnapshot, checkSnapshot, checkSpec } from '../../support/snapshot.ts';
import { startWeb, webCommands } from '../../support/web.ts';
import type { Case, TypeRows } from './case.ts';
import { emptyPipe, emptyPort, lockedFile, noise } from './servers.ts';
import { lockedHost } from './host-files.ts';
import { at, briefly, withoutService, type Keys } from './service-rows.ts';

const toLayers = (place: string): Keys => ({
  public: `http://${place}/health`,
  upstreams: [`http://${place}/health`],
});
const ofLayers = withoutService(toLayers, {
  nonsense: /^broken at the upstreams: .*(?:does not speak HTTP|broke off)/,
  hanging: /^broken at the upstreams: .*no answer within 175ms/,
});

const layers: TypeRows = {
  healthy: [
    {
      with: 'a service that answers at each layer',
      set: async () => {
        const { address } = await startUpstream();
        return { keys: { ...toLayers(address), proxy: address } };
      },
      is: 'ok',
      says: / is open: /,
    },
  ],
  failing: [
    {
      with: 'a proxy that answers otherwise than the service',
      set: async () => {
        const { address } = await startUpstream();
        const proxy = await startUpstream((_, response) => {
          response.statusCode = 502;
          response.end();
        });
        return { keys: { ...toLayers(address), public: proxy.url, proxy: proxy.address } };
      },
      is: 'critical',
      because: 'status',
      says: /^broken at the way through the proxy: .*502/,
    },
  ],
  forbidden: [
    {
      with: 'a table of sockets that only others may read',
      set: async () => {
        const { address } = await startUpstream();
        return {
          isPowerless: true,
          places: await lockedHost({ 'proc/net/tcp': '' }, 'proc/net/tcp'),
          keys: toLayers(address),
        };
      },
      is: 'unknown',
      because: 'permission',
      says: /lacks the right to read .*proc\/net\/tcp: grant it/,
    },
  ],
  ...ofLayers,
  absent: [
    {
      with: 'a port on which nobody listens',
      set: async () => ({ keys: toLayers(at(await emptyPort())) }),
      is: 'critical',
      because: ['missing', 'connect'],
      says: /^broken at the socket: /,
    },
  ],
  nonsense: [
    ...(ofLayers.nonsense as readonly Case[]),
    {
      with: 'noise in the table of sockets',
      set: async () => {
        const { address } = await startUpstream();
        const places = await hostWith({ 'proc/net/tcp': noise.toString('latin1') });
        return { type: layersOf, places, keys: toLayers(address) };
      },
      is: 'unknown',
      because: 'protocol',
      says: /does not say what it should on Linux$/,
    },
  ],
};

/** A check named `gateway` of another tocsin, which found this. */
async function otherTocsin(found: CheckResult): Promise<Keys> {
  const check = checkSnapshot(checkSpec('gateway', 'openclaw'), [found]);
  const { url } = await startWeb({
    snapshot: () => agentSnapshot({ checks: [check] }),
    commands: webCommands({ history: (name) => (name === 'gateway' ? [] : undefined) }),
  });
  return { target: url, check: 'gateway' };
}

const toRemote = (place: string): Keys => ({ target: `http://${place}`, check: 'gateway' });
const ofRemote = withoutService(toRemote, {
  nonsense: /cannot be asked: .*(?:does not speak HTTP|broke off)/,
});

const remote: TypeRows = {
  healthy: [
    {
      with: 'another tocsin that found all well',
      set: async () => ({ keys: await otherTocsin(ok('the gateway is well')) }),
      is: 'ok',
      says: /^the gateway is well$/,
    },
  ],
  failing: [
    {
      with: 'another tocsin that found a failure',
      set: async () => ({ keys: await otherTocsin(notOk('critical', 'connect', 'refused')) }),
      is: 'critical',
      because: 'connect',
      says: /^refused$/,
    },
  ],
  forbidden: [
    {
      with: 'another tocsin that wants a login',
      set: async () => {
        const other = await startUpstream((_, response) => {
          response.statusCode = 401;
          response.end();
        });
        return { keys: toRemote(other.address) };
      },
      is: 'unknown',
      because: 'auth',
      says: /wants a login \(401\): add username and password of a user of its web_config_file$/,
    },
    {
      with: 'a password that only others may read',
      set: async () => ({
        isPowerless: true,
        keys: { ...toRemote(at(9)), username: 'u', password_file: await lockedFile() },
      }),
      is: 'unknown',
      because: 'permission',
      says: /lacks the right to read .*locked\.txt.*: grant it/,
    },
  ],
  ...ofRemote,
  absent: [
    ...ofRemote.absent.map((one) => ({ ...one, says: /^the tocsin at .* cannot be asked: / })),
    {
      with: 'no such check there',
      set: async () => ({ keys: { ...(await otherTocsin(ok('well'))), check: 'gone' } }),
      is: 'unknown',
      because: 'missing',
      says: /has no check called gone$/,
    },
  ],
  hanging: [
    ...(ofRemote.hanging as readonly Case[]).map((one) => ({
      ...one,
      says: /cannot be asked: no answer within 700ms/,
    })),
    {
      with: 'a password file that is a pipe nobody writes into',
      set: async () => ({
        ...briefly,
        keys: { ...toRemote(at(9)), username: 'u', password_file: await emptyPipe() },
      }),
      is: 'unknown',
      because: 'missing',
      says: /is no regular file$/,
    },
  ],
};

export const instanceRows = { layers, remote } satisfies Partial<Record<CheckTypeName, TypeRows>>;
