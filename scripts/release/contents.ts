import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackedFile } from './tar.ts';

const root = join(import.meta.dirname, '..', '..');

/** What stands beside the executable in an archive, and where it is in the repository. */
const beside = {
  'CHANGELOG.md': 'CHANGELOG.md',
  LICENSE: 'LICENSE',
  'README.md': 'README.md',
  'agent.config.example.yaml': 'agent.config.example.yaml',
  'agent.config.schema.json': 'agent.config.schema.json',
  'tocsin.openrc': 'deploy/openrc/tocsin',
  'tocsin.service': 'deploy/systemd/tocsin.service',
  'tocsin.sysvinit': 'deploy/sysvinit/tocsin',
  'tocsin.user.service': 'deploy/systemd/tocsin.user.service',
} as const;

const grants = 'deploy/systemd/grants';

/** The files of an archive, for a given executable. */
export async function contentsOf(executable: Buffer): Promise<readonly PackedFile[]> {
  return [
    { path: 'tocsin', content: executable, mode: 0o755 },
    ...Object.entries(beside).map(([path, source]) => ({
      path,
      content: readFileSync(join(root, source)),
    })),
    ...readdirSync(join(root, grants)).map((name) => ({
      path: `grants/${name}`,
      content: readFileSync(join(root, grants, name)),
    })),
  ];
}
