import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startNotifySocket } from '../support/notify-socket.ts';
import { executable } from '../support/tocsin.ts';
import { createGateway } from './gateway.ts';
import { openclawProgram } from './installation.ts';
import { wishes } from './wishes.ts';

const isWanted = wishes.states.length === 0 || wishes.states.includes('watchdog');

test.runIf(isWanted)(
  'a gateway under watch is ready when it has started, and one that stands still is ended cleanly',
  async () => {
    const home = await mkdtemp(join(tmpdir(), 'tocsin-openclaw-'));
    onTestFinished(async () => rm(home, { recursive: true, force: true, maxRetries: 5 }));
    await createGateway(home);
    const notify = await startNotifySocket(join(home, 'notify'));
    const file = join(home, 'said.log');
    const log = openSync(file, 'a');
    const said = async (): Promise<string> => readFile(file, 'utf8');
    const words = ['watchdog', '--', process.execPath, openclawProgram, 'gateway', 'run'];
    const child = spawn(executable, words, {
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        STATE_DIRECTORY: home,
        NOTIFY_SOCKET: notify.address,
        WATCHDOG_USEC: '30000000',
        DO_NOT_TRACK: '1',
        OPENCLAW_NO_AUTO_UPDATE: '1',
        OPENCLAW_DISABLE_BONJOUR: '1',
        OPENCLAW_OFFLINE: '1',
        OPENCLAW_NO_RESPAWN: '1',
      },
    });
    const ended = once(child, 'close');
    onTestFinished(async () => {
      child.kill('SIGTERM');
      await ended;
    });
    await eventually(() => notify.count('READY=1') === 1, 'ready', 400_000);
    expect(await said()).toMatch(/ready after .*: OpenClaw .* has started on port 18789/);
    await eventually(() => notify.count('WATCHDOG=1') >= 2, 'signs of life', 60_000);
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
    const gateway = children.split(' ').map(Number)[0];
    process.kill(gateway ?? -1, 'SIGSTOP');
    expect(await ended).toEqual([1, null]);
    expect(notify.told().at(-1)?.lines[0]).toBe('WATCHDOG=trigger');
    // Three unclean ends would switch off its channels: this was none.
    expect(await said()).toMatch(/asked to end: no answer[^]*completed cleanly/);
  },
  600_000,
);
