import { stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { DatabaseSync } from 'node:sqlite';
import { openclawDatabaseWaitMs } from '../../model/limits.ts';
import type { Unreadable } from '../host/host-file.ts';
import { ill, well, type Found } from './part.ts';
import { whyNot } from './small-file.ts';

/** What came of looking into a database of the gateway. */
export type DatabaseAnswer<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  /** There is no such database or table: another version. */
  | { readonly kind: 'absent' }
  /** The gateway was writing just then. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'broken'; readonly message: string }
  | ({ readonly kind: 'unreadable' } & Unreadable);

/**
 * Reads from a database of the gateway without touching it: no write, no checkpoint, and no file beside it
 * that the gateway could not open (`readonly_shm`; `immutable` where it was closed cleanly). Source:
 * SQLite, "Write-Ahead Logging", read-only databases, and "Uniform Resource Identifiers".
 */
export async function readDatabase<Value>(
  path: string,
  read: (database: DatabaseSync) => Value,
): Promise<DatabaseAnswer<Value>> {
  try {
    await stat(path);
  } catch (error) {
    return whyNot(path, error);
  }
  const url = pathToFileURL(path);
  const hasLog = await exists(`${path}-wal`);
  if (hasLog && !(await exists(`${path}-shm`))) return { kind: 'busy' };
  url.search = hasLog ? 'readonly_shm=1' : 'immutable=1';
  const { DatabaseSync } = await import('node:sqlite');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(url, { readOnly: true, timeout: openclawDatabaseWaitMs });
    return { kind: 'read', value: read(database) };
  } catch (error) {
    return whyNotRead(path, error);
  } finally {
    database?.close();
  }
}

/** Primary result codes of SQLite. */
const codes = { busy: 5, locked: 6, corrupt: 11, cantOpen: 14, notADatabase: 26 };

function whyNotRead(path: string, error: unknown): DatabaseAnswer<never> {
  const { errcode, message } = error as { errcode?: number; message: string };
  const code = (errcode ?? 0) & 0xff;
  if (/^no such (?:table|column)/.test(message)) return { kind: 'absent' };
  if (code === codes.busy || code === codes.locked) return { kind: 'busy' };
  if (code === codes.corrupt || code === codes.notADatabase) return { kind: 'broken', message };
  if (code === codes.cantOpen) {
    const unreadable = `the user of the agent may not open ${path}: run the agent as the user of the gateway, or grant it with an ACL (setfacl -R -m u:USER:rX)`;
    return { kind: 'unreadable', reason: 'permission', unreadable };
  }
  return { kind: 'unreadable', reason: 'internal', unreadable: `${path}: ${message}` };
}

/** What a part says where its database did not answer. */
export function notRead(
  answer: Exclude<DatabaseAnswer<never>, { kind: 'read' }>,
  path: string,
): Found {
  if (answer.kind === 'absent') return well('this version does not offer that');
  if (answer.kind === 'busy') return well('the gateway was writing; looked at again next time');
  if (answer.kind === 'unreadable') return ill('unknown', answer.reason, answer.unreadable);
  return ill('critical', 'body', `${path} is damaged: ${answer.message}`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
