import { FileFault, readPlainFile } from '../../lib/plain-file.ts';
import { secretBytesMax } from '../../model/limits.ts';
import { isUnreadable, readHostFile, whyUnreadable, type Unreadable } from './host-file.ts';
import type { HostPlaces } from './places.ts';
import { calledName } from './program-name.ts';
import { processIds, textOrNothing } from './look-at-files.ts';
import {
  parseProcessStat,
  residentBytesIn,
  ticksPerSecond,
  type ProcessStat,
} from './process-stat.ts';
import { parseUptime } from './uptime.ts';

/** Conditions on processes that must all hold. */
export interface ProcessSelector {
  /** The name the kernel knows, or the file name of the program as it was called. */
  readonly name?: string | undefined;
  /** Matches the command line, arguments separated by blanks. */
  readonly cmdline?: RegExp | undefined;
  readonly pidfile?: string | undefined;
  /** A name out of `/etc/passwd`, or a number. */
  readonly user?: string | number | undefined;
}

export interface FoundProcess {
  readonly pid: number;
  readonly residentBytes: number;
  readonly ageSeconds: number;
}

/** Characters of a process's name that the kernel keeps (`TASK_COMM_LEN` without its end). */
const kernelNameLength = 15;

/**
 * Looks for processes in `/proc`, zombies left out. One at a time on purpose: reading a command line can
 * hang with its process, and then only one thread of the agent is lost.
 */
export async function findProcesses(
  selector: ProcessSelector,
  places: HostPlaces,
  signal: AbortSignal,
): Promise<readonly FoundProcess[] | Unreadable> {
  const uptime = await readHostFile(`${places.proc}/uptime`, parseUptime);
  if (isUnreadable(uptime)) return uptime;
  const user = await userNumber(selector.user, places);
  if (typeof user === 'object') return user;
  const pids = await candidates(selector, places);
  if (isUnreadable(pids)) return pids;
  const found: FoundProcess[] = [];
  for (const pid of pids) {
    if (signal.aborted) break;
    const folder = `${places.proc}/${pid}`;
    const stat = parseProcessStat(await textOrNothing(`${folder}/stat`));
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') continue;
    if (!(await isCalled(selector, stat, folder))) continue;
    const status = await textOrNothing(`${folder}/status`);
    if (user !== undefined && userOf(status) !== user) continue;
    found.push({
      pid,
      residentBytes: residentBytesIn(status),
      ageSeconds: Math.max(0, uptime.seconds - stat.startTicks / ticksPerSecond),
    });
  }
  return found;
}

/** Whether `/proc` hides the processes of other users (mount option `hidepid`) from the agent. */
export async function hidesProcesses({ proc }: HostPlaces): Promise<boolean> {
  return (await textOrNothing(`${proc}/1/stat`)) === '';
}

async function candidates(
  { pidfile }: ProcessSelector,
  { proc }: HostPlaces,
): Promise<readonly number[] | Unreadable> {
  if (pidfile !== undefined) return numberIn(pidfile);
  return processIds(proc);
}

/** The number in a file; none where there is no such file, as while the program does not run. */
async function numberIn(pidfile: string): Promise<readonly number[] | Unreadable> {
  try {
    const text = (await readPlainFile(pidfile, secretBytesMax)).toString();
    const pid = Number.parseInt(text, 10);
    if (pid > 0) return [pid];
    return { unreadable: `${pidfile} holds no number of a process`, reason: 'protocol' };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    if (error instanceof FileFault)
      return { unreadable: error.message, reason: error.kind === 'hangs' ? 'timeout' : 'protocol' };
    return whyUnreadable(pidfile, error);
  }
}

async function isCalled(
  { name, cmdline }: ProcessSelector,
  stat: ProcessStat,
  folder: string,
): Promise<boolean> {
  const isNamed = name === undefined || (name.length < kernelNameLength && stat.name === name);
  if (isNamed && cmdline === undefined) return true;
  // A kernel thread has no command line; its name is all there is.
  if (stat.isKernelThread) return isNamed && cmdline === undefined;
  const line = await textOrNothing(`${folder}/cmdline`);
  const words = line.replace(/\0$/, '').replaceAll('\0', ' ');
  return (isNamed || calledName(line) === name) && (cmdline === undefined || cmdline.test(words));
}

function userOf(status: string): number | undefined {
  const [, effective] = /^Uid:\t\d+\t(\d+)/m.exec(status) ?? [];
  return effective === undefined ? undefined : Number(effective);
}

async function userNumber(
  user: string | number | undefined,
  { etc }: HostPlaces,
): Promise<number | Unreadable | undefined> {
  if (user === undefined || typeof user === 'number') return user;
  if (/^\d+$/.test(user)) return Number(user);
  const lines = (await textOrNothing(`${etc}/passwd`)).split('\n');
  const line = lines.find((line) => line.startsWith(`${user}:`));
  const uid = line?.split(':')[2];
  if (uid !== undefined) return Number(uid);
  const unreadable = `there is no user ${user} in ${etc}/passwd: write its number instead`;
  return { unreadable, reason: 'missing' };
}
