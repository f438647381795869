import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { port, portOf } from '../../src/checks/port.ts';
import { hostWith, openedCheck, valuesOf } from '../support/host-check.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';

const here = { pid: process.pid };

const head =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

interface Socket {
  readonly local: string;
  readonly state?: string;
  readonly inode?: number;
  readonly uid?: number;
  readonly waiting?: string;
}

const line = ({ local, state = '0A', inode = 777, uid = 1000, waiting = '00000000' }: Socket) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:${waiting} 00:00000000 00000000  ${uid}        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;

/** A host on whose port 8080 (1F90) these sockets listen; process 50 holds the socket 777. */
async function hostListening(sockets: readonly Socket[], six: readonly Socket[] = []) {
  const host = await hostWith({
    'proc/net/tcp': head + sockets.map(line).join(''),
    'proc/net/tcp6': head + six.map(line).join(''),
    'proc/50/comm': 'gateway\n',
    'proc/50/cmdline': '/usr/bin/node\0gateway.js\0',
    'proc/50/fd/': '',
  });
  await symlink('socket:[777]', join(host.proc, '50/fd/9'));
  return portOf(host);
}

const loopback = { local: '0100007F:1F90' };
const everywhere = { local: '00000000:1F90', inode: 778 };

describe('a port that is listened on', () => {
  test('is well, with the program that does', async () => {
    const check = openedCheck(await hostListening([loopback]), { port: 8080, process: 'gateway' });
    expect(await check.run()).toMatchObject({
      status: 'ok',
      summary: 'port 8080/tcp is listened on by node (pid 50) at 127.0.0.1',
    });
    expect(await check.run()).toMatchObject({ status: 'ok' });
  });

  test('tells how many connections wait for the program', async () => {
    const host = await hostListening([{ ...loopback, waiting: '0000001A' }]);
    expect(valuesOf(await openedCheck(host, { port: 8080 }).run())).toEqual({
      listening_sockets: 1,
      waiting_connections: 26,
    });
  });

  test.each([
    ['loopback', [loopback], 'ok', /at 127\.0\.0\.1$/],
    ['loopback', [loopback, everywhere], 'warning', /wanted loopback only: others can reach it$/],
    ['loopback', [{ local: '0A01000A:1F90' }], 'critical', /at 10\.0\.1\.10, wanted loopback$/],
    ['any', [loopback], 'critical', /at 127\.0\.0\.1, wanted all addresses$/],
    ['any', [everywhere], 'ok', /at 0\.0\.0\.0$/],
    ['10.0.1.10', [everywhere], 'ok', /at 0\.0\.0\.0$/],
    ['10.0.1.10', [loopback], 'critical', /wanted 10\.0\.1\.10$/],
  ] as const)('at %s only: %j is %s', async (address, sockets, status, summary) => {
    const result = await openedCheck(await hostListening(sockets), { port: 8080, address }).run();
    expect(result.status).toBe(status);
    expect(result.summary).toMatch(summary);
  });

  test('at an address of IPv6 is read as well', async () => {
    const host = await hostListening(
      [],
      [{ local: '00000000000000000000000001000000:1F90' }, { local: `${'0'.repeat(32)}:1F90` }],
    );
    expect((await openedCheck(host, { port: 8080 }).run()).summary).toMatch(/at ::1, ::$/);
  });

  test('by another program is critical, by one that is not to be seen unknown', async () => {
    const wanted = { port: 8080, process: 'nginx' };
    expect(await openedCheck(await hostListening([loopback]), wanted).run()).toMatchObject({
      status: 'critical',
      reason: 'status',
      summary: 'port 8080/tcp is listened on by node (pid 50) at 127.0.0.1, wanted nginx',
    });
    const hidden = await openedCheck(await hostListening([everywhere]), wanted).run();
    expect(hidden).toMatchObject({ status: 'unknown', reason: 'permission' });
    expect(hidden.summary).toContain('by a process of user 1000, but whether it is nginx');
    expect(hidden.summary).toContain('CAP_SYS_PTRACE');
  });
});

test('A port that nobody listens on is critical, connections from it do not count', async () => {
  const host = await hostListening([{ local: '0100007F:1F90', state: '01' }, { local: 'rubbish' }]);
  expect(await openedCheck(host, { port: 8080 }).run()).toMatchObject({
    status: 'critical',
    reason: 'missing',
    summary: 'nobody listens on port 8080/tcp',
  });
  const expectDown = openedCheck(host, { port: 8080 }, { common: { expect: 'down' } });
  expect((await expectDown.run()).summary).toBe(
    'down, as it should be: nobody listens on port 8080/tcp',
  );
});

test('A table that is not there or makes no sense leaves the port unknown', async () => {
  const none = openedCheck(portOf(await hostWith({})), { port: 80 });
  expect(await none.run()).toMatchObject({ status: 'unknown', reason: 'missing' });
  const rubbish = openedCheck(portOf(await hostWith({ 'proc/net/tcp': 'what' })), { port: 80 });
  expect(await rubbish.run()).toMatchObject({ status: 'unknown', reason: 'protocol' });
});

test('Real sockets are found, with the process that holds them', async () => {
  await using server = await startTcpServer(() => {});
  const mine = await openedCheck(port, { port: server.port, address: 'loopback' }).run();
  expect(mine.status).toBe('ok');
  expect(mine.summary).toMatch(new RegExp(`by \\S+ \\(pid ${here.pid}\\) at 127\\.0\\.0\\.1$`));
  expect((await openedCheck(port, { port: await closedPort() }).run()).reason).toBe('missing');
  const six = createServer().listen(0, '::');
  await once(six, 'listening');
  onTestFinished(() => void six.close());
  const wide = { port: (six.address() as AddressInfo).port, address: 'loopback' };
  expect((await openedCheck(port, wide).run()).summary).toMatch(/at ::, wanted loopback only/);
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
  onTestFinished(() => void udp.close());
  const datagrams = { port: udp.address().port, protocol: 'udp' };
  expect((await openedCheck(port, datagrams).run()).status).toBe('ok');
});
