import { access, constants, open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ProgramCall } from './run-program.ts';

/**
 * Why a program could not be started, from the error code of the attempt, with what to do about it.
 * The system says ENOENT for a missing program, folder or interpreter alike, so this looks again.
 */
export async function whyNotStarted(
  call: ProgramCall,
  failure: { readonly code: string; readonly message: string },
): Promise<string> {
  const { cwd, program } = call;
  if (cwd !== undefined && !(await isDirectory(cwd))) {
    return `the working directory ${cwd} is not there: create it or correct cwd`;
  }
  const path = await locateProgram(call);
  if (failure.code === 'ENOENT') {
    if (path !== undefined) return brokenInterpreter(path);
    return program.includes('/')
      ? `there is no program ${program}: install it or correct its path`
      : `there is no program ${program} in ${call.environment['PATH']}: install it or write its path`;
  }
  if (failure.code === 'EACCES') {
    const file = path ?? program;
    if (await isDirectory(file)) return `${file} is a directory, not a program: correct its path`;
    return (await isExecutable(file))
      ? `${file} may not be started: its interpreter, or a mount option noexec, forbids it`
      : `${file} is not executable for the user of the agent: chmod +x ${file}`;
  }
  if (failure.code === 'EAGAIN' || failure.code === 'ENOMEM') {
    return noProcessFor(program);
  }
  return `${program} could not be started: ${failure.message}`;
}

/** Why a program of the system was not started at all, from the error code of the attempt; undefined if it was. */
export function whyNotRun(program: string, code: unknown): string | undefined {
  if (code === 'ENOENT') return `the program ${program} is missing`;
  // A limit of the user or service of the agent: it says nothing about what was to be looked at.
  return code === 'EAGAIN' || code === 'ENOMEM' ? noProcessFor(program) : undefined;
}

/** Why a program was not run, as a message of `whyNotRun` says it; undefined where it was run. */
export function reasonNotRun(message: string): 'missing' | 'internal' | undefined {
  if (message.startsWith('the program ')) return 'missing';
  return message.startsWith('no process ') ? 'internal' : undefined;
}

function noProcessFor(program: string): string {
  return `no process could be started for ${program}: the limit of processes or memory is reached`;
}

/** The file that the name of the program stands for, executable or not. */
export async function locateProgram({
  program,
  environment,
  cwd,
}: ProgramCall): Promise<string | undefined> {
  const folders = program.includes('/') ? [''] : (environment['PATH'] ?? '').split(':');
  const paths = folders.map((folder) => resolve(cwd ?? '', folder, program));
  const present = await Promise.all(paths.map(async (path) => isFile(path)));
  return paths.find((_, position) => present[position] === true);
}

async function brokenInterpreter(path: string): Promise<string> {
  const interpreter = /^#!\s*(\S+)/.exec(await beginning(path))?.[1];
  return interpreter === undefined
    ? `${path} cannot run on this system: its loader is missing, it was built for another one`
    : `the interpreter ${interpreter} of ${path} is missing: install it or correct the first line`;
}

async function beginning(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
