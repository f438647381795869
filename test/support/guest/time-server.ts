import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { eventually } from '../eventually.ts';
import { startProgram, type OwnProgram } from '../own-program.ts';

/** Starts a time server in the network of a host of the tests whose clock is ahead by so much. */
export async function startTimeServer(
  { network }: { readonly network: string },
  port: number,
  aheadMs: number,
): Promise<OwnProgram> {
  const standIn = join(import.meta.dirname, 'ntp-stand-in.ts');
  const words = [`--net=${network}`, process.execPath, standIn, String(port), String(aheadMs)];
  const program = startProgram('/usr/bin/nsenter', words);
  onTestFinished(() => program.end());
  await eventually(() => program.output().includes('ready'), 'the time server listens');
  return program;
}
