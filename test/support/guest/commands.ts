import type { Said, Visit } from './enter.ts';

/** What can be done with commands alone on a host of the tests, be it a guest or a virtual machine. */
export interface Commands {
  /** Runs a command as root of that host, or as another user. */
  readonly run: (words: readonly string[], visit?: Visit) => Promise<Said>;
  /** What a command printed, without the space around it. Throws unless it ends with 0. */
  readonly say: (...words: readonly string[]) => Promise<string>;
  /** The same for a line of shell. */
  readonly shell: (line: string) => Promise<string>;
  readonly write: (path: string, text: string) => Promise<void>;
  readonly read: (path: string) => Promise<string>;
}

/** All of them by the first. */
export function commandsIn(run: Commands['run']): Commands {
  const say: Commands['say'] = async (...words) => {
    const { code, stdout, stderr } = await run(words);
    if (code !== 0) throw new Error(`${words.join(' ')}: ${code}\n${stdout}${stderr}`);
    return stdout.trim();
  };
  return {
    run,
    say,
    shell: (line) => say('sh', '-c', line),
    write: async (path, text) => {
      const mode = text.startsWith('#!') ? '755' : '644';
      const line = 'mkdir -p "$(dirname "$0")"; cat > "$0"; chmod "$1" "$0"';
      const { code, stderr } = await run(['sh', '-ec', line, path, mode], { input: text });
      if (code !== 0) throw new Error(`${path}: ${stderr}`);
    },
    read: async (path) => (await run(['cat', path])).stdout,
  };
}
