import type { HostPlaces } from '../../../src/checks/host/places.ts';
import { clockOf } from '../../../src/checks/clock.ts';
import { portOf } from '../../../src/checks/port.ts';
import { processOf } from '../../../src/checks/process.ts';
import { systemdOf } from '../../../src/checks/systemd.ts';
import type { CheckTypeName } from '../../../src/model/check.ts';
import { startTcpServer } from '../../support/tcp-server.ts';
import { kept, type Case, type Scene, type TypeRows } from './case.ts';
import { openHost, sleeper } from './host-files.ts';
import { emptyPipe, emptyPort, lockedFile, noise } from './servers.ts';

const briefly = { timeoutMs: 700 };

const processFiles = {
  'proc/uptime': '100.00 100.00\n',
  'proc/1/stat': '1 (init) S 0 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 5 1000 100\n',
  'proc/1/status': 'Name:\tinit\nUid:\t0\t0\t0\t0\nVmRSS:\t 100 kB\n',
  'proc/1/cmdline': '/sbin/init\0',
};

const processRows: TypeRows = {
  healthy: [
    {
      with: 'the process itself',
      set: () => ({ keys: { process: { cmdline: 'node', user: process.getuid?.() ?? 0 } } }),
      is: 'ok',
      says: /process/,
    },
  ],
  failing: [
    {
      with: 'more than there may be',
      set: async () => ({
        type: processOf,
        places: await openHost(processFiles),
        keys: { process: 'init', min: 0, max: 0 },
      }),
      is: 'critical',
      because: 'threshold',
      says: /^init: 1 process, wanted at most 0$/,
    },
  ],
  forbidden: [
    {
      with: 'processes of others that /proc hides',
      set: async () => ({
        type: processOf,
        places: await openHost({ 'proc/uptime': '100.00 100.00\n' }),
        keys: { process: 'nginx' },
      }),
      is: 'unknown',
      because: 'permission',
      says: /hides the processes of other users \(hidepid\): put the user of the agent into the group/,
    },
    {
      with: 'a pid file that only others may read',
      set: async () => ({
        isPowerless: true,
        keys: { process: { pidfile: await lockedFile('1\n') } },
      }),
      is: 'unknown',
      because: 'permission',
      says: /lacks the right to read .*locked\.txt: grant it/,
    },
  ],
  absent: [
    {
      with: 'no such process',
      set: async () => ({
        type: processOf,
        places: await openHost(processFiles),
        keys: { process: 'nginx' },
      }),
      is: 'critical',
      because: 'missing',
      says: /^nginx: no process, wanted at least 1$/,
    },
    {
      with: 'no pid file',
      set: async () => ({
        type: processOf,
        places: await openHost(processFiles),
        keys: { process: { pidfile: '/nowhere/nginx.pid' } },
      }),
      is: 'critical',
      because: 'missing',
      says: /no process/,
    },
  ],
  hanging: [
    {
      with: 'a pid file that is a pipe nobody writes into',
      set: async () => ({ ...briefly, keys: { process: { pidfile: await emptyPipe() } } }),
      is: 'unknown',
      because: 'protocol',
      says: /is no regular file$/,
    },
  ],
  nonsense: [
    {
      with: 'noise in a pid file',
      set: async () => {
        const places = await openHost({ ...processFiles, 'run/a.pid': noise.toString('latin1') });
        return { type: processOf, places, keys: { process: { pidfile: `${places.run}/a.pid` } } };
      },
      is: 'unknown',
      because: 'protocol',
      says: /holds no number of a process$/,
    },
    {
      with: 'noise in /proc/uptime',
      set: async () => ({
        type: processOf,
        places: await openHost({ ...processFiles, 'proc/uptime': 'nonsense' }),
        keys: { process: 'init' },
      }),
      is: 'unknown',
      because: 'protocol',
      says: /does not say what it should/,
    },
  ],
};

/** A program that the user nobody may not look into listens on a port. */
const isRoot = process.getuid?.() === 0;

const port: TypeRows = {
  healthy: [
    {
      with: 'a server of our own',
      set: async () => {
        const server = await kept(startTcpServer(() => undefined));
        return { keys: { port: server.port, address: 'loopback' } };
      },
      is: 'ok',
      says: /is listened on by .* at 127\.0\.0\.1$/,
    },
  ],
  failing: [
    {
      with: 'another address than is wanted',
      set: async () => {
        const server = await kept(startTcpServer(() => undefined));
        return { keys: { port: server.port, address: 'any' } };
      },
      is: 'critical',
      because: 'status',
      says: /wanted all addresses$/,
    },
    {
      with: 'another program than is wanted',
      set: async () => {
        const server = await kept(startTcpServer(() => undefined));
        return { keys: { port: server.port, process: 'sshd' } };
      },
      is: 'critical',
      because: 'status',
      says: /wanted sshd$/,
    },
  ],
  forbidden: [
    {
      with: 'a program of another user',
      lacking: isRoot ? undefined : 'only root has programs of another user here',
      set: async () => {
        const server = await kept(startTcpServer(() => undefined));
        return { isPowerless: true, keys: { port: server.port, process: 'node' } };
      },
      is: 'unknown',
      because: 'permission',
      says: /may not see: it needs AmbientCapabilities=/,
    },
  ],
  absent: [
    {
      with: 'a port on which nobody listens',
      set: async () => ({ keys: { port: await emptyPort() } }),
      is: 'critical',
      because: 'missing',
      says: /^nobody listens on port \d+\/tcp$/,
    },
  ],
  hanging: 'the kernel makes up its table of sockets itself, and nobody is connected to',
  nonsense: [
    {
      with: 'noise in /proc/net/tcp',
      set: async () => ({
        type: portOf,
        places: await openHost({ 'proc/net/tcp': noise.toString('latin1') }),
        keys: { port: 22 },
      }),
      is: 'unknown',
      because: 'protocol',
      says: /does not say what it should on Linux$/,
    },
  ],
};

/** A host whose `systemctl` does what these lines of shell say. */
async function unitHost(lines: string): Promise<HostPlaces> {
  return openHost({
    'run/systemd/system/': '',
    'proc/uptime': '5000.00 9999.00\n',
    'bin/systemctl': `#!/bin/sh\n${lines}\n`,
  });
}

const unitLines = (state: string): string =>
  `/bin/cat <<'END'\nId=a.service\nType=simple\nLoadState=loaded\nActiveState=${state}\nSubState=x\nResult=success\nEND`;

const unitCase = (
  rest: Omit<Case, 'set'> & { readonly lines: string; readonly scene?: Scene },
): Case => ({
  ...rest,
  set: async () => ({
    ...rest.scene,
    type: systemdOf,
    places: await unitHost(rest.lines),
    keys: { unit: 'a.service', journal: false },
  }),
});

const systemd: TypeRows = {
  healthy: [
    unitCase({
      with: 'a unit that is active',
      lines: unitLines('active'),
      is: 'ok',
      says: /is active/,
    }),
  ],
  failing: [
    unitCase({
      with: 'a unit that has failed',
      lines: unitLines('failed'),
      is: 'critical',
      because: 'status',
      says: /^a\.service has failed/,
    }),
  ],
  forbidden: [
    unitCase({
      with: 'a bus that the agent may not use',
      lines: 'echo "Failed to connect to bus: Permission denied" >&2; exit 1',
      is: 'unknown',
      because: 'permission',
      says: /systemctl .*Permission denied/,
    }),
  ],
  absent: [
    {
      with: 'a host without systemd',
      set: async () => ({ type: systemdOf, places: await openHost({ 'run/': '' }) }),
      is: 'unknown',
      because: 'missing',
      says: /^systemd does not run here: remove this check$/,
    },
    {
      with: 'no systemctl',
      set: async () => ({
        type: systemdOf,
        places: await openHost({ 'run/systemd/system/': '' }),
        keys: { unit: 'a.service' },
      }),
      is: 'unknown',
      because: 'missing',
      says: /^there is no program systemctl in /,
    },
    unitCase({
      with: 'a unit that is not installed',
      lines: "/bin/cat <<'END'\nId=a.service\nLoadState=not-found\nActiveState=inactive\nEND",
      is: 'critical',
      because: 'missing',
      says: /is not installed on this host$/,
    }),
  ],
  hanging: [
    unitCase({
      with: 'a systemctl that does not end',
      lines: 'exec /bin/sleep 60',
      scene: briefly,
      is: 'unknown',
      because: 'timeout',
      says: /^systemctl did not answer in time$/,
    }),
  ],
  nonsense: [
    unitCase({
      with: 'a systemctl that prints noise',
      lines: "printf '\\201\\377\\0 nonsense\\n'",
      is: 'unknown',
      because: 'protocol',
      says: /^systemctl says nothing about a\.service$/,
    }),
  ],
};

const clockCase = (
  rest: Omit<Case, 'set'> & {
    readonly files: Readonly<Record<string, string>>;
    readonly scene?: Scene;
  },
): Case => ({
  ...rest,
  set: async () => ({
    ...rest.scene,
    type: clockOf,
    places: await openHost({ 'run/systemd/system/': '', ...rest.files }),
  }),
});

const clock: TypeRows = {
  healthy: [
    clockCase({
      with: 'a clock that follows a time server',
      files: { 'bin/timedatectl': '#!/bin/sh\necho yes\n' },
      is: 'ok',
      says: /^the clock follows a time server/,
    }),
    clockCase({
      with: 'no tool that could tell, which it says',
      files: {},
      is: 'ok',
      says: /^cannot see from here whether the clock follows a time server/,
    }),
  ],
  failing: [
    clockCase({
      with: 'a clock that follows none',
      files: { 'bin/timedatectl': '#!/bin/sh\necho no\n' },
      is: 'warning',
      because: 'status',
      says: /^nothing keeps the clock right/,
    }),
  ],
  forbidden: 'every user may ask whether the clock is kept, and the time itself is free',
  absent:
    'a host without such tools is well and says that it cannot see them: jumps are still seen',
  hanging: [
    clockCase({
      with: 'tools that do not end',
      scene: briefly,
      files: { 'bin/timedatectl': sleeper, 'bin/chronyc': sleeper },
      is: 'unknown',
      because: 'timeout',
      says: /^timedatectl did not answer in time/,
    }),
  ],
  nonsense:
    'an answer that is neither yes nor no is that of a tool that cannot tell, which it says: see the row of a healthy clock',
};

export const hostRows = { process: processRows, port, systemd, clock } satisfies Partial<
  Record<CheckTypeName, TypeRows>
>;
