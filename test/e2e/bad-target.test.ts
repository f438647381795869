import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { runTocsin } from '../support/agent.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { startHttpsServer } from '../support/http-server.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createAuthority, selfSigned } from '../support/tls-authority.ts';

/** What one look at a target says, by `tocsin check --json`. */
async function looked(check: object) {
  const cwd = temporaryFolder();
  const config = { checks: [{ name: 'target', timeout: '700ms', ...check }] };
  await writeFile(join(cwd, 'agent.config.yaml'), stringify(config));
  const { code, stdout, stderr } = await runTocsin(['check', 'target', '--json'], { cwd });
  expect(stderr).toBe('');
  const [result] = (JSON.parse(stdout) as { results: Record<string, unknown>[] }).results;
  const { status, reason, summary } = result ?? {};
  expect({ code, status }).toEqual({ code: 2, status: 'critical' });
  // Ports and dates differ from run to run.
  const text = String(summary).replaceAll(/127\.0\.0\.1:\d+/g, 'TARGET');
  return `${String(reason)}: ${text.replaceAll(/\d{4}-\d\d-\d\d/g, 'DATE')}`;
}

describe('a target that accepts and never answers is critical at the deadline', () => {
  test('over HTTP', async () => {
    await using server = await startTcpServer(() => {});
    expect(await looked({ type: 'http', target: `http://127.0.0.1:${server.port}/` })).toBe(
      'timeout: no answer within 700ms while waiting for the response head from http://TARGET/',
    );
  });

  test('over TLS', async () => {
    await using server = await startTcpServer(() => {});
    expect(await looked({ type: 'http', target: `https://127.0.0.1:${server.port}/` })).toBe(
      'timeout: no answer within 700ms while in the TLS handshake with TARGET',
    );
  });

  test('in a TCP dialogue', async () => {
    await using server = await startTcpServer(() => {});
    const tcp = { query_response: [{ expect: '^220' }] };
    const target = `127.0.0.1:${server.port}`;
    expect(await looked({ type: 'tcp', target, tcp })).toBe(
      'timeout: no answer within 700ms while waiting for a line that matches ^220 from TARGET',
    );
  });

  test('when it drips its headers for ever', async () => {
    await using server = await startTcpServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('X-More: yes\r\n'), 50);
      socket.once('close', () => clearInterval(timer));
    });
    expect(await looked({ type: 'http', target: `http://127.0.0.1:${server.port}/` })).toBe(
      'timeout: no answer within 700ms while waiting for the response head from http://TARGET/',
    );
  });
});

test('a target that nobody listens on is refused, not slow', async () => {
  const target = `http://127.0.0.1:${await closedPort()}/`;
  expect(await looked({ type: 'http', target })).toBe('connect: connect to TARGET refused');
});

test('a target that speaks something else is named as such', async () => {
  await using server = await startTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
  expect(await looked({ type: 'http', target: `http://127.0.0.1:${server.port}/` })).toBe(
    'protocol: the response from http://TARGET/ is not HTTP: Parse Error: Expected HTTP/, RTSP/ or ICE/',
  );
});

test('a target that hangs up is critical', async () => {
  await using server = await startTcpServer((socket) => void socket.resetAndDestroy());
  expect(await looked({ type: 'http', target: `http://127.0.0.1:${server.port}/` })).toMatch(
    // Whether the reset or the end of the stream is seen first is up to the kernel.
    /^connect: connection reset while|^protocol: .* closed the c/,
  );
});

describe('a certificate that cannot be trusted is critical, with the reason', () => {
  test('when it has expired', async () => {
    const authority = createAuthority();
    onTestFinished(() => authority[Symbol.dispose]());
    await using server = await startHttpsServer(authority.issue({ days: -3 }), (_, response) =>
      response.end('ok'),
    );
    const http = { tls_config: { ca: authority.ca } };
    expect(await looked({ type: 'http', target: server.url, http })).toBe(
      'tls: the certificate of TARGET expired on DATE',
    );
  });

  test('when it is self-signed', async () => {
    await using server = await startHttpsServer(selfSigned('/CN=localhost'), (_, response) =>
      response.end('ok'),
    );
    expect(await looked({ type: 'http', target: server.url })).toBe(
      'tls: the certificate of TARGET is signed by itself, wanted one signed by a trusted authority',
    );
  });

  test('when it is for another name', async () => {
    const authority = createAuthority();
    onTestFinished(() => authority[Symbol.dispose]());
    const other = authority.issue({ names: 'DNS:elsewhere.example' });
    await using server = await startHttpsServer(other, (_, response) => response.end('ok'));
    const http = { tls_config: { ca: authority.ca } };
    expect(await looked({ type: 'http', target: server.url, http })).toBe(
      'tls: the certificate of TARGET is for DNS:elsewhere.example, wanted 127.0.0.1',
    );
  });
});

describe('a name server', () => {
  const dns = { query_name: 'example.com', query_type: 'A' };

  test('that never answers is critical at the deadline', async () => {
    await using server = await startDnsServer(() => []);
    expect(await looked({ type: 'dns', target: server.udp, dns })).toBe(
      'timeout: no answer within 700ms while waiting for the answer of TARGET over udp',
    );
  });

  test('that answers nonsense is critical', async () => {
    await using server = await startDnsServer(() => [Buffer.from('this is no DNS packet at all')]);
    expect(await looked({ type: 'dns', target: server.udp, dns })).toBe(
      'timeout: no answer within 700ms while waiting for the answer of TARGET over udp',
    );
  });

  test('that answers half a packet over TCP is critical', async () => {
    await using server = await startDnsServer(() => [Buffer.alloc(3)]);
    const tcp = { ...dns, transport_protocol: 'tcp' };
    expect(await looked({ type: 'dns', target: server.tcp, dns: tcp })).toBe(
      'protocol: TARGET sent something that does not answer the query',
    );
  });
});
