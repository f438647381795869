import { dirname } from 'node:path';
import { cpuOf } from '../../../src/checks/cpu.ts';
import { loadOf } from '../../../src/checks/load.ts';
import { memoryOf } from '../../../src/checks/memory.ts';
import { oomOf } from '../../../src/checks/oom.ts';
import { rebootOf } from '../../../src/checks/reboot.ts';
import type { CheckTypeName } from '../../../src/model/check.ts';
import { eventually } from '../../support/eventually.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { writeInto } from '../../support/host-check.ts';
import type { Scene, TypeRows } from './case.ts';
import { lockedHost, openHost, sleeper } from './host-files.ts';
import { noise } from './servers.ts';

const briefly = { timeoutMs: 700 };

/** The rows of a check that reads files of the kernel and nothing else. */
function ofKernelFile(
  type: NonNullable<Scene['type']>,
  files: Readonly<Record<string, string>>,
  file: string,
  keys: Readonly<Record<string, unknown>> = {},
): Pick<TypeRows, 'forbidden' | 'absent' | 'hanging' | 'nonsense'> {
  const { [file]: _, ...others } = files;
  return {
    forbidden: [
      {
        with: `${file} that only others may read`,
        set: async () => ({ isPowerless: true, keys, places: await lockedHost(files, file) }),
        is: 'unknown',
        because: 'permission',
        says: /lacks the right to read .*: grant it with chmod or an ACL$/,
      },
    ],
    absent: [
      {
        with: `no ${file}`,
        set: async () => ({ type, keys, places: await openHost({ 'proc/': '', ...others }) }),
        is: 'unknown',
        because: 'missing',
        says: /is not there: is it mounted/,
      },
    ],
    hanging:
      'the kernel makes up the content of these files itself: there is nobody who could hang',
    nonsense: [
      {
        with: `noise in ${file}`,
        set: async () => ({
          type,
          keys,
          places: await openHost({ ...files, [file]: noise.toString('latin1') }),
        }),
        is: 'unknown',
        because: 'protocol',
        says: /does not say what it should on Linux$/,
      },
    ],
  };
}

const meminfo =
  'MemTotal: 1000 kB\nMemFree: 500 kB\nMemAvailable: 400 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n';
const memoryFiles = { 'proc/meminfo': meminfo };

const memory: TypeRows = {
  healthy: [
    {
      with: 'a host with room',
      set: async () => ({ type: memoryOf, places: await openHost(memoryFiles) }),
      is: 'ok',
      says: /^memory is 60% used/,
    },
  ],
  failing: [
    {
      with: 'little left',
      set: async () => ({
        type: memoryOf,
        places: await openHost(memoryFiles),
        keys: { warning: '10%', critical: '50%' },
      }),
      is: 'critical',
      because: 'threshold',
      says: /limit 50%/,
    },
  ],
  ...ofKernelFile(memoryOf, memoryFiles, 'proc/meminfo'),
};

const cpuFiles = { 'proc/stat': 'cpu  100 0 100 1000 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n' };

/** A look during which the processors idled and worked for so long. */
async function cpuScene(idle: number, busy: number): Promise<Scene> {
  const places = await openHost(cpuFiles);
  const later = `cpu  ${100 + busy} 0 100 ${1000 + idle} 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n`;
  const clock = createFakeClock();
  const during = async (): Promise<void> => {
    await eventually(() => clock.timers === 2, 'it measures, its deadline beside it');
    await writeInto(dirname(places.proc), 'proc/stat', later);
    await clock.advance(200);
  };
  return { type: cpuOf, places, clock, during };
}

const cpu: TypeRows = {
  healthy: [
    {
      with: 'processors that idle',
      set: async () => cpuScene(900, 100),
      is: 'ok',
      says: /^processors are 10% busy/,
    },
  ],
  failing: [
    {
      with: 'processors that are busy',
      set: async () => cpuScene(1, 999),
      is: 'critical',
      because: 'threshold',
      says: /99% busy/,
    },
  ],
  ...ofKernelFile(cpuOf, cpuFiles, 'proc/stat'),
};

const loadFiles = {
  'proc/loadavg': '0.5 1.0 1.5 1/100 4242\n',
  'proc/stat': cpuFiles['proc/stat'],
};

const load: TypeRows = {
  healthy: [
    {
      with: 'little to do',
      set: async () => ({ type: loadOf, places: await openHost(loadFiles) }),
      is: 'ok',
      says: /^load over 5 minutes is 1 on 1 core/,
    },
  ],
  failing: [
    {
      with: 'too much to do',
      set: async () => ({
        type: loadOf,
        places: await openHost(loadFiles),
        keys: { warning: 0.5, critical: 1 },
      }),
      is: 'critical',
      because: 'threshold',
      says: /limit 1 per core/,
    },
  ],
  ...ofKernelFile(loadOf, loadFiles, 'proc/loadavg'),
};

const bootId = 'b0000000-0000-4000-8000-000000000001';
const oomFiles = {
  'proc/sys/kernel/random/boot_id': `${bootId}\n`,
  'proc/vmstat': 'oom_kill 4\n',
};
const ofOom = ofKernelFile(oomOf, oomFiles, 'proc/vmstat');

const oom: TypeRows = {
  healthy: [
    {
      with: 'no kill since the first look',
      set: async () => ({ type: oomOf, places: await openHost(oomFiles) }),
      is: 'ok',
      says: /killed nothing/,
    },
  ],
  failing: [
    {
      with: 'a kill whose victim nobody may read of',
      set: async () => {
        const places = await openHost(oomFiles);
        const between = async (): Promise<void> =>
          writeInto(dirname(places.proc), 'proc/vmstat', 'oom_kill 5\n');
        return { type: oomOf, places, between };
      },
      is: 'critical',
      because: 'status',
      says: /killed a process .*; which, dmesg tells \(for the agent: AmbientCapabilities=CAP_SYSLOG\)/,
    },
  ],
  ...ofOom,
  hanging: [
    {
      with: 'a systemctl that does not end',
      set: async () => ({
        ...briefly,
        type: oomOf,
        keys: { unit: ['a.service'] },
        places: await openHost({ ...oomFiles, 'bin/systemctl': sleeper }),
      }),
      is: 'unknown',
      because: 'timeout',
      says: /^systemctl did not answer in time$/,
    },
  ],
};

const rebootFiles = {
  'proc/sys/kernel/random/boot_id': `${bootId}\n`,
  'proc/uptime': '100.00 100.00\n',
  'run/systemd/system/': '',
};
const bootedBefore = {
  bootId: 'b0000000-0000-4000-8000-000000000002',
  seenAt: Date.now() - 200_000,
};
const ofReboot = ofKernelFile(rebootOf, rebootFiles, 'proc/sys/kernel/random/boot_id');

const reboot: TypeRows = {
  healthy: [
    {
      with: 'the boot that was there before',
      set: async () => ({ type: rebootOf, places: await openHost(rebootFiles) }),
      is: 'ok',
      says: /^the host is up 1m ?40s$/,
    },
  ],
  failing: [
    {
      with: 'another boot, and an agent that was cut off',
      set: async () => ({
        type: rebootOf,
        places: await openHost(rebootFiles),
        remembered: bootedBefore,
      }),
      is: 'critical',
      because: 'status',
      says: /after an unannounced reboot/,
    },
  ],
  ...ofReboot,
  hanging: [
    {
      with: 'a journal that does not tell whether it was announced',
      set: async () => ({
        ...briefly,
        type: rebootOf,
        places: await openHost({ ...rebootFiles, 'bin/journalctl': sleeper }),
        remembered: bootedBefore,
      }),
      is: 'critical',
      because: 'status',
      says: /after an unannounced reboot/,
    },
  ],
};

export const kernelRows = { memory, cpu, load, oom, reboot } satisfies Partial<
  Record<CheckTypeName, TypeRows>
>;
