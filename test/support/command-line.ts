import { main } from '../../src/main.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command within this process, without a terminal. */
export async function runCommand(
  args: readonly string[],
  surroundings: {
    readonly cwd?: string;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<Said> {
  let stdout = '';
  let stderr = '';
  const code = await main(args, {
    environment: surroundings.environment ?? {},
    cwd: surroundings.cwd ?? process.cwd(),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}
