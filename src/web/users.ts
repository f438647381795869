import type { Logger } from '../lib/log.ts';
import { changeDetector } from './change-detector.ts';
import { readWebConfig, type WebConfig } from './web-config.ts';

export type Users = Readonly<Record<string, string>>;

/**
 * Gives the users of the web configuration file as it stands now. A file that has become wrong leaves
 * the last good users in force and says so once.
 */
export function liveUsers(web: WebConfig | undefined, log: Logger): () => Promise<Users> {
  if (web === undefined) return async () => ({});
  const changed = changeDetector([web.file]);
  let users = Promise.resolve(web.users);
  const readAgain = async (last: Users): Promise<Users> => {
    const reading = await readWebConfig(web.file);
    if (reading.ok) return reading.config.users;
    for (const { line, path, message } of reading.problems) {
      log.error('web configuration not taken, the last good one stays', {
        file: web.file,
        line,
        path,
        message,
      });
    }
    return last;
  };
  return () => {
    if (changed()) users = users.then(readAgain);
    return users;
  };
}
