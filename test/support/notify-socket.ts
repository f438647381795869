import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';
import { startProgram } from './own-program.ts';

interface Told {
  /** Seconds on the receiver's steady clock. */
  readonly at: number;
  readonly lines: readonly string[];
}

/** The socket of a service manager, with everything that was told to it so far. */
export async function startNotifySocket(address: string): Promise<{
  readonly address: string;
  readonly told: () => readonly Told[];
  /** How often this very line was told. */
  readonly count: (line: string) => number;
}> {
  const script = join(import.meta.dirname, 'notify-receiver.py');
  const receiver = startProgram('/usr/bin/python3', [script, address]);
  onTestFinished(async () => receiver.end());
  await eventually(() => receiver.output().includes('listening'), 'the receiver listens');
  const told = (): readonly Told[] =>
    receiver
      .output()
      .split('\n')
      .filter((line) => line.includes('"lines"') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Told);
  const count = (line: string): number => told().filter(({ lines }) => lines.includes(line)).length;
  return { address, told, count };
}
