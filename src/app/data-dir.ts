import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

const systemDirectory = '/var/lib/tocsin';

/**
 * Where state is kept when the configuration does not say: the system's directory when it is there and
 * writable, else the user's own (`$XDG_STATE_HOME`, by default `~/.local/state`).
 */
export function defaultDataDir(
  environment: Readonly<Record<string, string | undefined>>,
  homeDirectory: string,
): string {
  try {
    accessSync(systemDirectory, constants.W_OK | constants.X_OK);
    return systemDirectory;
  } catch {
    const configured = environment['XDG_STATE_HOME'];
    const base = configured?.startsWith('/') ? configured : join(homeDirectory, '.local', 'state');
    return join(base, 'tocsin');
  }
}
