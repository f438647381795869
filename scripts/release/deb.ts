import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gz, xz } from './compress.ts';
import type { Architecture } from './node-of.ts';
import { tar, type PackedFile } from './tar.ts';

const sources = join(import.meta.dirname, '..', '..', 'deploy', 'debian');

/** The processors by Debian's name. */
export const debianName = { x64: 'amd64', arm64: 'arm64' } as const satisfies Record<
  Architecture,
  string
>;

/** Debian sorts `~` before everything, as semantic versions do with `-`. */
export function debianVersion(version: string): string {
  return version.replaceAll('-', '~');
}

/** Where a file of the archive goes on a Debian; what is not here has no place there. */
const places: Readonly<Record<string, string>> = {
  tocsin: 'usr/bin/tocsin',
  'CHANGELOG.md': 'usr/share/doc/tocsin/CHANGELOG.md',
  'README.md': 'usr/share/doc/tocsin/README.md',
  'THIRD-PARTY-LICENSES': 'usr/share/doc/tocsin/THIRD-PARTY-LICENSES',
  'agent.config.example.yaml': 'usr/share/doc/tocsin/examples/agent.config.yaml',
  'agent.config.schema.json': 'usr/share/tocsin/agent.config.schema.json',
  'completions/_tocsin': 'usr/share/zsh/vendor-completions/_tocsin',
  'completions/tocsin.bash': 'usr/share/bash-completion/completions/tocsin',
  'completions/tocsin.fish': 'usr/share/fish/vendor_completions.d/tocsin.fish',
};

export interface PackageFacts {
  readonly version: string;
  readonly architecture: Architecture;
  /** Name and address of whoever answers for the package. */
  readonly maintainer: string;
  /** Seconds since 1970. */
  readonly timeS: number;
  /** Of xz, 0 to 9. */
  readonly level: number;
}

/** A package for Debian and what descends from it, made of the files of an archive. */
export async function debPackage(
  files: readonly PackedFile[],
  facts: PackageFacts,
): Promise<Buffer> {
  const placed = await placedFiles(files, facts);
  const control = controlFiles(placed, facts);
  const { timeS, level } = facts;
  return archive(
    [
      ['debian-binary', Buffer.from('2.0\n')],
      ['control.tar.gz', await gz(tar(control, { prefix: './', timeS }), 9)],
      ['data.tar.xz', await xz(tar(placed, { prefix: './', timeS }), level)],
    ],
    timeS,
  );
}

async function placedFiles(
  files: readonly PackedFile[],
  facts: PackageFacts,
): Promise<readonly PackedFile[]> {
  const content = (path: string): string => {
    const found = files.find((file) => file.path === path);
    if (found === undefined) throw new Error(`an archive without ${path}`);
    return found.content.toString();
  };
  const page = async (name: string): Promise<Buffer> => gz(Buffer.from(content(`man/${name}`)), 9);
  const unit = content('tocsin.service').replaceAll('/usr/local/bin/', '/usr/bin/');
  return [
    ...files.flatMap(({ path, ...rest }) => {
      const place = path.startsWith('grants/') ? `usr/share/tocsin/${path}` : places[path];
      return place === undefined ? [] : [{ path: place, ...rest }];
    }),
    { path: 'usr/lib/systemd/system/tocsin.service', content: unit },
    { path: 'usr/share/man/man1/tocsin.1.gz', content: await page('tocsin.1') },
    {
      path: 'usr/share/man/man5/agent.config.yaml.5.gz',
      content: await page('agent.config.yaml.5'),
    },
    { path: 'usr/share/doc/tocsin/copyright', content: copyright(facts) },
    {
      path: 'usr/share/doc/tocsin/changelog.gz',
      content: await gz(Buffer.from(changelog(facts)), 9),
    },
    {
      path: 'usr/share/lintian/overrides/tocsin',
      content: readFileSync(join(sources, 'lintian-overrides')),
    },
  ];
}

function copyright({ timeS }: PackageFacts): string {
  return `Copyright ${new Date(timeS * 1000).getUTCFullYear()} the authors of tocsin

tocsin is licensed under the Apache License, version 2.0. On a Debian system its text
is in /usr/share/common-licenses/Apache-2.0.

The executable holds Node.js and parts of other packages, under licences of their own:
/usr/share/doc/tocsin/THIRD-PARTY-LICENSES has all of them.
`;
}

function changelog({ version, maintainer, timeS }: PackageFacts): string {
  const date = new Date(timeS * 1000).toUTCString().replace('GMT', '+0000');
  return `tocsin (${debianVersion(version)}) stable; urgency=medium

  * Version ${version}; CHANGELOG.md beside this file says what changed.

 -- ${maintainer}  ${date}
`;
}

function controlFiles(
  placed: readonly PackedFile[],
  { version, architecture, maintainer }: PackageFacts,
): readonly PackedFile[] {
  // Each file and folder takes whole blocks, by which Debian counts.
  const sizes = placed.map(({ content }) => Math.ceil(Buffer.byteLength(content) / 1024));
  const installed = sizes.reduce((sum, size) => sum + size, 0);
  const sums = placed
    .map(({ path, content }) => `${createHash('md5').update(content).digest('hex')}  ${path}\n`)
    .sort((a, b) => (a.slice(34) < b.slice(34) ? -1 : 1));
  // Node 24 asks for glibc 2.28 and the libstdc++ of GCC 7.
  const control = `Package: tocsin
Version: ${debianVersion(version)}
Architecture: ${debianName[architecture]}
Maintainer: ${maintainer}
Installed-Size: ${installed}
Depends: adduser, libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 7)
Section: admin
Priority: optional
Description: watches this host and tells people when something broke
 An agent that sits on a host, looks at what runs there, exports what it
 measures to Prometheus, and tells people by Slack, PagerDuty, e-mail or webhook
 when something is really broken: after debouncing, grouped, and once.
 .
 The package holds one executable with Node.js inside, and a service of systemd.
`;
  return [
    { path: 'control', content: control },
    { path: 'md5sums', content: sums.join('') },
    ...readdirSync(sources)
      .filter((name) => name !== 'lintian-overrides')
      .map((path) => ({ path, content: readFileSync(join(sources, path)), mode: 0o755 })),
  ];
}

/** The format of `ar`, which dpkg reads: see deb(5). */
function archive(members: readonly (readonly [string, Buffer])[], timeS: number): Buffer {
  const parts = members.flatMap(([name, content]) => {
    const fields = [
      name.padEnd(16),
      String(timeS).padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644'.padEnd(8),
      String(content.length).padEnd(10),
    ];
    const odd = content.length % 2 === 1 ? '\n' : '';
    return [Buffer.from(`${fields.join('')}\`\n`), content, Buffer.from(odd)];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}
