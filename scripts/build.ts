/*
 * Leaves `dist/tocsin`: one executable that holds Node and the whole agent, for the machine it is built on.
 */
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { version } from '../src/model/version.ts';
import { bundleAgent, makeBlob, makeExecutable } from './release/executable.ts';

const root = dirname(import.meta.dirname);
const work = join(root, 'dist', 'build');
const bundle = join(work, 'tocsin.cjs');
const blob = join(work, 'tocsin.blob');
const executable = join(root, 'dist', 'tocsin');

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });

await bundleAgent(bundle, version);
makeBlob(bundle, blob, { codeCache: true });
makeExecutable(process.execPath, blob, join(work, 'tocsin'));
// In one step: whoever runs the executable meanwhile has the old one or the new one, never half of one.
renameSync(join(work, 'tocsin'), executable);

const megabytes = (path: string): string => (statSync(path).size / 2 ** 20).toFixed(1);
console.error(
  `built dist/tocsin: ${megabytes(executable)} MiB, of it ${megabytes(bundle)} MiB bundle`,
);
