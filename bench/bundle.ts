import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles a script of the bench as `scripts/build.ts` bundles the agent, so that its libraries are loaded as the
 * agent loads them; gives the file.
 */
export async function bundleScript(name: string, directory: string): Promise<string> {
  const outfile = join(directory, `${name}.cjs`);
  await build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
    alias: { vitest: join(import.meta.dirname, 'finished.ts') },
    define: { 'import.meta.url': 'bundleUrl', 'import.meta.dirname': '__dirname' },
    banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  return outfile;
}
