import type { DatabaseSync } from 'node:sqlite';
import { openMemory } from '../../src/store/open.ts';

/** The process dies here: whatever it held in memory is gone. */
export class Killed extends Error {}

/** A disk that outlives the agent, and fails when told to. */
export interface FaultyDisk {
  /** The database as the next agent opens it. Agents that held it before can no longer write. */
  open(): DatabaseSync;
  /** Every commit fails as on a full disk. */
  full: boolean;
  /** Kills the agent at the next commit: before anything is on disk, or just after. */
  killAt: 'before commit' | 'after commit' | undefined;
  /** Called when `killAt` strikes. */
  onKill: () => void;
  /** Ids of the deliveries that are on disk as not yet delivered. */
  pending(): string[];
}

/** SQLite's own words and code when there is no room left. */
function diskFull(): Error {
  return Object.assign(new Error('database or disk is full'), { errcode: 13 });
}

export function createFaultyDisk(): FaultyDisk {
  const database = openMemory();
  let generation = 0;
  const disk: FaultyDisk = {
    full: false,
    killAt: undefined,
    onKill: () => {},
    pending() {
      const rows = database.prepare("SELECT id FROM deliveries WHERE state = 'pending'").all();
      return rows.map(({ id }) => String(id));
    },
    open() {
      generation += 1;
      const mine = generation;
      if (database.isTransaction) database.exec('ROLLBACK');
      return new Proxy(database, {
        get(target, property) {
          if (property === 'close') return () => {};
          if (property === 'exec') return (sql: string) => execute(sql, mine);
          const value: unknown = Reflect.get(target, property);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };

  function execute(sql: string, holder: number): void {
    if (holder !== generation) throw new Killed('this agent is dead');
    if (sql !== 'COMMIT') {
      database.exec(sql);
      return;
    }
    const { killAt } = disk;
    if (killAt === 'before commit') kill();
    if (disk.full) throw diskFull();
    database.exec(sql);
    if (killAt === 'after commit') kill();
  }

  function kill(): never {
    disk.killAt = undefined;
    generation += 1;
    disk.onKill();
    throw new Killed(`killed`);
  }

  return disk;
}
