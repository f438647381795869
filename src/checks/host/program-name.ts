import { basename } from 'node:path';

/** The file name of a program as it was called, out of `/proc/PID/cmdline`; empty for a kernel thread. */
export function calledName(commandLine: string): string {
  const words = commandLine.replace(/\0$/, '').split('\0');
  const [word = ''] = words;
  // A program may set a title in place of its arguments, such as `nginx: master process`.
  return basename(words.length > 1 ? word : word.replace(/:? .*$/s, ''));
}

/** The name that the kernel keeps for every program of Node that sets no title, since Node 23. */
const nodeThreadName = 'MainThread';

/** The name by which people know a program: the kernel's, but where it only says that it is one of Node. */
export function knownName(kernelName: string, called: string): string {
  return kernelName === nodeThreadName && called !== '' ? called : kernelName;
}
