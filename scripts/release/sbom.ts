import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BundledPackage } from './bundled.ts';
import { architectures, locked } from './node-of.ts';

const root = join(import.meta.dirname, '..', '..');

interface Component {
  readonly 'bom-ref': string;
  readonly [key: string]: unknown;
}

/** Where lists of vulnerabilities know a part of Node by another name than its package URL. */
const cpeNames: Readonly<Record<string, string>> = {
  node: 'nodejs:node.js',
  openssl: 'openssl:openssl',
};

/** Parts of Node that are npm packages as well. */
const npmParts: ReadonlySet<string> = new Set(['acorn', 'amaro', 'undici']);

/**
 * What is in the executable, as CycloneDX 1.6: the npm packages of the bundle, Node, and what Node says it
 * is made of. Sorted, and dated like all else, so that the same commit has the same list.
 *
 * @param timeS seconds since 1970
 */
export function sbom(version: string, timeS: number, packages: readonly BundledPackage[]): string {
  const product: Component = {
    'bom-ref': `tocsin@${version}`,
    type: 'application',
    name: 'tocsin',
    version,
    licenses: [{ license: { id: 'Apache-2.0' } }],
  };
  const components = [...packages.map(npmComponent), nodeComponent()].sort((a, b) =>
    a['bom-ref'] < b['bom-ref'] ? -1 : 1,
  );
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { timestamp: new Date(timeS * 1000).toISOString(), component: product },
    components,
    dependencies: dependencies(product, packages),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function npmUrl({ name, version }: { readonly name: string; readonly version: string }): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function npmComponent({ name, version, licence, place }: BundledPackage): Component {
  const url = npmUrl({ name, version });
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
  };
  const { integrity } = packages[place] ?? {};
  return {
    'bom-ref': url,
    type: 'library',
    name,
    version,
    purl: url,
    licenses: [{ license: { id: licence } }],
    ...(integrity === undefined ? {} : { hashes: [hash(integrity)] }),
  };
}

/** Node, the packages it came in, and the libraries that are built into it. */
function nodeComponent(): Component {
  const { node, modules: _abi, napi: _api, ...parts } = process.versions as Record<string, string>;
  const sources = architectures.map((architecture) => `node-linux-${architecture}`);
  for (const name of sources) {
    const { version } = locked(name);
    if (version !== node) throw new Error(`${name} is ${version}, and this is Node ${node}`);
  }
  const inner = Object.entries(parts)
    .filter(([, version]) => version !== '')
    .map(([name, version]) => nodePart(name, version));
  return {
    ...nodePart('node', node ?? ''),
    type: 'platform',
    licenses: [{ license: { id: 'MIT' } }],
    externalReferences: sources.map((name) => ({
      type: 'distribution',
      url: `https://www.npmjs.com/package/${name}/v/${node}`,
      hashes: [hash(locked(name).integrity)],
    })),
    components: inner,
  };
}

function nodePart(name: string, version: string): Component {
  const url = npmParts.has(name) ? npmUrl({ name, version }) : `pkg:generic/${name}@${version}`;
  const cpe = cpeNames[name];
  return {
    'bom-ref': `node/${url}`,
    type: 'library',
    name,
    version,
    purl: url,
    ...(cpe === undefined ? {} : { cpe: `cpe:2.3:a:${cpe}:${version}:*:*:*:*:*:*:*` }),
  };
}

function hash(integrity: string): object {
  const digest = integrity.replace('sha512-', '');
  return { alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') };
}

/** Who asks for whom. Where a name is there in two versions, it is the one nearest above, as Node finds it. */
function dependencies(product: Component, packages: readonly BundledPackage[]): readonly object[] {
  const urls = new Map(packages.map((one) => [one.place, npmUrl(one)]));
  const found = packages.map((one) => ({
    ref: npmUrl(one),
    dependsOn: one.dependencies.flatMap((name) => {
      const url = urls.get(`${one.place}/node_modules/${name}`) ?? urls.get(`node_modules/${name}`);
      return url === undefined ? [] : [url];
    }),
  }));
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: object;
  };
  const own = Object.keys(manifest.dependencies).flatMap((name) => {
    const url = urls.get(`node_modules/${name}`);
    return url === undefined ? [] : [url];
  });
  const node = `node/pkg:generic/node@${process.versions.node}`;
  return [{ ref: product['bom-ref'], dependsOn: [...own, node].sort() }, ...found];
}
