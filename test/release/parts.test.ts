import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bake, type Baked } from '../../scripts/release/install-script.ts';
import { stripElf } from '../../scripts/release/strip-elf.ts';
import { readSigner } from '../../scripts/release/signature.ts';
import { tar } from '../../scripts/release/tar.ts';
import { buildRelease, makeKey, root } from '../support/release.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('without a key the release says that it is unsigned', async () => {
  const out = temporaryFolder();
  const said = await buildRelease(root, ['--out', out, '--only', 'x64', '--as', '9.8.7-test']);
  expect(said).toContain('UNSIGNED');
  expect(readdirSync(join(out, '9.8.7-test'))).not.toContain('SHA256SUMS.sig');
}, 600_000);

test('a key that some openssl could not check, or a weak one, is refused with the way to a right one', () => {
  const folder = temporaryFolder();
  const make = (name: string, ...words: string[]): string => {
    const file = join(folder, name);
    execFileSync('openssl', ['genpkey', '-out', file, ...words], { stdio: 'ignore' });
    return file;
  };
  const weak = make('weak', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048');
  expect(() => readSigner(weak)).toThrow(/rsa of 2048 bits.*openssl genrsa/);
  expect(() => readSigner(make('new', '-algorithm', 'ED25519'))).toThrow(/ed25519/);
  expect(() => readSigner(join(root, 'LICENSE'))).toThrow('holds no private key');
});

test('one key gives one text one signature', () => {
  const file = join(temporaryFolder(), 'key.pem');
  makeKey(file);
  const signer = readSigner(file);
  expect(signer.sign('a list')).toEqual(signer.sign('a list'));
});

const values: Baked = {
  TOCSIN_VERSION: '1.0.0',
  TOCSIN_BASE_URL: '',
  TOCSIN_SHA256_LINUX_X64: 'a',
  TOCSIN_SHA256_LINUX_X64_GZ: 'b',
  TOCSIN_SHA256_LINUX_ARM64: 'c',
  TOCSIN_SHA256_LINUX_ARM64_GZ: 'd',
  TOCSIN_PUBLIC_KEY: 'two\nlines',
};
const empty = Object.keys(values).map((name) => `${name}=''\n`);
const script = (lines: readonly string[]): string =>
  `#!/bin/sh\n# release: begin\n${lines.join('')}# release: end\nmain "$@"\n`;

test('the installer is filled between its marks and nowhere else', () => {
  const filled = Object.entries(values).map(([name, value]: [string, string]) => {
    return `${name}='${value}'\n`;
  });
  expect(bake(script(empty), values)).toBe(script(filled));
});

test('an installer that knows other values than the release, or a value that ends its quotes, is refused', () => {
  expect(() => bake(script(empty.slice(1)), values)).toThrow("differ in TOCSIN_VERSION=''");
  expect(() => bake(script([...empty, "TOCSIN_X=''\n"]), values)).toThrow("differ in TOCSIN_X=''");
  expect(() => bake('#!/bin/sh\n', values)).toThrow('lacks "# release: begin"');
  expect(() => bake(script(empty), { ...values, TOCSIN_BASE_URL: "'; id" })).toThrow('a quote');
});

test('only what it understands is stripped', () => {
  expect(() => stripElf(Buffer.from('#!/bin/sh\n'))).toThrow('not a 64-bit little-endian ELF');
});

test('a path that an old tar would not read is refused', () => {
  const path = 'a'.repeat(99);
  expect(() => tar([{ path, content: '' }], { prefix: 'b/', timeS: 0 })).toThrow('too long');
});
