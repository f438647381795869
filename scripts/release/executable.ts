/*
 * One executable that holds Node and the whole agent. The bundle is CommonJS, since an ES module as the main
 * file of a single executable costs 15 MB and 40 ms; Node is stripped before the bundle goes in, since
 * stripping afterwards destroys it.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { stripElf } from './strip-elf.ts';

const root = join(import.meta.dirname, '..', '..');

/** The name under which Node looks for the blob, and the marker it checks; both are Node's own. */
const blobName = 'NODE_SEA_BLOB';
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Measured by the bench, with a hundred checks: these save 23 MB of anonymous memory at about the same
 * CPU. Collecting and compiling in threads leaves each of them an arena that is never given back,
 * and an agent that mostly waits does not need 16 MB for young objects.
 */
const memoryFlags = ['--single-threaded', '--max-semi-space-size=1'];

/** How a script of this source becomes one file that Node runs, whichever it is. */
export const bundling = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  // Libraries that ask where they are get a place: that of the executable.
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
} as const satisfies BuildOptions;

/**
 * Writes the agent and all it imports as one script, and tells out of which files.
 *
 * @param version that the agent gives itself
 */
export async function bundleAgent(bundle: string, version: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'bin', 'tocsin.ts')],
    outfile: bundle,
    ...bundling,
    metafile: true,
    plugins: [versionOf(version)],
  });
  escapeBeyondAscii(bundle);
  return metafile;
}

function versionOf(version: string): Plugin {
  return {
    name: 'version',
    setup(build) {
      build.onLoad({ filter: /\/src\/model\/version\.ts$/ }, () => ({
        contents: `export const version = ${JSON.stringify(version)};`,
      }));
    },
  };
}

/**
 * Writes what Node reads out of its own file. A code cache saves about 50 ms at every start, but is of use
 * only to the kind of processor on which it was made; Node warns about any other.
 */
export function makeBlob(
  bundle: string,
  blob: string,
  { codeCache }: { readonly codeCache: boolean },
): void {
  const folder = dirname(bundle);
  const settings = join(folder, `${basename(blob)}.json`);
  writeFileSync(
    settings,
    JSON.stringify({
      // The blob holds this name, which is therefore one without a folder.
      main: basename(bundle),
      output: blob,
      disableExperimentalSEAWarning: true,
      useCodeCache: codeCache,
      execArgv: ['--disable-warning=ExperimentalWarning', ...memoryFlags],
      execArgvExtension: 'none',
    }),
  );
  // The code cache is accepted only under the flags it was made with, but for the seed. Without one, the
  // order of what is in it differs each time.
  run([...memoryFlags, '--random-seed=1', '--experimental-sea-config', settings], folder);
}

/** Writes the executable: the given Node without its symbols, and the blob. */
export function makeExecutable(node: string, blob: string, executable: string): void {
  writeFileSync(executable, stripElf(readFileSync(node)));
  chmodSync(executable, 0o755);
  const postject = join(root, 'node_modules', 'postject', 'dist', 'cli.js');
  run([postject, executable, blobName, blob, '--sentinel-fuse', fuse], root);
}

/** Runs this Node, and tells what it said only if it failed: postject warns of sections that do no harm. */
function run(args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} failed: ${stderr}`);
}

/**
 * One character beyond Latin-1 makes V8 keep the whole source in two bytes a character. esbuild leaves such
 * characters in regular expressions and tagged templates, where an escape means the same.
 */
function escapeBeyondAscii(file: string): void {
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // Without the flag u, so that what takes two UTF-16 units becomes two escapes.
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/[\u0080-\uffff]/g, escape));
}
