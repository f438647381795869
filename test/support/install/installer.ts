import type { Guest } from '../guest/guest.ts';
import type { Said, Visit } from '../guest/enter.ts';

/** Where a guest sees the releases. */
export const releasesInside = '/srv/releases';

/** Runs the installer in a guest that has the releases in a folder, of the version that was added last. */
export async function install(guest: Guest, ...words: readonly string[]): Promise<Said> {
  return installAs(guest, {}, ...words);
}

/** The same with variables of the environment, as another user, or with a limit. */
export async function installAs(
  guest: Guest,
  { env = {}, ...visit }: Visit & { readonly env?: Readonly<Record<string, string>> },
  ...words: readonly string[]
): Promise<Said> {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const script = ['sh', `${releasesInside}/install.sh`, '--offline', releasesInside];
  return guest.run(['env', ...variables, ...script, ...words], { timeoutMs: 180_000, ...visit });
}

/** What `--json` printed; throws unless that is one line of JSON and nothing else. */
export function outcomeOf({ stdout }: Said): Record<string, unknown> {
  if (!/^\{[^\n]*\}\n$/.test(stdout)) throw new Error(`no line of JSON:\n${stdout}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** What the system itself changes while it runs, and where the tests put their things. */
const passing = [
  '/proc',
  '/sys',
  '/run',
  '/dev',
  '/srv',
  '/root',
  '/var/log',
  '/var/cache',
  '/var/tmp',
  '/tmp/systemd-*',
  '/tmp/.*',
  '/var/lib/systemd',
  '/etc/*-',
  '/home/*/.cache',
];

const pruned = passing.map((path) => `-path '${path}'`).join(' -o ');

/** Prints every file, folder and link, with rights and owner and the content of what is configured: one line each. */
export const printFootprint =
  `find / -xdev \\( ${pruned} \\) -prune -o -printf '%y %m %u %g %p %l\\n' | sort; ` +
  'find /etc /usr/local /home -xdev -type f ! -name "*-" -exec md5sum {} + | sort -k 2';

export async function footprint(guest: Guest): Promise<string> {
  return guest.shell(printFootprint);
}

/** The lines by which two footprints differ, for a message that can be read. */
export function differences(before: string, after: string): string[] {
  const [old, now] = [new Set(before.split('\n')), new Set(after.split('\n'))];
  return [
    ...[...old].filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...[...now].filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}
