import { dockerOf } from '../../../src/checks/docker.ts';
import type { CheckTypeName } from '../../../src/model/check.ts';
import { fakeEngine, podmanContainer, podmanVersion } from '../../support/container-engine.ts';
import { hostWith } from '../../support/host-check.ts';
import {
  caddyProgram,
  nginxProgram,
  startCaddy,
  startNginx,
  startUpstream,
} from '../../support/proxies.ts';
import type { TypeRows } from './case.ts';
import { closedPlaces, needs, withoutService, type Keys } from './service-rows.ts';

const list = '/v1.41/containers/json?all=1';
const oneContainer = [{ Id: 'abc', Names: ['/web'], Labels: null, State: 'running' }];
const { State: state } = podmanContainer;
const well = { ...podmanContainer, State: { ...state, Healthcheck: { Status: 'healthy' } } };
const toDocker = (host: string): Keys => ({ host: host.startsWith('/') ? host : `tcp://${host}` });
const ofDocker = withoutService(toDocker, { nonsense: /does not speak HTTP$/ });

const docker: TypeRows = {
  healthy: [
    {
      with: 'an engine whose containers are well',
      set: async () => ({
        keys: await fakeEngine({
          '/version': podmanVersion,
          [list]: oneContainer,
          '/v1.41/containers/abc/json': well,
        }).then(({ host }) => ({ host, container: 'web' })),
      }),
      is: 'ok',
      says: /^Podman 4\.3\.1: 1 of 1 container runs, all is well$/,
    },
  ],
  failing: [
    {
      with: 'a container whose health check fails',
      set: async () => ({
        keys: await fakeEngine({
          '/version': podmanVersion,
          [list]: oneContainer,
          '/v1.41/containers/abc/json': podmanContainer,
        }).then(({ host }) => ({ host, container: 'web' })),
      }),
      is: 'critical',
      because: 'status',
      says: /^container web runs, but its health check fails$/,
    },
  ],
  forbidden: closedPlaces(toDocker, undefined),
  ...ofDocker,
  absent: [
    ...ofDocker.absent,
    {
      with: 'no engine at all',
      set: async () => ({ type: dockerOf, places: await hostWith({ 'run/': '' }) }),
      is: 'unknown',
      because: 'missing',
      says: /^neither Docker nor Podman has a socket in /,
    },
  ],
};

const toNginx = (place: string): Keys => ({ target: `http://${place}/status` });
const ofNginx = withoutService(toNginx, { nonsense: /does not speak HTTP/ });

const nginx: TypeRows = {
  healthy: [
    {
      with: 'a real nginx',
      lacking: needs(nginxProgram),
      set: async () => {
        const { url } = await startNginx('');
        const upstream = await startUpstream();
        return {
          keys: { target: `${url}/status`, through: `${url}/status`, upstreams: [upstream.url] },
        };
      },
      is: 'ok',
      says: /^nginx answers at /,
    },
  ],
  failing: [
    {
      with: 'a page that is not there',
      lacking: needs(nginxProgram),
      set: async () => ({ keys: { through: `${(await startNginx('')).url}/gone` } }),
      is: 'critical',
      because: 'status',
      says: /answers 404$/,
    },
  ],
  forbidden: [
    {
      with: 'a stub_status that is kept from the agent',
      lacking: needs(nginxProgram),
      set: async () => ({
        keys: {
          target: `${(await startNginx('location = /closed { stub_status; deny all; }')).url}/closed`,
        },
      }),
      is: 'unknown',
      because: 'permission',
      says: /answers 403: allow the address of the agent at stub_status/,
    },
  ],
  ...ofNginx,
};

const toCaddy = (target: string): Keys => ({ target });
const ofCaddy = withoutService(toCaddy, { nonsense: /does not speak HTTP$/ });

const caddy: TypeRows = {
  healthy: [
    {
      with: 'a real Caddy',
      lacking: needs(caddyProgram),
      set: async () => {
        const upstream = await startUpstream();
        const { admin, url } = await startCaddy([upstream.address]);
        return { keys: { target: admin, through: `${url}/health`, upstreams: [upstream.url] } };
      },
      is: 'ok',
      says: /^Caddy is configured with 1 server/,
    },
  ],
  failing: [
    {
      with: 'an upstream that is missing',
      lacking: needs(caddyProgram),
      set: async () => {
        const { admin } = await startCaddy([(await startUpstream()).address]);
        return { keys: { target: admin, expect_upstreams: ['127.0.0.1:1'] } };
      },
      is: 'critical',
      because: 'missing',
      says: /is not among the upstreams of Caddy$/,
    },
  ],
  forbidden: [
    {
      with: 'an admin API that refuses who asks',
      set: async () => {
        const other = await startUpstream((_, response) => {
          response.statusCode = 403;
          response.end('{"error":"host not allowed"}');
        });
        return { keys: toCaddy(other.address) };
      },
      is: 'unknown',
      because: 'permission',
      says: /answers 403: add this address to origins of the option admin$/,
    },
    ...closedPlaces(toCaddy, undefined),
  ],
  ...ofCaddy,
};

export const proxyRows = { docker, nginx, caddy } satisfies Partial<
  Record<CheckTypeName, TypeRows>
>;
