import { join } from 'node:path';
import { answers, freePort, startChild, type Child } from './child.ts';

/** A script of the bench that runs in a process of its own and is spoken to over HTTP. */
export interface RunningScript extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly address: string;
  readonly child: Child;
}

/**
 * Starts `NAME.ts` with a free port of loopback as its first argument, and resolves once it answers 200 at
 * `readyPath`. Throws when it does not within 10 s; `directory` has its log.
 */
export async function startScript(
  name: 'stand-in' | 'probe-targets' | 'load' | 'alert-hook',
  readyPath: string,
  directory: string,
  args: readonly string[] = [],
): Promise<RunningScript> {
  const port = await freePort();
  const script = join(import.meta.dirname, `${name}.ts`);
  const command = [process.execPath, script, String(port), ...args] as const;
  const child = startChild(name, command, join(directory, `${name}.log`));
  const address = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => child[Symbol.asyncDispose]();
  try {
    await answers(address + readyPath, 10_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, child, [Symbol.asyncDispose]: stop };
}
