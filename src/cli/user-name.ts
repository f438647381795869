import { userInfo } from 'node:os';
import type { CommandContext } from './command.ts';

/** Who calls: under sudo the person behind it. */
export function userName({ environment }: CommandContext): string {
  const behind = environment['SUDO_USER'];
  if (behind !== undefined && behind !== '') return behind;
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry in the list of users.
    return environment['USER'] ?? 'somebody';
  }
}
