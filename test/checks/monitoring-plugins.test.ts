import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { command } from '../../src/checks/command.ts';
import { openedCheck, valuesOf } from '../support/host-check.ts';
import { startHttpServer } from '../support/http-server.ts';
import { closedPort, startTcpServer } from '../support/tcp-server.ts';

const folder = '/usr/lib/nagios/plugins';
const lacks = !existsSync(join(folder, 'check_dummy'));
const skipped = lacks ? ' (skipped: monitoring-plugins-basic is not installed)' : '';

/** What a plugin says when nobody stands between. */
async function byHand(program: string, words: readonly string[]) {
  const child = spawn(program, words, { env: { PATH: process.env['PATH'], LC_ALL: 'C' } });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const [first = ''] = output.split('\n');
  return { code: code as number, first: first.split('|')[0]?.trim() ?? '', output };
}

/** What changes from one look to the next. */
const withoutFigures = (line: string): string => line.replaceAll(/\d+(?:\.\d+)?/g, '#');

async function compare(line: string): Promise<Record<string, number>> {
  const [name = '', ...words] = line.split(' ');
  const program = join(folder, name);
  const own = await byHand(program, words);
  const result = await openedCheck(command, { command: [program, ...words] }).run();
  const statuses = ['ok', 'warning', 'critical', 'unknown'];
  expect({ line, status: result.status, summary: withoutFigures(result.summary) }).toEqual({
    line,
    status: statuses[own.code],
    summary: withoutFigures(own.first),
  });
  return valuesOf(result);
}

describe.skipIf(lacks)(`an official plugin${skipped}`, () => {
  test.each([
    'check_dummy 0 fine',
    'check_dummy 1 careful',
    'check_dummy 2 broken',
    'check_dummy 3',
    'check_disk -w 1% -c 0% -p /',
    'check_disk -w 99999999 -c 99999998 -p /',
    'check_load -w 10000,10000,10000 -c 20000,20000,20000',
    'check_procs -w 1:100000',
    'check_procs -c 1: -C no-such-program',
    'check_users -w 1000 -c 2000',
    'check_cluster -h -d 0,0,1 -w 0 -c 2',
    'check_file_age -f /etc/passwd -w 1 -c 2',
    'check_ping -H 127.0.0.1 -w 1000,50% -c 2000,80% -p 1',
    'check_swap -w nonsense',
  ])('%s is taken at its word', async (line) => {
    await compare(line);
  });

  test('of the network is taken at its word', async () => {
    await using server = await startHttpServer((_, response) => void response.end('hello'));
    const values = await compare(`check_http -H 127.0.0.1 -p ${server.port} -s hello`);
    expect(values).toMatchObject({ time: expect.any(Number), size: expect.any(Number) });
    await compare(`check_http -H 127.0.0.1 -p ${server.port} -s goodbye`);
    await compare(`check_http -H 127.0.0.1 -p ${await closedPort()}`);
    await using greeter = await startTcpServer((socket) => void socket.end('220 hello\r\n'));
    const tcp = await compare(`check_tcp -H 127.0.0.1 -p ${greeter.port} -e 220`);
    expect(tcp).toHaveProperty('time');
    await compare(`check_tcp -H 127.0.0.1 -p ${await closedPort()}`);
  });

  test('gives its figures in base units, with its limits', async () => {
    expect(await compare('check_disk -w 1% -c 0% -p /')).toMatchObject({ '/': expect.any(Number) });
    const program = join(folder, 'check_load');
    const check = openedCheck(command, { command: [program, '-w', '10', '-c', '2000'] });
    const { values } = await check.run();
    expect(values.map(({ metric }) => metric)).toEqual(['load1', 'load5', 'load15']);
    expect(values[0]).toMatchObject({ critical: '2000.000' });
  });
});
