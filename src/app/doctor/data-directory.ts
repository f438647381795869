import { accessSync, constants, readdirSync, statfsSync } from 'node:fs';
import { databaseFileName } from '../../store/open.ts';
import { inspectDatabase } from '../../store/inspect.ts';
import { formatBytes } from '../../checks/host/bytes.ts';
import { stateRoomMinBytes } from '../../model/limits.ts';
import type { Symptom } from './symptom.ts';

const area = 'state';

/** Whether the agent could keep its state in this directory, and whether what is there is sound. */
export function lookAtDataDirectory(directory: string, isRunning: boolean): readonly Symptom[] {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch (error) {
    return [cannotBeEntered(directory, (error as NodeJS.ErrnoException).code)];
  }
  return [
    ...room(directory),
    ...setAside(directory),
    // A running agent says itself when it cannot save; its database is its own.
    ...(isRunning ? [] : [database(directory)]),
  ];
}

function cannotBeEntered(directory: string, code: string | undefined): Symptom {
  if (code === 'ENOENT') {
    const sentence = `${directory} is not there yet: the agent makes it at its first start`;
    return { area, status: 'ok', sentence };
  }
  return {
    area,
    status: 'unknown',
    sentence: `${directory} may not be read by you (${code ?? 'no reason given'})`,
    remedy: 'call it again as root or as the user of the agent: sudo tocsin doctor',
  };
}

function room(directory: string): readonly Symptom[] {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const sentence = `${formatBytes(free)} are free for ${directory}`;
  if (free >= stateRoomMinBytes) return [{ area, status: 'ok', sentence }];
  const remedy = `make room on that disk, or move agent.data_dir: with a full disk nothing is remembered over a restart`;
  return [{ area, status: free === 0 ? 'critical' : 'warning', sentence, remedy }];
}

function setAside(directory: string): readonly Symptom[] {
  const found = readdirSync(directory).find((name) => name.includes('.damaged-'));
  if (found === undefined) return [];
  return [
    {
      area,
      status: 'warning',
      sentence: `a damaged database was set aside as ${directory}/${found}`,
      remedy: 'look at the disk (dmesg, smartctl), then delete that file',
    },
  ];
}

function database(directory: string): Symptom {
  const path = `${directory}/${databaseFileName}`;
  const found = inspectDatabase(directory);
  if (found.kind === 'absent') {
    return { area, status: 'ok', sentence: `no database in ${directory} yet` };
  }
  if (found.kind === 'sound') return { area, status: 'ok', sentence: `${path} is sound` };
  if (found.kind === 'in use') {
    const sentence = `${path} is held by a process that does not answer as the agent of this configuration`;
    return { area, status: 'warning', sentence, remedy: `find it with: fuser -v ${path}` };
  }
  if (found.kind === 'newer') {
    const sentence = `${path} was written by a newer tocsin (schema ${found.schema}, this one knows ${found.known})`;
    const remedy = 'run that version again, or move the file away to begin anew';
    return { area, status: 'critical', sentence, remedy };
  }
  const sentence = `${path} is damaged: ${found.reason}`;
  const remedy = 'nothing: the agent sets it aside at its next start and begins a new one';
  return { area, status: 'warning', sentence, remedy };
}
