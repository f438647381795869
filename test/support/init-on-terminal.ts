/* `tocsin init` on a host where nothing is found, for a test that answers its questions on a terminal. */
import { initOf } from '../../src/cli/init.ts';

const command = initOf(async () => Promise.resolve({ proposals: [], remarks: [] }));
const code = await command.run(
  { values: {}, positionals: [] },
  {
    environment: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  },
);
process.exitCode = code;
process.stdin.unref();
