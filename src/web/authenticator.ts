import { createHmac, randomBytes } from 'node:crypto';
import { webLoginsWaitingMax } from '../model/limits.ts';
import type { Users } from './users.ts';

/**
 * - `accepted`: a configured user with the right password, or nobody has to log in.
 * - `refused`: no credentials, or wrong ones.
 * - `busy`: too many others are waiting to be compared.
 */
export type Login = 'accepted' | 'refused' | 'busy';

/** Compared with when the user does not exist, so that the answer takes as long as for one who does. */
const dummyHash = '$2b$10$Yabpm8.kO8TOsPRnzKmX8uE80xgnNc9SmsvROAH2N4qKp3JM/p3Qm';

/** Right answers remembered: some users with a few passwords over the life of the agent. */
const rememberedMax = 100;

/**
 * Judges the Authorization header by HTTP Basic and bcrypt. A comparison costs some 100 ms, so right
 * answers are remembered under a key that only this process knows, and comparisons run one by one.
 */
export function createAuthenticator(
  users: () => Promise<Users>,
): (authorization: string | undefined) => Promise<Login> {
  const secret = randomBytes(32);
  const remembered = new Set<string>();
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  const compareInTurn = async (password: string, hash: string): Promise<boolean> => {
    const turn = last.then(async () => {
      const { compare } = await import('bcryptjs');
      return compare(password, hash);
    });
    last = turn.catch(() => undefined);
    return turn;
  };

  return async (authorization) => {
    const known = await users();
    if (Object.keys(known).length === 0) return 'accepted';
    const credentials = readBasic(authorization);
    if (credentials === undefined) return 'refused';
    const { user, password } = credentials;
    const hash = Object.hasOwn(known, user) ? known[user] : undefined;
    // Each part by its length: with a mere separator two different logins could share a key.
    const parts = [user, hash ?? '', password].map((part) => `${part.length}:${part}`);
    const key = createHmac('sha256', secret).update(parts.join('')).digest('base64');
    if (remembered.has(key)) return 'accepted';
    if (waiting >= webLoginsWaitingMax) return 'busy';
    waiting += 1;
    const same = await compareInTurn(password, hash ?? dummyHash).finally(() => (waiting -= 1));
    // Whoever found a password for the dummy would still be nobody.
    if (!same || hash === undefined) return 'refused';
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.add(key);
    return 'accepted';
  };
}

function readBasic(
  authorization: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
