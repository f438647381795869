import { join } from 'node:path';
import { build } from 'esbuild';
import { bundling } from '../scripts/release/executable.ts';

/**
 * Bundles a script of the bench as `scripts/build.ts` bundles the agent, so that its libraries are loaded as the
 * agent loads them; gives the file.
 */
export async function bundleScript(name: string, directory: string): Promise<string> {
  const outfile = join(directory, `${name}.cjs`);
  await build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile,
    ...bundling,
    alias: { vitest: join(import.meta.dirname, 'finished.ts') },
    define: { ...bundling.define, 'import.meta.dirname': '__dirname' },
  });
  return outfile;
}
