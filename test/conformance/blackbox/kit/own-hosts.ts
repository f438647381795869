import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a program reads as `/etc/hosts` while nobody else does: in a mount namespace of its own. */
export interface OwnHosts extends Disposable {
  /** What runs a program there; undefined where that is not possible. */
  readonly within: readonly string[] | undefined;
}

export function createOwnHosts(text: string): OwnHosts {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-hosts-'));
  const file = join(directory, 'hosts');
  writeFileSync(file, text);
  const script = `mount --bind '${file}' /etc/hosts && exec "$@"`;
  const within = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
  const { status } = spawnSync('unshare', [...within.slice(1), 'true'], { stdio: 'ignore' });
  return {
    within: status === 0 ? within : undefined,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
