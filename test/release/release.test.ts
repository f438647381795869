import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { version } from '../../src/model/version.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { buildRelease, copySource, makeKey, root } from '../support/release.ts';

const work = mkdtempSync(join(tmpdir(), 'tocsin-release-'));
const served = join(work, 'served');
const folder = join(served, version);
const key = join(work, 'key.pem');
const environment = {
  SOURCE_DATE_EPOCH: '1700000000',
  TOCSIN_BASE_URL: 'https://packages.example/tocsin/',
  TOCSIN_SIGNING_KEY: key,
  TOCSIN_MAINTAINER: 'Somebody <somebody@example.org>',
};

beforeAll(async () => {
  makeKey(key);
  await buildRelease(root, ['--out', served], environment);
}, 600_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

const run = (program: string, args: readonly string[], cwd = folder): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Unpacks an archive into a new folder and gives the one folder it holds. */
function unpack(name: string): string {
  const place = mkdtempSync(join(work, 'unpacked-'));
  run('tar', ['-xf', join(folder, name), '-C', place]);
  return join(place, readdirSync(place).join('/'));
}

test('two builds of one source in different folders are the same, bit by bit', async () => {
  const elsewhere = mkdtempSync(join(work, 'a folder with another name-'));
  copySource(elsewhere);
  const again = join(work, 'again');
  await buildRelease(elsewhere, ['--out', again], environment);
  const digests = (place: string): string =>
    readFileSync(join(place, version, 'SHA256SUMS'), 'utf8');
  expect(digests(again)).toBe(digests(served));
  expect(readFileSync(join(again, version, 'SHA256SUMS.sig'))).toEqual(
    readFileSync(join(folder, 'SHA256SUMS.sig')),
  );
}, 600_000);

test('sha256sum finds every file as it is listed, and none that is not', () => {
  const listed = run('sha256sum', ['--check', 'SHA256SUMS']);
  const names = readdirSync(folder).filter((name) => !name.startsWith('SHA256SUMS'));
  expect(listed.trim().split('\n')).toEqual(names.sort().map((name) => `${name}: OK`));
});

test('openssl accepts the signature, and refuses a changed list', () => {
  run('openssl', ['rsa', '-in', key, '-pubout', '-out', join(work, 'public.pem')]);
  const words = ['dgst', '-sha256', '-verify', join(work, 'public.pem')];
  const verify = (list: string): number | null =>
    spawnSync('openssl', [...words, '-signature', 'SHA256SUMS.sig', list], { cwd: folder }).status;
  writeFileSync(join(work, 'changed'), readFileSync(join(folder, 'SHA256SUMS'), 'utf8').slice(1));
  expect(verify('SHA256SUMS')).toBe(0);
  expect(verify(join(work, 'changed'))).not.toBe(0);
});

test('the archives hold the same files, those of root, all of one time, and busybox reads them', (context) => {
  skipUnlessThere('/bin/busybox', context);
  const [x64 = '', arm64 = ''] = ['x64', 'arm64'].map(
    (architecture) => `tocsin-${version}-linux-${architecture}.tar`,
  );
  const list = (archive: string): string =>
    run('tar', ['--numeric-owner', '--full-time', '--utc', '-tvzf', `${archive}.gz`])
      .replaceAll(/linux-(?:x64|arm64)/g, 'linux-ARCH')
      .replace(/\d+(?= 2023-11-14 22:13:20 \S+\/tocsin\n)/, 'SIZE')
      .replaceAll(/ +/g, ' ');
  const listed = list(x64);
  expect(list(arm64)).toBe(listed);
  for (const line of listed.trim().split('\n')) {
    expect(line).toMatch(/^(d|-)rw(x|-)r-(x|-)r-\3 0\/0 \w+ 2023-11-14 22:13:20 tocsin-/);
  }
  for (const path of [
    'LICENSE',
    'THIRD-PARTY-LICENSES',
    'agent.config.example.yaml',
    'agent.config.schema.json',
    'completions/_tocsin',
    'completions/tocsin.bash',
    'completions/tocsin.fish',
    'man/agent.config.yaml.5',
    'man/tocsin.1',
    'tocsin',
    'tocsin.service',
  ]) {
    expect(listed).toContain(`tocsin-${version}-linux-ARCH/${path}\n`);
  }
  const digest = (program: string, file: string): string =>
    run('sh', ['-c', `${program} -dc "$1" | sha256sum`, 'sh', file]);
  for (const archive of [x64, arm64]) {
    expect(digest('busybox xz', `${archive}.xz`)).toBe(digest('gzip', `${archive}.gz`));
  }
  const names = run('busybox', ['tar', '-tJf', `${x64}.xz`]);
  expect(names.split('\n').length).toBe(listed.split('\n').length);
}, 600_000);

test('the packages for Debian hold what the archives hold, for amd64 and arm64', (context) => {
  skipUnlessThere('/usr/bin/dpkg-deb', context);
  for (const [name, architecture] of [
    ['amd64', 'x64'],
    ['arm64', 'arm64'],
  ] as const) {
    const deb = join(folder, `tocsin_${version}_${name}.deb`);
    const fields = run('dpkg-deb', ['--field', deb, 'Package', 'Version', 'Architecture']);
    expect(fields).toBe(`Package: tocsin\nVersion: ${version}\nArchitecture: ${name}\n`);
    const place = mkdtempSync(join(work, 'deb-'));
    run('dpkg-deb', ['--extract', deb, place]);
    const archive = unpack(`tocsin-${version}-linux-${architecture}.tar.gz`);
    run('cmp', [join(place, 'usr/bin/tocsin'), join(archive, 'tocsin')]);
    const unit = readFileSync(join(place, 'usr/lib/systemd/system/tocsin.service'), 'utf8');
    expect(unit).toContain('ExecStart=/usr/bin/tocsin run');
    run('dpkg-deb', ['--control', deb, join(place, 'DEBIAN')]);
    run('md5sum', ['--check', '--quiet', 'DEBIAN/md5sums'], place);
  }
}, 600_000);

test.for(['amd64', 'arm64'])(
  'lintian finds nothing in the package for %s but what is overridden with a reason',
  { timeout: 600_000 },
  (architecture, context) => {
    skipUnlessThere('/usr/bin/lintian', context);
    const deb = `tocsin_${version}_${architecture}.deb`;
    const words = ['--allow-root', '--fail-on', 'error,warning', deb];
    const { stdout, status } = spawnSync('lintian', words, { cwd: folder, encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  },
);

test('the executable out of the archive runs, is stripped, and weighs less than 115 MB with all beside it', () => {
  const place = unpack(`tocsin-${version}-linux-x64.tar.xz`);
  expect(run(join(place, 'tocsin'), ['--version'], place)).toBe(`tocsin ${version}\n`);
  const sizes = readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => statSync(join(parentPath, name)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(115e6);
  expect(statSync(join(place, 'tocsin')).size).toBeLessThan(statSync(process.execPath).size - 10e6);
}, 60_000);

test('the executable accepts its code cache on an older processor', (context) => {
  skipUnlessThere('/usr/bin/qemu-x86_64-static', context);
  const place = unpack(`tocsin-${version}-linux-x64.tar.gz`);
  const words = ['-cpu', 'Nehalem', join(place, 'tocsin'), '--version'];
  const { stdout, stderr } = spawnSync('qemu-x86_64-static', words, { encoding: 'utf8' });
  expect({ stdout, stderr }).toEqual({ stdout: `tocsin ${version}\n`, stderr: '' });
}, 60_000);

test('the executable for arm64, made on x64, runs there and warns of nothing', (context) => {
  const libraries = '/usr/aarch64-linux-gnu';
  skipUnlessThere('/usr/bin/qemu-aarch64-static', context);
  skipUnlessThere(join(libraries, 'lib', 'libstdc++.so.6'), context);
  const place = unpack(`tocsin-${version}-linux-arm64.tar.xz`);
  const onArm = (...words: string[]): object => {
    const args = ['-L', libraries, join(place, 'tocsin'), ...words];
    const { status, stdout, stderr } = spawnSync('qemu-aarch64-static', args, { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  const schema = readFileSync(join(root, 'agent.config.schema.json'), 'utf8');
  expect(onArm('--version')).toEqual({ status: 0, stdout: `tocsin ${version}\n`, stderr: '' });
  expect(onArm('schema')).toEqual({ status: 0, stdout: schema, stderr: '' });
}, 600_000);
