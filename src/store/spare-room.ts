import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { spareRoomBytes } from '../model/limits.ts';

const fileName = 'tocsin.spare';

/** A file whose bytes are given up when the disk is full, so that what has to be told can still be saved. */
export interface SpareRoom {
  /** Gives the bytes up. Says whether there were any. */
  give(): boolean;
  /** Takes the bytes again if the disk has them. Says whether they are there. */
  restore(): boolean;
}

/** The spare room beside the database in `directory`. Never throws: one that cannot be had is not there. */
export function createSpareRoom(directory: string): SpareRoom {
  const path = join(directory, fileName);
  const spare: SpareRoom = {
    give() {
      if (!isThere(path)) return false;
      rmSync(path, { force: true });
      return true;
    },
    restore: () => isThere(path) || write(path),
  };
  spare.restore();
  return spare;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === spareRoomBytes;
}

function write(path: string): boolean {
  try {
    const file = openSync(path, 'w', 0o600);
    try {
      // Random: file systems that compress would keep nothing of zeros.
      const bytes = randomBytes(spareRoomBytes);
      for (let at = 0; at < bytes.length; at += writeSync(file, bytes, at));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return true;
  } catch {
    rmSync(path, { force: true });
    return false;
  }
}
