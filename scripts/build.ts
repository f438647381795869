/*
 * Leaves `dist/tocsin`: one executable that holds Node and the whole agent. The bundle is CommonJS, since an
 * ES module as the main file of a single executable costs 15 MB and 40 ms; Node is stripped before the
 * bundle goes in, since stripping afterwards destroys it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = dirname(import.meta.dirname);
const work = join(root, 'dist', 'build');
const bundle = join(work, 'tocsin.cjs');
const blob = join(work, 'tocsin.blob');
const executable = join(root, 'dist', 'tocsin');

/** The name under which Node looks for the blob, and the marker it checks; both are Node's own. */
const blobName = 'NODE_SEA_BLOB';
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Measured by the bench, with a hundred checks: these save 23 MB of anonymous memory at about the same
 * CPU. Collecting and compiling in threads leaves each of them an arena that is never given back,
 * and an agent that mostly waits does not need 16 MB for young objects.
 */
const memoryFlags = ['--single-threaded', '--max-semi-space-size=1'];

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });

await build({
  entryPoints: [join(root, 'bin', 'tocsin.ts')],
  outfile: bundle,
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
});
escapeBeyondAscii(bundle);

writeFileSync(
  join(work, 'sea.json'),
  JSON.stringify({
    main: bundle,
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: ['--disable-warning=ExperimentalWarning', ...memoryFlags],
    execArgvExtension: 'none',
  }),
);
// The code cache is accepted only under the flags it was made with.
execFileSync(
  process.execPath,
  [...memoryFlags, '--experimental-sea-config', join(work, 'sea.json')],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
  },
);

const base = join(work, 'tocsin');
copyFileSync(process.execPath, base);
chmodSync(base, 0o755);
const strip = spawnSync('strip', [base], { stdio: 'ignore' });
if (strip.status !== 0)
  console.error('build: no strip here (binutils); the executable stays larger');
const postject = join(root, 'node_modules', 'postject', 'dist', 'cli.js');
execFileSync(process.execPath, [postject, base, blobName, blob, '--sentinel-fuse', fuse], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
// In one step: whoever runs the executable meanwhile has the old one or the new one, never half of one.
renameSync(base, executable);

const megabytes = (path: string): string => (statSync(path).size / 2 ** 20).toFixed(1);
console.error(
  `built dist/tocsin: ${megabytes(executable)} MiB, of it ${megabytes(bundle)} MiB bundle`,
);

/**
 * One character beyond Latin-1 makes V8 keep the whole source in two bytes a character. esbuild leaves such
 * characters in regular expressions and tagged templates, where an escape means the same.
 */
function escapeBeyondAscii(file: string): void {
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // Without the flag u, so that what takes two UTF-16 units becomes two escapes.
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/[\u0080-\uffff]/g, escape));
}
