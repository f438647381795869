import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Characters of a command line that are shown: enough to recognise the program. */
const commandLengthMax = 120;

/** The state of a listening socket in `/proc/net/tcp`. */
const listenState = '0A';

/**
 * Says which process listens on a TCP port, such as `pid 412 (nginx -g daemon off;)`, or all that can be
 * known without the right to look into other users' processes. Undefined when nobody is found.
 */
export function describePortOwner(port: number): string | undefined {
  const listeners = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readListeners(table, port),
  );
  if (listeners.length === 0) return undefined;
  for (const pid of processIds()) {
    const open = openSockets(pid);
    if (listeners.some(({ inode }) => open.has(`socket:[${inode}]`))) {
      return `pid ${pid} (${commandLine(pid)})`;
    }
  }
  return `a process of the user with id ${listeners[0]?.userId ?? '?'}`;
}

interface Listener {
  readonly inode: string;
  readonly userId: string;
}

function readListeners(table: string, port: number): Listener[] {
  const portHex = port.toString(16).toUpperCase().padStart(4, '0');
  return read(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listenState && local?.endsWith(`:${portHex}`))
    .map((fields) => ({ userId: fields[7] ?? '', inode: fields[9] ?? '' }));
}

function processIds(): string[] {
  return attempt(() => readdirSync('/proc'), []).filter((name) => /^\d+$/.test(name));
}

function openSockets(pid: string): Set<string> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = attempt(() => readdirSync(folder), []);
  return new Set(descriptors.map((name) => attempt(() => readlinkSync(`${folder}/${name}`), '')));
}

function commandLine(pid: string): string {
  const words = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
  const command = words === '' ? read(`/proc/${pid}/comm`).trim() : words;
  return command.length > commandLengthMax ? `${command.slice(0, commandLengthMax)}…` : command;
}

function read(path: string): string {
  return attempt(() => readFileSync(path, 'utf8'), '');
}

/** Processes end while one looks at them, and most of them belong to others. */
function attempt<Value>(look: () => Value, otherwise: Value): Value {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
