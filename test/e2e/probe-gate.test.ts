import { describe, expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { startHttpServer } from '../support/http-server.ts';

const modules = {
  get: { prober: 'http', http: { preferred_ip_protocol: 'ip4' } },
  post: { prober: 'http', http: { method: 'POST' } },
  socket: {
    prober: 'unix',
    unix: {
      query_response: [{ send: 'POST /-/reload HTTP/1.0\r\n\r' }, { expect: '^HTTP/1.. 200' }],
    },
  },
};

const probe = (module: string, target: string): string =>
  `/probe?module=${module}&target=${encodeURIComponent(target)}`;

describe('what a request may have probed', () => {
  test('is this host, unless the configuration says more', async () => {
    await using agent = await startAgent({ config: { modules } });
    const refused = await agent.get(probe('get', 'http://192.0.2.1:9/'));
    expect(refused.status).toBe(403);
    expect(refused.body).toBe(
      '192.0.2.1 may not be probed: server.probe.allow in the configuration says what may be reached\n',
    );
    expect((await agent.get(probe('get', '0.0.0.0:9'))).status).toBe(403);
    expect((await agent.get(probe('icmp', '192.0.2.1'))).status).toBe(403);
    expect((await agent.get(probe('get', `127.0.0.1:${agent.port}/-/healthy`))).body).toContain(
      '\nprobe_success 1\n',
    );
  });

  test('is judged by the address that is connected to, wherever a redirect leads', async () => {
    let requests = 0;
    await using elsewhere = await startHttpServer((_, response) => {
      requests += 1;
      response.end();
    }, '127.0.0.2');
    await using server = await startHttpServer((_, response) => {
      response.writeHead(302, { location: `http://127.0.0.2:${elsewhere.port}/` }).end();
    });
    const allow = ['127.0.0.1', 'localhost'];
    await using agent = await startAgent({ config: { modules, server: { probe: { allow } } } });
    const { status, body } = await agent.get(probe('get', `127.0.0.1:${server.port}`));
    expect(status).toBe(200);
    expect(body).toContain('\nprobe_success 0\n');
    expect(body).toContain('probe_failure_reason{reason="permission"} 1\n');
    expect(body).toContain('probe_http_redirects 1\n');
    expect((await agent.get(probe('get', `127.0.0.2:${elsewhere.port}`))).status).toBe(403);
    expect(requests).toBe(0);
    expect((await agent.get(probe('get', `localhost:${server.port}`))).status).toBe(200);
  });

  test('is nothing when it is switched off', async () => {
    await using agent = await startAgent({ config: { server: { probe: { enabled: false } } } });
    expect((await agent.get(probe('http_2xx', '127.0.0.1'))).status).toBe(404);
  });
});

describe('a probe that comes back to the agent itself', () => {
  test('changes nothing, though it comes from this host', async () => {
    const checks = [{ name: 'job', type: 'heartbeat', every: '1h' }];
    await using agent = await startAgent({ config: { modules, checks } });
    const own = `127.0.0.1:${agent.port}`;
    const reload = await agent.get(probe('post', `${own}/-/reload`));
    expect(reload.body).toContain('probe_http_status_code 403\n');
    const ping = await agent.get(probe('get', `${own}/ping/job`));
    expect(ping.body).toContain('probe_http_status_code 403\n');
    expect((await agent.post('/-/reload')).status).toBe(200);
  });

  test('does not get at the socket that trusts whoever asks, not even by another name', async () => {
    await using agent = await startAgent({ config: { modules } });
    const socket = `${agent.dataDir}/tocsin.sock`;
    expect((await agent.get(probe('socket', socket))).status).toBe(403);
    expect((await agent.get(probe('socket', `${agent.dataDir}/./tocsin.sock`))).status).toBe(403);
  });
});
