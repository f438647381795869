import { join } from 'node:path';
import { Secret } from '../../model/secret.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the command line and the environment of a gateway say about where it will be. */
export interface GatewayCommand {
  readonly stateFolder: string;
  readonly configPath: string;
  readonly port: number | undefined;
  /** What `port` was taken from. */
  readonly portSource: '--port' | 'OPENCLAW_GATEWAY_PORT' | undefined;
  /** Where nothing says otherwise, the settings included. */
  readonly portDefault: number;
  /** As given by `--token`. Never shown. */
  readonly token: Secret | undefined;
}

/** Source: the documentation of OpenClaw, `gateway.port` and `--dev`. */
const portDefault = 18_789;
const devPort = 19_001;

/** The program itself, or a script of its package that Node is given. */
const programName = /(?:^|\/)openclaw(?:\.m?js)?$|\/openclaw\/(?:[^\s]*\/)?[\w.-]+\.m?js$/;

/** What runs it elsewhere, where neither its files nor its address are those of this host. */
const elsewhere = /(?:^|\/)(?:docker|podman|nerdctl|ssh|lxc|machinectl|nsenter|chroot)$/;

/** Whether a shell is given its script as a word, which then holds several. */
const shell = /(?:^|\/)(?:ba|da|z|k|a)?sh$/;

/**
 * Recognises a command line that runs an OpenClaw gateway in the foreground (`openclaw gateway`, with or
 * without `run`), also behind `node`, `env` or `sh -c`; undefined for anything else. Port and state folder
 * by the precedence of OpenClaw itself: its options, then its variables.
 */
export function gatewayCommand(
  words: readonly string[],
  environment: Environment,
  homeDirectory: string,
): GatewayCommand | undefined {
  const [first = ''] = words;
  if (elsewhere.test(first)) return undefined;
  const tokens = shell.test(first) ? words.flatMap(shellTokens) : words;
  const at = tokens.findIndex((token) => programName.test(token));
  const own = at === -1 ? [] : upToEnd(tokens.slice(at + 1));
  const gateway = own.indexOf('gateway');
  const [command, more] = [subcommand(own), subcommand(own.slice(gateway + 1))];
  if (command !== 'gateway' || (more !== undefined && more !== 'run')) return undefined;
  const assigned = Object.fromEntries(
    tokens.slice(0, at).flatMap((token) => {
      const [, name, value] = /^(OPENCLAW_\w+|HOME)=(.*)$/s.exec(token) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
  return placeOf(own, { ...environment, ...assigned }, homeDirectory);
}

/** Splits what stands in quotes, too: all that is looked for has no blanks. */
function shellTokens(word: string): readonly string[] {
  return word
    .replaceAll(/["']/g, '')
    .split(/\s+|(?<=[;&|])|(?=[;&|])/)
    .filter((token) => token !== '');
}

function upToEnd(tokens: readonly string[]): readonly string[] {
  const end = tokens.findIndex((token) => /^[;&|]/.test(token));
  return end === -1 ? tokens : tokens.slice(0, end);
}

/** The first word that is neither an option nor may be the value of one. */
function subcommand(tokens: readonly string[]): string | undefined {
  return tokens.find((token, position) => {
    const before = tokens[position - 1] ?? '';
    const isValue = before.startsWith('-') && !before.includes('=') && token !== 'gateway';
    return !token.startsWith('-') && !isValue;
  });
}

function option(tokens: readonly string[], name: string): string | undefined {
  const at = tokens.findLastIndex((token) => token === name || token.startsWith(`${name}=`));
  const token = tokens[at];
  if (token === undefined) return undefined;
  return token === name ? tokens[at + 1] : token.slice(name.length + 1);
}

function placeOf(
  own: readonly string[],
  environment: Environment,
  homeDirectory: string,
): GatewayCommand {
  const home = pathOf(environment['OPENCLAW_HOME'], homeDirectory);
  const base = home ?? textOf(environment['HOME']) ?? homeDirectory;
  const isDev = own.slice(0, own.indexOf('gateway')).includes('--dev');
  const named = option(own, '--profile') ?? environment['OPENCLAW_PROFILE'];
  const profile = isDev ? 'dev' : textOf(named);
  const suffix = profile === undefined || profile === 'default' ? '' : `-${profile}`;
  const stateFolder =
    pathOf(environment['OPENCLAW_STATE_DIR'], base) ?? join(base, `.openclaw${suffix}`);
  const wanted = portOf(option(own, '--port'));
  const port = wanted ?? portOf(environment['OPENCLAW_GATEWAY_PORT']);
  const token = textOf(option(own, '--token'));
  return {
    stateFolder,
    configPath:
      pathOf(environment['OPENCLAW_CONFIG_PATH'], base) ?? join(stateFolder, 'openclaw.json'),
    port,
    portSource:
      port === undefined ? undefined : wanted === undefined ? 'OPENCLAW_GATEWAY_PORT' : '--port',
    portDefault: isDev ? devPort : portDefault,
    token: token === undefined ? undefined : Secret.of(token),
  };
}

export function portOf(text: string | undefined): number | undefined {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0;
  return port > 0 && port <= 65_535 ? port : undefined;
}

/** OpenClaw takes these words for a variable that is not set. */
function textOf(value: string | undefined): string | undefined {
  const text = value?.trim() ?? '';
  return ['', 'undefined', 'null'].includes(text) ? undefined : text;
}

function pathOf(value: string | undefined, home: string): string | undefined {
  return textOf(value)?.replace(/^~(?=\/|$)/, home);
}
