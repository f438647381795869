import { readFile, realpath, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Secret } from '../../model/secret.ts';
import { isUnreadable, type Unreadable } from '../host/host-file.ts';
import type { HostPlaces } from '../host/places.ts';
import { findProcesses } from '../host/process-search.ts';
import { findCredential, type Credential } from './credential.ts';
import type { UnitText } from './environment-file.ts';
import { readOwnerLock, type OwnerLock } from './owner-lock.ts';
import { readSettings, type GatewaySettings } from './settings.ts';
import { installedUnit, unitOf, unitTextOf, type GatewayUnit } from './unit-file.ts';
import { readSmallFile, whyNot, type SmallFile } from './small-file.ts';

/** An OpenClaw gateway on this host: where it keeps its state, and how it is reached. */
export interface Installation {
  readonly stateFolder: string;
  readonly configPath: string;
  readonly configFile: SmallFile;
  /** Undefined if the file is not there or makes no sense. */
  readonly settings: GatewaySettings | undefined;
  readonly lock: OwnerLock | Unreadable | undefined;
  readonly port: number;
  /** Whether it speaks TLS; undefined where its settings cannot be read. */
  readonly isTls: boolean | undefined;
  /** The certificate that it should serve. */
  readonly certificatePath: string;
  readonly credential: Credential;
  /** The unit of systemd in which it runs, or is said to run, and what its file says. */
  readonly unit: GatewayUnit | undefined;
  readonly unitText: UnitText | undefined;
  readonly logFolder: string;
  /** The gateway was started with cron switched off. */
  readonly skipsCron: boolean;
}

export interface Wishes {
  readonly state_dir?: string | undefined;
  readonly port?: number | undefined;
  readonly token?: Secret | undefined;
  readonly tls?: boolean | undefined;
  readonly unit?: string | undefined;
}

/** Source: the documentation of OpenClaw, `gateway.port`. */
const portDefault = 18_789;

/**
 * Finds the gateway: the state folder that was asked for, that of the user of the agent, that of any other
 * user, or that of a running gateway. Its port comes from the options, its lock, the environment of the
 * process, or the settings, in this order.
 */
export async function findInstallation(
  wishes: Wishes,
  places: HostPlaces,
  signal: AbortSignal,
): Promise<Installation | Unreadable> {
  const found = await findStateFolder(wishes.state_dir, places, signal);
  if (isUnreadable(found)) return found;
  const { stateFolder } = found;
  const lock = await readOwnerLock(stateFolder);
  const { pid, port: lockPort } = lock === undefined || isUnreadable(lock) ? {} : lock;
  const variables = pid === undefined ? {} : await variablesOf(pid, places);
  const configPath = variables['OPENCLAW_CONFIG_PATH'] ?? join(stateFolder, 'openclaw.json');
  const configFile = await readSmallFile(configPath);
  const settings = configFile.kind === 'text' ? readSettings(configFile.text) : undefined;
  const variablePort = Number(variables['OPENCLAW_GATEWAY_PORT'] ?? Number.NaN);
  const running = pid === undefined ? undefined : await unitOf(pid, places.proc);
  const named = wishes.unit === undefined ? undefined : { name: wishes.unit, userId: undefined };
  const unit = running ?? named ?? (await installedUnit(stateFolder));
  const unitText = await unitTextOf(unit?.name, stateFolder, places);
  const wanted = wishes.token;
  const around = {
    wanted,
    settings,
    configPath,
    configFile,
    stateFolder,
    unit: unitText,
    pid,
    places,
  };
  return {
    stateFolder,
    configPath,
    configFile,
    settings,
    lock,
    port:
      wishes.port ??
      lockPort ??
      (variablePort > 0 ? variablePort : undefined) ??
      settings?.port ??
      portDefault,
    isTls: wishes.tls ?? settings?.isTls,
    certificatePath:
      settings?.certificatePath?.replace(/^~(?=\/)/, dirname(stateFolder)) ??
      join(stateFolder, 'gateway', 'tls', 'gateway-cert.pem'),
    credential: await findCredential(around),
    unit,
    unitText,
    logFolder:
      settings?.logFile === undefined ? join(tmpdir(), 'openclaw') : dirname(settings.logFile),
    // Any other value, `true` for instance, is ignored by the gateway.
    skipsCron: variables['OPENCLAW_SKIP_CRON'] === '1',
  };
}

async function findStateFolder(
  wanted: string | undefined,
  places: HostPlaces,
  signal: AbortSignal,
): Promise<{ readonly stateFolder: string } | Unreadable> {
  if (wanted !== undefined) return existing(wanted);
  const own = await existing(join(homedir(), '.openclaw'));
  if (!isUnreadable(own)) return own;
  const { folders, hidden } = await foldersInHomes(await homesOf(places));
  const [only] = folders;
  if (only !== undefined && folders.length === 1) return { stateFolder: only };
  const [running, ...more] = await runningFolders(places, signal);
  if (running !== undefined && more.length === 0) return existing(running);
  if (folders.length > 1) {
    const unreadable = `there are several installations (${folders.join(', ')}): name one with state_dir`;
    return { unreadable, reason: 'missing' };
  }
  const unreadable = 'no OpenClaw was found on this host: name its state folder with state_dir';
  return hidden[0] ?? { unreadable, reason: 'missing' };
}

/**
 * Every state folder of an OpenClaw on this host, in the home of any user or where a running gateway was
 * told; and what could not be looked into.
 */
export async function findStateFolders(
  places: HostPlaces,
  signal: AbortSignal,
): Promise<{ readonly folders: readonly string[]; readonly hidden: readonly Unreadable[] }> {
  const homes = [...new Set([homedir(), ...(await homesOf(places))])];
  const { folders, hidden } = await foldersInHomes(homes);
  const running = await Promise.all((await runningFolders(places, signal)).map(existing));
  const others = running.flatMap((one) => (isUnreadable(one) ? [] : [one.stateFolder]));
  return { folders: [...new Set([...folders, ...others])], hidden };
}

async function foldersInHomes(homes: readonly string[]) {
  const seen = await Promise.all(homes.map(async (home) => existing(join(home, '.openclaw'))));
  const folders = seen.flatMap((one) => (isUnreadable(one) ? [] : [one.stateFolder]));
  const hidden = seen
    .filter((one) => isUnreadable(one))
    .filter((one) => one.reason === 'permission');
  return { folders: [...new Set(folders)], hidden };
}

async function existing(folder: string): Promise<{ readonly stateFolder: string } | Unreadable> {
  try {
    if ((await stat(folder)).isDirectory()) return { stateFolder: await realpath(folder) };
  } catch (error) {
    const why = whyNot(folder, error);
    if (why.kind === 'unreadable') return why;
  }
  return { unreadable: `there is no state folder ${folder}`, reason: 'missing' };
}

async function homesOf({ etc }: HostPlaces): Promise<readonly string[]> {
  const text = await readFile(`${etc}/passwd`, 'utf8').catch(() => '');
  const homes = text.split('\n').map((line) => line.split(':')[5] ?? '');
  return [...new Set(homes.filter((home) => home.startsWith('/') && home.length > 1))];
}

/** The state folders that running gateways were told by their environment. */
async function runningFolders(places: HostPlaces, signal: AbortSignal): Promise<readonly string[]> {
  const found = await findProcesses({ name: 'openclaw-gateway' }, places, signal);
  const processes = isUnreadable(found) ? [] : found;
  const folders = await Promise.all(
    processes.map(async ({ pid }) => {
      const variables = await variablesOf(pid, places);
      const home = variables['OPENCLAW_HOME'] ?? variables['HOME'];
      const usual = home === undefined ? undefined : join(home, '.openclaw');
      return variables['OPENCLAW_STATE_DIR'] ?? usual;
    }),
  );
  return [...new Set(folders.filter((folder) => folder !== undefined))];
}

/** What is taken from the environment of the gateway; all else is dropped unseen. */
const variableNames = [
  'HOME',
  'OPENCLAW_HOME',
  'OPENCLAW_STATE_DIR',
  'OPENCLAW_CONFIG_PATH',
  'OPENCLAW_GATEWAY_PORT',
  'OPENCLAW_SKIP_CRON',
];

async function variablesOf(
  pid: number,
  { proc }: HostPlaces,
): Promise<Readonly<Record<string, string | undefined>>> {
  const text = await readFile(`${proc}/${pid}/environ`, 'utf8').catch(() => '');
  const wanted = text
    .split('\0')
    .filter((one) => variableNames.some((name) => one.startsWith(`${name}=`)));
  return Object.fromEntries(
    wanted.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  );
}
