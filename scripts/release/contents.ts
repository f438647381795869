import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bashCompletion } from '../../src/cli/completion/bash.ts';
import { fishCompletion } from '../../src/cli/completion/fish.ts';
import { commandWords } from '../../src/cli/completion/words.ts';
import { zshCompletion } from '../../src/cli/completion/zsh.ts';
import { commands } from '../../src/cli/table.ts';
import type { BundledPackage } from './bundled.ts';
import { commandPage } from './command-page.ts';
import { configPage } from './config-page.ts';
import { thirdPartyLicences } from './licences.ts';
import type { PackedFile } from './tar.ts';

const root = join(import.meta.dirname, '..', '..');

/** What stands beside the executable in an archive, and where it is in the repository. */
const beside = {
  'CHANGELOG.md': 'CHANGELOG.md',
  LICENSE: 'LICENSE',
  'README.md': 'README.md',
  'agent.config.example.yaml': 'agent.config.example.yaml',
  'agent.config.schema.json': 'agent.config.schema.json',
  'tocsin.logrotate': 'deploy/logrotate/tocsin',
  'tocsin.openrc': 'deploy/openrc/tocsin',
  'tocsin.service': 'deploy/systemd/tocsin.service',
  'tocsin.sysvinit': 'deploy/sysvinit/tocsin',
  'tocsin.user.service': 'deploy/systemd/tocsin.user.service',
} as const;

const grants = 'deploy/systemd/grants';

/** What the texts beside the executable tell of it. */
export interface Described {
  readonly version: string;
  /** Seconds since 1970. */
  readonly timeS: number;
  readonly packages: readonly BundledPackage[];
  /** The licences of Node and of what is built into it. */
  readonly nodeLicence: string;
}

/** The files of an archive but for the executable: the same for every processor. */
export function filesBeside({
  version,
  timeS,
  packages,
  nodeLicence,
}: Described): readonly PackedFile[] {
  const date = new Date(timeS * 1000).toISOString().slice(0, 10);
  const words = commandWords(commands);
  const node = { version: process.versions.node, licence: nodeLicence };
  return [
    ...Object.entries(beside).map(([path, source]) => ({
      path,
      content: readFileSync(join(root, source)),
    })),
    ...readdirSync(join(root, grants)).map((name) => ({
      path: `grants/${name}`,
      content: readFileSync(join(root, grants, name)),
    })),
    { path: 'completions/_tocsin', content: zshCompletion(words) },
    { path: 'completions/tocsin.bash', content: bashCompletion(words) },
    { path: 'completions/tocsin.fish', content: fishCompletion(words) },
    { path: 'man/agent.config.yaml.5', content: configPage(version, date) },
    { path: 'man/tocsin.1', content: commandPage(version, date) },
    { path: 'THIRD-PARTY-LICENSES', content: thirdPartyLicences(node, packages) },
  ];
}
