/*
 * Leaves `dist/release/`, a folder for any static host: `install.sh`, and below the version's number the
 * archives, their digests and the signature. The same commit gives the same bytes.
 *
 *   TOCSIN_BASE_URL     where the folder will be served; baked into install.sh
 *   TOCSIN_SIGNING_KEY  file with the private key, RSA as PEM; without it the release is unsigned
 *   TOCSIN_MAINTAINER   who answers for the packages, as "Name <address>"
 *   SOURCE_DATE_EPOCH   the time of every packed file; the date of the commit when not given
 *
 *   --out DIR       instead of dist/release
 *   --as VERSION    instead of the version of the source, for a candidate or a test
 *   --only x64      (or arm64) for one processor
 *   --fast          packs loosely, in a tenth of the time; not for publishing
 *   --gz            packs with gzip alone and makes no packages: for the host on which it is built
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { version as sourceVersion } from '../src/model/version.ts';
import { gz, xz } from './release/compress.ts';
import { bundledPackages } from './release/bundled.ts';
import { filesBeside } from './release/contents.ts';
import { bundleAgent, makeBlob, makeExecutable } from './release/executable.ts';
import { debianName, debianVersion, debPackage } from './release/deb.ts';
import { bake } from './release/install-script.ts';
import { architectures, nodeOf, type Architecture } from './release/node-of.ts';
import { sbom } from './release/sbom.ts';
import { readSigner, type Signer } from './release/signature.ts';
import { tar, type PackedFile } from './release/tar.ts';

const root = dirname(import.meta.dirname);

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'dist', 'release') },
    as: { type: 'string', default: sourceVersion },
    only: { type: 'string' },
    fast: { type: 'boolean', default: false },
    gz: { type: 'boolean', default: false },
  },
});

const version = values.as;
const out = resolve(values.out);
const folder = join(out, version);
const timeS = Number(process.env['SOURCE_DATE_EPOCH'] ?? commitTime());
const maintainer = process.env['TOCSIN_MAINTAINER'] ?? 'tocsin maintainers <root@localhost>';
const wanted = architectures.filter((name) => values.only === undefined || values.only === name);

try {
  if (process.arch !== 'x64') {
    throw new Error('a release is made on x64: its code cache belongs to that processor');
  }
  if (wanted.length === 0) throw new Error(`--only is one of ${architectures.join(', ')}`);
  await release();
} catch (error) {
  console.error(`release: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function release(): Promise<void> {
  const keyFile = process.env['TOCSIN_SIGNING_KEY'];
  const signer = keyFile === undefined ? undefined : readSigner(keyFile);
  const work = mkdtempSync(join(tmpdir(), 'tocsin-release-'));
  try {
    const bundle = join(work, 'tocsin.cjs');
    const packages = bundledPackages(await bundleAgent(bundle, version));
    const nodeLicence = readFileSync(nodeOf('x64').licence, 'utf8');
    const beside = filesBeside({ version, timeS, packages, nodeLicence });
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `tocsin-${version}.cdx.json`), sbom(version, timeS, packages));
    await Promise.all(wanted.map((architecture) => pack(architecture, work, bundle, beside)));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  writeInstaller(signer);
  writeDigests(signer);
  tell(signer);
}

/** Everything for one processor. */
async function pack(
  architecture: Architecture,
  work: string,
  bundle: string,
  beside: readonly PackedFile[],
): Promise<void> {
  const blob = join(work, `${architecture}.blob`);
  const executable = join(work, architecture);
  const node = nodeOf(architecture);
  makeBlob(bundle, blob, { codeCache: architecture === process.arch });
  makeExecutable(node.binary, blob, executable);
  const program = { path: 'tocsin', content: readFileSync(executable), mode: 0o755 };
  const files = [program, ...beside];
  const name = `tocsin-${version}-linux-${architecture}`;
  const archive = tar(files, { prefix: `${name}/`, timeS });
  const xzLevel = values.fast ? 0 : 6;
  const gzLevel = values.fast ? 1 : 9;
  const facts = { version, architecture, maintainer, timeS, level: xzLevel };
  const write = async (file: string, content: Promise<Buffer>): Promise<void> =>
    writeFileSync(join(folder, file), await content);
  const debName = `tocsin_${debianVersion(version)}_${debianName[architecture]}.deb`;
  await Promise.all([
    write(`${name}.tar.gz`, gz(archive, gzLevel)),
    ...(values.gz
      ? []
      : [write(`${name}.tar.xz`, xz(archive, xzLevel)), write(debName, debPackage(files, facts))]),
  ]);
}

function writeInstaller(signer: Signer | undefined): void {
  if (!existsSync(join(root, 'install.sh'))) {
    console.error('release: there is no install.sh to put the digests into');
    return;
  }
  const digest = (architecture: Architecture, ending: string): string => {
    const archive = join(folder, `tocsin-${version}-linux-${architecture}.tar.${ending}`);
    return existsSync(archive) ? sha256(archive) : '';
  };
  const script = bake(readFileSync(join(root, 'install.sh'), 'utf8'), {
    TOCSIN_VERSION: version,
    TOCSIN_BASE_URL: (process.env['TOCSIN_BASE_URL'] ?? '').replace(/\/+$/, ''),
    TOCSIN_SHA256_LINUX_X64: digest('x64', 'xz'),
    TOCSIN_SHA256_LINUX_X64_GZ: digest('x64', 'gz'),
    TOCSIN_SHA256_LINUX_ARM64: digest('arm64', 'xz'),
    TOCSIN_SHA256_LINUX_ARM64_GZ: digest('arm64', 'gz'),
    TOCSIN_PUBLIC_KEY: signer?.publicKey.trim() ?? '',
  });
  for (const place of [out, folder]) {
    writeFileSync(join(place, 'install.sh'), script, { mode: 0o755 });
  }
}

/** One line a file, as `sha256sum --check` reads it. */
function writeDigests(signer: Signer | undefined): void {
  const lines = readdirSync(folder)
    .sort()
    .map((name) => `${sha256(join(folder, name))}  ${name}\n`);
  const digests = lines.join('');
  writeFileSync(join(folder, 'SHA256SUMS'), digests);
  if (signer !== undefined) writeFileSync(join(folder, 'SHA256SUMS.sig'), signer.sign(digests));
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function commitTime(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    if (git('status', '--porcelain') !== '') {
      console.error('release: the working tree differs from the commit');
    }
    return git('log', '-1', '--format=%ct').trim();
  } catch {
    console.error('release: no commit to take the time from, and no SOURCE_DATE_EPOCH: 1970 it is');
    return '0';
  }
}

function tell(signer: Signer | undefined): void {
  for (const name of readdirSync(folder).sort()) {
    const megabytes = (readFileSync(join(folder, name)).length / 1e6).toFixed(1);
    console.error(`${megabytes.padStart(7)} MB  ${name}`);
  }
  const signed =
    signer === undefined
      ? 'UNSIGNED, since TOCSIN_SIGNING_KEY names no key; install.sh refuses it unless told'
      : 'signed';
  console.error(`release: ${out} holds ${version}, ${signed}`);
}
