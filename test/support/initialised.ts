import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { proposeConfiguration } from '../../src/app/proposal/propose-configuration.ts';
import type { HostPlaces } from '../../src/checks/host/places.ts';
import { initOf } from '../../src/cli/init.ts';
import type { Said } from './command-line.ts';
import { folderWith, hostWith } from './host-check.ts';
import type { TestServer } from './tcp-server.ts';

/** The kernel's table of listening sockets, with these on 127.0.0.1. */
export function socketTable(ports: readonly number[]): string {
  const header =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid\n';
  const lines = ports.map((port, at) => {
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    return `   ${at}: 0100007F:${hex} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 ${7000 + at} 1\n`;
  });
  return header + lines.join('');
}

/** A server that ends with the test. */
export async function kept<Server extends TestServer>(starting: Promise<Server>): Promise<Server> {
  const server = await starting;
  onTestFinished(async () => server[Symbol.asyncDispose]());
  return server;
}

type WrittenCheck = { readonly name: string; readonly type: string } & Readonly<
  Record<string, unknown>
>;

/** The checks in a text of configuration. */
export function checksIn(text: string): readonly WrittenCheck[] {
  return (parse(text) as { readonly checks: readonly WrittenCheck[] }).checks;
}

/** Its checks, but for those that every host gets. */
export async function foundIn(folder: string): Promise<readonly WrittenCheck[]> {
  const own = new Set(['disk', 'memory', 'load', 'clock', 'oom', 'reboot']);
  const text = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  return checksIn(text).filter(({ name }) => !own.has(name));
}

/** `tocsin init` on a host made of files, whose servers are real; nobody listens unless files say so. */
export async function initialise(
  files: Readonly<Record<string, string>>,
  folder: string,
  given: {
    readonly values?: Readonly<Record<string, string | boolean>>;
    readonly environment?: Readonly<Record<string, string>>;
    /** What is as on the real host. */
    readonly places?: Partial<HostPlaces>;
  } = {},
): Promise<Said> {
  const prepared = { 'etc/': '', 'run/': '', 'proc/net/tcp': socketTable([]), ...files };
  const places = { ...(await hostWith(prepared)), ...given.places };
  const command = initOf(async (present, around) => proposeConfiguration(present, around, places));
  let stdout = '';
  let stderr = '';
  const code = await command.run(
    { values: given.values ?? {}, positionals: [] },
    {
      environment: given.environment ?? {},
      cwd: folder,
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
    },
  );
  return { code, stdout, stderr };
}

/** A `/proc` in which only this process runs, and only these ports of the real one are listened on. */
export async function procWith(pid: number, ports: readonly number[]): Promise<string> {
  const proc = await folderWith({ 'net/': '' });
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const wanted = ports.map(
    (port) => `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`,
  );
  const kept = lines.filter((line, at) => at === 0 || wanted.some((one) => line.includes(one)));
  writeFileSync(join(proc, 'net/tcp'), `${kept.join('\n')}\n`);
  symlinkSync(`/proc/${pid}`, join(proc, String(pid)));
  return proc;
}
