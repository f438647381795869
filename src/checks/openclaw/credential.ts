import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { jsonOf } from '../../lib/json-of.ts';
import { Secret } from '../../model/secret.ts';
import type { FailureReason } from '../../model/result.ts';
import type { HostPlaces } from '../host/places.ts';
import { valueIn, type UnitText } from './environment-file.ts';
import type { GatewaySettings, SecretPlace } from './settings.ts';
import { readSmallFile, type SmallFile } from './small-file.ts';

/** What the agent shows the gateway to be let in. */
export type Credential =
  | { readonly kind: 'known'; readonly as: 'token' | 'password'; readonly secret: Secret }
  /** The gateway lets in whoever comes. */
  | { readonly kind: 'none' }
  | { readonly kind: 'missing'; readonly reason: FailureReason; readonly why: string };

interface Surroundings {
  readonly wanted: Secret | undefined;
  readonly settings: GatewaySettings | undefined;
  readonly configPath: string;
  readonly configFile: SmallFile;
  readonly stateFolder: string;
  readonly unit: UnitText | undefined;
  readonly pid: number | undefined;
  readonly places: HostPlaces;
}

/** The places that were looked at in vain, and why some could not be. */
interface Trail {
  readonly looked: string[];
  readonly hidden: string[];
}

const byHand = 'or give the check its token (token: ${file:/path})';

/**
 * Finds the token or password of the gateway as the gateway itself does: the options of the check, its
 * settings, what they refer to, and the variables of its unit, of `.env` and of the settings. The
 * environment of the process is looked at last, since only few may. Never shows what it found.
 */
export async function findCredential(around: Surroundings): Promise<Credential> {
  const { wanted, settings, configPath, configFile } = around;
  const isPassword =
    settings?.authMode === 'password' ||
    (settings?.authMode === undefined &&
      settings?.token === undefined &&
      settings?.password !== undefined);
  const as = isPassword ? 'password' : 'token';
  if (wanted !== undefined) return { kind: 'known', as, secret: wanted };
  if (settings?.authMode === 'none') return { kind: 'none' };
  if (settings?.authMode === 'trusted-proxy') {
    const why = `the gateway only lets in whom its proxy vouches for (gateway.auth.mode: trusted-proxy): leave out handshake`;
    return { kind: 'missing', reason: 'auth', why };
  }
  const trail: Trail = { looked: [configPath], hidden: [] };
  if (configFile.kind === 'unreadable') trail.hidden.push(configFile.unreadable);
  const usual = `OPENCLAW_GATEWAY_${as.toUpperCase()}`;
  const place: SecretPlace = settings?.[as] ?? { kind: 'variable', name: usual };
  const secret = await valueOf(place, around, trail);
  if (secret !== undefined) return { kind: 'known', as, secret };
  if (place.kind === 'elsewhere') {
    const why = `the settings take the ${as} from a source that only the gateway can ask (${place.source}): give the check its token (token: \${file:/path})`;
    return { kind: 'missing', reason: 'auth', why };
  }
  const where = trail.looked.join(', ');
  const [hidden] = trail.hidden;
  if (hidden !== undefined) {
    const why = `the ${as} of the gateway could not be looked for everywhere: ${hidden}, ${byHand}`;
    return { kind: 'missing', reason: 'permission', why };
  }
  const what = place.kind === 'variable' ? `${place.name} is in none of` : 'it is not in';
  const why = `no ${as} of the gateway was found (${what} ${where}): run the agent as the user of the gateway, ${byHand}, or leave out handshake`;
  return { kind: 'missing', reason: 'auth', why };
}

async function valueOf(
  place: SecretPlace,
  around: Surroundings,
  trail: Trail,
): Promise<Secret | undefined> {
  if (place.kind === 'here') return place.secret;
  if (place.kind === 'elsewhere') return undefined;
  if (place.kind === 'variable') return ofVariable(place.name, around, trail);
  const path = place.path.replace(/^~(?=\/)/, dirname(around.stateFolder));
  const text = await textOf(path, trail);
  if (text === undefined) return undefined;
  const value = place.pointer === undefined ? text.trim() : at(jsonOf(text), place.pointer);
  return typeof value === 'string' && value !== '' ? Secret.of(value) : undefined;
}

async function ofVariable(
  name: string,
  { unit, stateFolder, settings, pid, places }: Surroundings,
  trail: Trail,
): Promise<Secret | undefined> {
  const written = unit === undefined ? undefined : valueIn(unit.environment, name);
  if (written !== undefined) return Secret.of(written);
  const home = dirname(stateFolder);
  const files = [
    ...(unit?.environmentFiles ?? []).toReversed(),
    join(stateFolder, '.env'),
    join(home, '.config', 'openclaw', 'gateway.env'),
  ];
  for (const path of files) {
    const text = await textOf(path, trail);
    const value = text === undefined ? undefined : valueIn(text, name);
    if (value !== undefined) return Secret.of(value);
  }
  const set = settings?.variable(name);
  if (set !== undefined || pid === undefined) return set;
  const path = join(places.proc, String(pid), 'environ');
  trail.looked.push(path);
  try {
    const variables = (await readFile(path, 'utf8')).split('\0');
    const found = variables.find((one) => one.startsWith(`${name}=`));
    const value = found?.slice(name.length + 1) ?? '';
    return value === '' ? undefined : Secret.of(value);
  } catch {
    // That of another user: only root may, and nobody should grant it for this.
    trail.hidden.push(
      `the environment of process ${pid} belongs to another user: run the agent as the user of the gateway`,
    );
    return undefined;
  }
}

async function textOf(path: string, trail: Trail): Promise<string | undefined> {
  const file = await readSmallFile(path);
  if (file.kind === 'unreadable') trail.hidden.push(file.unreadable);
  if (file.kind !== 'absent') trail.looked.push(path);
  return file.kind === 'text' ? file.text : undefined;
}

/** What a JSON pointer names (RFC 6901). */
function at(json: unknown, pointer: string): unknown {
  const names = pointer.split('/').slice(1);
  return names.reduce<unknown>((inner, name) => {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
      ? (inner as Readonly<Record<string, unknown>>)[key]
      : undefined;
  }, json);
}
