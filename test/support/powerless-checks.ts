import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HostPlaces } from '../../src/checks/host/places.ts';
import type { CheckTypeName } from '../../src/model/check.ts';
import type { RecordedResult } from '../../src/model/result.ts';

export interface PowerlessChecks {
  /** Runs a check once. */
  readonly run: (command: {
    readonly type: CheckTypeName;
    readonly keys: object;
    readonly timeoutMs: number;
    readonly places?: HostPlaces | undefined;
  }) => Promise<RecordedResult>;
  readonly end: () => Promise<void>;
}

/** A process that runs checks as the user nobody, or as whoever runs the tests where that is not root. */
export async function startPowerlessChecks(
  environment: Readonly<Record<string, string>> = {},
): Promise<PowerlessChecks> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'powerless-child.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Root alone may read the folder that it starts in.
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...environment },
  });
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value } = await lines.next();
    return String(value);
  };
  if ((await next()) !== 'ready') throw new Error('the process without rights did not start');
  return {
    run: async (command) => {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      return JSON.parse(await next()) as RecordedResult;
    },
    end: async () => {
      child.stdin.end();
      await gone;
    },
  };
}
