import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createWebServer } from '../../src/web/server.ts';
import { ask } from '../support/ask.ts';
import { agentSnapshot } from '../support/snapshot.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWeb, webCommands, webOptions } from '../support/web.ts';

test('it is healthy at once and ready when the agent says so', async () => {
  let ready = false;
  const { url } = await startWeb({ snapshot: () => agentSnapshot({ ready }) });
  expect(await ask(`${url}/-/healthy`)).toMatchObject({
    status: 200,
    body: 'tocsin is healthy.\n',
  });
  expect(await ask(`${url}/-/ready`)).toMatchObject({ status: 503 });
  ready = true;
  expect(await ask(`${url}/-/ready`)).toMatchObject({ status: 200, body: 'tocsin is ready.\n' });
});

test('it is not healthy while it stands still, and says why', async () => {
  const { url } = await startWeb({ standstill: () => 'the scheduler has not moved for 6m' });
  expect(await ask(`${url}/-/healthy`)).toMatchObject({
    status: 503,
    body: 'tocsin is not healthy: the scheduler has not moved for 6m.\n',
  });
});

test('the metrics carry the content type that Prometheus expects', async () => {
  const { url } = await startWeb({ metrics: async () => 'up 1\n' });
  const answer = await ask(`${url}/metrics`);
  expect(answer.body).toBe('up 1\n');
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
});

test('the configuration is shown as plain text', async () => {
  const { url } = await startWeb({ configText: () => 'agent:\n  name: web-1\n' });
  const answer = await ask(`${url}/config`);
  expect(answer.body).toBe('agent:\n  name: web-1\nmodules: {}\n');
  expect(answer.headers['content-type']).toMatch(/^text\/plain/);
});

test('a reload answers with nothing, or with every problem', async () => {
  const problems: string[] = [];
  const commands = webCommands({
    reload: async () => (problems.length === 0 ? { ok: true } : { ok: false, problems }),
  });
  const { url } = await startWeb({ commands });
  expect(await ask(`${url}/-/reload`, { method: 'POST' })).toMatchObject({ status: 200, body: '' });
  problems.push('a.yaml:3:1: wrong', 'a.yaml:9:2: wrong too');
  expect(await ask(`${url}/-/reload`, { method: 'POST' })).toMatchObject({
    status: 500,
    body: 'a.yaml:3:1: wrong\na.yaml:9:2: wrong too\n',
  });
});

test('an unknown path is 404 and a wrong method 405 that names the right ones', async () => {
  const { url } = await startWeb();
  expect(await ask(`${url}/nothing`)).toMatchObject({ status: 404 });
  expect(await ask(`${url}/metrics/`)).toMatchObject({ status: 404 });
  const reload = await ask(`${url}/-/reload`);
  expect(reload.status).toBe(405);
  expect(reload.headers.allow).toBe('POST');
  const metrics = await ask(`${url}/metrics`, { method: 'DELETE' });
  expect(metrics.status).toBe(405);
  expect(metrics.headers.allow).toBe('GET, HEAD');
  expect(await ask(`${url}/health/%E0%A4%A`)).toMatchObject({ status: 400 });
});

test('HEAD answers like GET without the body', async () => {
  const { url } = await startWeb({ metrics: () => 'up 1\n' });
  const answer = await ask(`${url}/metrics`, { method: 'HEAD' });
  expect(answer).toMatchObject({ status: 200, body: '' });
  expect(answer.headers['content-length']).toBe('5');
});

test('every answer forbids foreign code, framing and guessing of types', async () => {
  const { url } = await startWeb();
  for (const path of ['/', '/metrics', '/nothing']) {
    const { headers } = await ask(url + path);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['referrer-policy']).toBe('same-origin');
  }
});

test('an answer that fails is 500 without the reason, which goes to the log', async () => {
  const logged: string[] = [];
  const log = { error: (line: string) => logged.push(line), warn() {}, info() {}, debug() {} };
  const metrics = (): string => {
    throw new Error('the secret reason');
  };
  const { url } = await startWeb({ metrics, log });
  const answer = await ask(`${url}/metrics?token=hidden`);
  expect(answer.status).toBe(500);
  expect(answer.body).not.toContain('secret reason');
  expect(logged.join('\n')).toContain('the secret reason');
});

test('a port in use is explained by the process that has it', async () => {
  const program = `require('node:net').createServer().listen(0, '127.0.0.1', function () {
    console.log(this.address().port);
  })`;
  const holder = spawn(process.execPath, ['-e', program, 'holder-of-the-port'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void holder.kill());
  const [line] = (await once(holder.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  const server = createWebServer(webOptions({ listen: { host: '127.0.0.1', port } }));
  await expect(server.start()).rejects.toThrow(
    new RegExp(
      `^cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use by pid ${holder.pid} `,
    ),
  );
  expect(server.address).toBeUndefined();
});

test('an address that this host does not have is explained', async () => {
  const server = createWebServer(webOptions({ listen: { host: '192.0.2.1', port: 0 } }));
  await expect(server.start()).rejects.toThrow('this host has no such address');
});

test('the Unix socket answers the same and is open to its owner alone', async () => {
  const socketPath = join(temporaryFolder(), 'tocsin.sock');
  const { server } = await startWeb({ socketPath });
  expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  expect(await ask('http://localhost/-/healthy', { socketPath })).toMatchObject({ status: 200 });
  const reload = await ask('http://elsewhere.example/-/reload', { socketPath, method: 'POST' });
  expect(reload.status).toBe(200);
  await server.stop(0);
  expect(existsSync(socketPath)).toBe(false);
});

test('a Unix socket left behind is replaced, one that answers is not', async () => {
  const socketPath = join(temporaryFolder(), 'tocsin.sock');
  const program = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', program, socketPath]), 'exit');
  expect(existsSync(socketPath)).toBe(true);
  await startWeb({ socketPath });
  const second = createWebServer(webOptions({ socketPath }));
  await expect(second.start()).rejects.toThrow('another tocsin is running');
  expect(second.address).toBeUndefined();
  expect(await ask('http://localhost/-/healthy', { socketPath })).toMatchObject({ status: 200 });
});

test('a file in the place of the Unix socket is left alone', async () => {
  const socketPath = join(temporaryFolder(), 'tocsin.sock');
  writeFileSync(socketPath, 'precious');
  const server = createWebServer(webOptions({ socketPath }));
  await expect(server.start()).rejects.toThrow('there is something else of that name');
  expect(statSync(socketPath).size).toBe(8);
});

test('a stop lets the request under way finish and takes no new one', async () => {
  const entered = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<string>();
  const metrics = async (): Promise<string> => {
    entered.resolve();
    return finish.promise;
  };
  const { server, url } = await startWeb({ metrics });
  const answer = ask(`${url}/metrics`);
  await entered.promise;
  const stopped = server.stop(10_000);
  await expect(ask(`${url}/-/healthy`)).rejects.toThrow('ECONNREFUSED');
  finish.resolve('up 1\n');
  expect((await answer).body).toBe('up 1\n');
  await stopped;
});

test('a stop does not wait longer than it is told for a client that says nothing', async () => {
  const { server, port } = await startWeb();
  const client = connect(port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  const closed = once(client, 'close');
  await once(client, 'connect');
  client.write('GET /-/healthy HTTP/1.1\r\n');
  await ask(`http://127.0.0.1:${port}/-/healthy`);
  await server.stop(20);
  await closed;
});

test('a server that was stopped can be started again on the same port', async () => {
  const spare = createServer().listen(0, '127.0.0.1');
  await once(spare, 'listening');
  const bound = spare.address();
  const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
  spare.close();
  await once(spare, 'close');
  const server = createWebServer(webOptions({ listen: { host: '127.0.0.1', port } }));
  onTestFinished(() => server.stop(0));
  for (let round = 0; round < 2; round += 1) {
    await server.start();
    expect(await ask(`http://127.0.0.1:${port}/-/healthy`)).toMatchObject({ status: 200 });
    await server.stop(0);
  }
});
