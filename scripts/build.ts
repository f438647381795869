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
  define: { 'import.meta.url': 'undefined' },
});

writeFileSync(
  join(work, 'sea.json'),
  JSON.stringify({
    main: bundle,
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    execArgvExtension: 'none',
  }),
);
execFileSync(process.execPath, ['--experimental-sea-config', join(work, 'sea.json')], {
  stdio: ['ignore', 'ignore', 'inherit'],
});

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
